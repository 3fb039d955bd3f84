"""The README of a published version: what is there, as of when, until when provisional, and how to open it."""

from pipelines.warehouse.catalogue import Catalogue
from pipelines.warehouse.index_page import as_of, movable, until
from pipelines.warehouse.recipes import RECIPES
from pipelines.warehouse.templates import formula, instant


def readme(catalogue: Catalogue) -> str:
    """The text as Markdown."""
    version = catalogue.version
    recipes = [f"**{recipe.tool}.** {recipe.says}\n\n```python\n{recipe.code}```\n" for recipe in RECIPES]
    return "\n".join(
        [
            f"# Published marts, version {version.version}",
            "",
            f"{as_of(version)} Published {instant(version.published_at)}. Amounts are in {version.reporting_currency}.",
            movable(version),
            "",
            "Each mart is a Parquet file; `marts.duckdb` holds the same tables: open it read-only. `index.html` says "
            "what each column means.",
            "",
            "| mart | grain | rows | provisional until |",
            "|---|---|---:|---|",
            *(f"| `{mart.name}` | {mart.grain} | {mart.rows:,} | {until(mart, version)} |" for mart in catalogue.marts),
            "",
            "## Measures",
            "",
            "| measure | formula | unit | break-even |",
            "|---|---|---|---|",
            *(
                f"| `{measure.name}` | {formula(measure.formula or '')} | {measure.unit} | "
                f"{formula(measure.break_even or '')} |"
                for measure in catalogue.measures
            ),
            "",
            "## Open them",
            "",
            "In Python, from the workspace's folder.",
            "",
            *recipes,
        ]
    )
