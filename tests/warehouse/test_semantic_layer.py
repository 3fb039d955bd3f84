"""dbt accepts the exposures and metrics, every mart is exposed, and a metric says what the marts say."""

import json
import re

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from pipelines.warehouse.dbt_runner import project_dir
from pipelines.warehouse.semantic_layer import DAYS, exposures_yml, mart_columns, metrics_yml, models_dir

WRITE = "run python -m pipelines.warehouse.semantic_layer"


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    """What `dbt parse` makes of the project: its manifest and its semantic manifest."""
    target = tmp_path_factory.mktemp("target")
    project = str(project_dir())
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(target)]
    done = dbtRunner().invoke(
        ["parse", *places, "--log-path", str(target), "--log-level", "none", "--no-partial-parse"]
    )
    assert done.success, done.exception
    return {name: json.loads((target / f"{name}.json").read_bytes()) for name in ("manifest", "semantic_manifest")}


def test_the_committed_exposures_and_metrics_are_those_of_the_schemas():
    assert (models_dir() / "exposures.yml").read_text(encoding="utf-8") == exposures_yml(mart_columns()), WRITE
    assert (models_dir() / "metrics.yml").read_text(encoding="utf-8") == metrics_yml(mart_columns()), WRITE


def test_every_mart_is_exposed(parsed):
    exposed = {
        node for exposure in parsed["manifest"]["exposures"].values() for node in exposure["depends_on"]["nodes"]
    }
    assert {node.rsplit(".", 1)[-1] for node in exposed} == mart_columns().keys()


def test_the_metrics_are_the_measures_that_a_marketer_asks_for(parsed):
    metrics = parsed["manifest"]["metrics"].values()
    asked = {
        "orders",
        "net_revenue",
        "cost_total",
        "profit",
        "roi_pct",
        "roas",
        "cpa",
        "cpc",
        "cpm",
        "cpe",
        "aov",
        "ctr",
    }
    assert asked <= {metric["name"] for metric in metrics}
    assert [metric["name"] for metric in metrics if "doc(" in metric["description"] or not metric["description"]] == []


def test_a_metric_says_of_each_influencer_what_the_mart_says(parsed, small_workspace):
    """Reckoned as the semantic manifest says, from the days, beside the mart that dbt built."""
    (model,) = parsed["semantic_manifest"]["semantic_models"]
    sums = {part["name"]: f"sum({part['expr'] or part['name']})" for part in model["measures"]}
    assert {part["agg"] for part in model["measures"]} == {"sum"}
    metrics = {metric["name"]: metric["type_params"] for metric in parsed["semantic_manifest"]["metrics"]}

    def reckoned(name):
        return sums[name] if name in sums else f"({with_inputs(metrics[name])})"

    def with_inputs(asked):
        inputs = {part["name"] for part in asked["metrics"]}
        return re.sub(r"\w+", lambda word: reckoned(word[0]) if word[0] in inputs else word[0], asked["expr"])

    shared = sorted(metrics.keys() & set(mart_columns()["fct_influencer_roi"]))
    assert {"roi_pct", "cpm", "profit"} <= set(shared)
    with duckdb.connect(str(small_workspace / "warehouse" / "build.duckdb"), read_only=True) as build:
        columns = ", ".join(f"cast({reckoned(name)} as double) as {name}" for name in shared)
        of_days = build.sql(
            f"select influencer_id, {columns} from {DAYS} where model = 'policy' group by all order by influencer_id"
        ).fetchall()
        of_mart = build.sql(
            f"select influencer_id, {', '.join(f'cast({name} as double)' for name in shared)} "
            "from fct_influencer_roi where model = 'policy' order by influencer_id"
        ).fetchall()
    assert len(of_mart) == 3
    for days, mart in zip(of_days, of_mart, strict=True):
        assert dict(zip(shared, days[1:], strict=True)) == pytest.approx(dict(zip(shared, mart[1:], strict=True)))
