"""Which models of dbt a build makes anew when it goes on from the last one: those behind what moved, and no view."""

from collections.abc import Collection

from pipelines.warehouse.last_build import Since

MADE_OF = {
    "clicks": ("arrived_clicks", "resolved_clicks", "unresolved_clicks"),
    "order_attributions": ("arrived_attributions",),
    "post_metrics": ("captions",),
}
"""The sources that are made of a table of the lake, beside itself."""


def moved_models(since: Since, saying: Collection[str]) -> list[str] | None:
    """dbt's options for the models behind the sources that say something else than in the last build.

    `saying` are the tables of changes that have rows. None where nothing moved. A view stays as it is: it names its
    tables, which are made anew below it.
    """
    moved = {*since.moved, *saying, *(source for table in since.moved for source in MADE_OF.get(table, ()))}
    if since.is_republished:
        moved.add("published_versions")
    if not moved:
        return None
    behind = [f"source:lake.{source}+" for source in sorted(moved)]
    return ["--select", *behind, "--exclude", "config.materialized:view"]
