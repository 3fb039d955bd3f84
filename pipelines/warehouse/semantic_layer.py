"""What dbt knows of the marts' readers: exposures, and metrics in the words and formulas of the schemas."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.warehouse.dbt_runner import project_dir
from pipelines.warehouse.metrics_dictionary import Measure, measures, operands, sql_of

HEADING = "# Written from schemas/ and the marts by `python -m pipelines.warehouse.semantic_layer`; change them there."
DAYS = "fct_influencer_day"
OF_THE_POLICY = "\"{{ Dimension('influencer_day__model') }} = 'policy'\""
ABBREVIATIONS = {"roi", "roas", "cpa", "cpc", "cpm", "cpe", "aov", "ctr", "emv"}
OWNER = "{name: Influencer team}"
LIVE_PAGE = (
    *("dim_campaign", "dim_influencer", "fct_campaign_roi", "fct_commissions", "fct_influencer_day"),
    *("fct_influencer_roi", "fct_orders", "fct_pacing", "fct_post_performance"),
)
PICTURE = ("dim_campaign", "dim_influencer", "fct_influencer_roi")


def models_dir() -> Path:
    return project_dir() / "models"


def mart_columns() -> dict[str, list[str]]:
    """The columns of every mart, in order, as the files beside the marts name them."""
    files = sorted((models_dir() / "marts").glob("*.yml"))
    return {file.stem: re.findall(r"^      - name: (\w+)", file.read_text("utf-8"), re.MULTILINE) for file in files}


def exposures_yml(marts: Iterable[str]) -> str:
    """Who reads which mart; dbt's lineage ends there."""
    known = sorted(marts)
    return "\n".join(
        [
            HEADING,
            "exposures:",
            *_exposure(
                "bi",
                "Published marts for BI tools",
                "analysis",
                "Every mart as a Parquet file and in marts.duckdb below published/current, with an index page.",
                known,
            ),
            *_exposure(
                "live_page",
                "The live page",
                "dashboard",
                "What campaigns and influencers return now, pacing and commissions: codetrail monitor.",
                [mart for mart in known if mart in LIVE_PAGE],
            ),
            *_exposure(
                "roi_picture",
                "Return by influencer",
                "analysis",
                "One picture of what each influencer returned on what they cost: roi.html beside the index page.",
                [mart for mart in known if mart in PICTURE],
            ),
            "",
        ]
    )


def metrics_yml(marts: Mapping[str, Iterable[str]]) -> str:
    """A semantic model of the days, and a metric for each measure that can be reckoned from their sums."""
    summed = _by_name(measure for measure in measures({DAYS: marts[DAYS]}) if measure.is_additive)
    everywhere = _by_name(measures(marts))
    reckoned = {
        name: measure
        for name, measure in everywhere.items()
        if name not in summed and measure.formula and {*operands(measure.formula)} <= summed.keys() | everywhere.keys()
    }
    derived = [measure for measure in reckoned.values() if _rests_on(measure, summed, reckoned)]
    return "\n".join(
        [
            HEADING,
            "semantic_models:",
            "  - name: influencer_day",
            '    description: "Influencer × campaign × day × model. Sum within one model: each credits all orders."',
            f"    model: ref('{DAYS}')",
            "    defaults: {agg_time_dimension: credited_on}",
            "    primary_entity: influencer_day",
            "    entities:",
            "      - {name: influencer, type: foreign, expr: influencer_id}",
            "      - {name: campaign, type: foreign, expr: campaign_id}",
            "    dimensions:",
            "      - {name: credited_on, type: time, expr: day, type_params: {time_granularity: day}}",
            "      - {name: model, type: categorical}",
            "      - {name: status, type: categorical}",
            "    measures:",
            *(f"      - {{name: {name}, agg: sum}}" for name in summed),
            "",
            "metrics:",
            *(line for measure in summed.values() for line in _metric(measure, _simple(measure))),
            *(line for measure in derived for line in _metric(measure, _derived(measure))),
            "",
        ]
    )


def _by_name(found: Iterable[Measure]) -> dict[str, Measure]:
    """Of a name that means several things, the meaning that most marts share."""
    by_name: dict[str, Measure] = {}
    for measure in sorted(found, key=lambda measure: len(measure.marts)):
        by_name[measure.name] = measure
    return dict(sorted(by_name.items()))


def _rests_on(measure: Measure, summed: Mapping[str, Measure], reckoned: Mapping[str, Measure]) -> bool:
    """Whether each operand is summed, or reckoned itself from what is."""
    parts = operands(measure.formula or "")
    return all(part in summed or (part in reckoned and _rests_on(reckoned[part], summed, reckoned)) for part in parts)


def _metric(measure: Measure, definition: list[str]) -> list[str]:
    told = {"unit": measure.unit, "break_even": measure.break_even}
    meta = ", ".join(f'{name}: "{text}"' for name, text in told.items() if text)
    return [
        f"  - name: {measure.name}",
        f"    label: {_label(measure.name)}",
        f"    description: \"{{{{ doc('{measure.name}') }}}}\"",
        *definition,
        f"    config: {{meta: {{{meta}}}}}",
    ]


def _simple(measure: Measure) -> list[str]:
    return ["    type: simple", f"    type_params: {{measure: {measure.name}}}", f"    filter: {OF_THE_POLICY}"]


def _derived(measure: Measure) -> list[str]:
    formula = measure.formula or ""
    inputs = ", ".join(operands(formula))
    return [
        "    type: derived",
        f'    type_params: {{expr: "{sql_of(formula)}", metrics: [{inputs}]}}',
    ]


def _label(name: str) -> str:
    words = [word.upper() if word in ABBREVIATIONS else word for word in name.replace("pct", "%").split("_")]
    return '"' + " ".join([words[0][0].upper() + words[0][1:], *words[1:]]) + '"'


def _exposure(name: str, label: str, kind: str, description: str, marts: Iterable[str]) -> list[str]:
    return [
        f"  - name: {name}",
        f"    label: {label}",
        f"    type: {kind}",
        f'    description: "{description}"',
        f"    owner: {OWNER}",
        "    depends_on:",
        *(f"      - ref('{mart}')" for mart in marts),
    ]


if __name__ == "__main__":
    found = mart_columns()
    (models_dir() / "exposures.yml").write_text(exposures_yml(found), encoding="utf-8")
    (models_dir() / "metrics.yml").write_text(metrics_yml(found), encoding="utf-8")
