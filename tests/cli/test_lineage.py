"""Lineage on the command line: what each command tells OpenLineage, and that nobody pays who does not ask."""

import json
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest

from pipelines.reports.lineage import ALL_HOLDS, of_build, of_check
from pipelines.stores.lake import Lake
from pipelines.stores.lineage import Assertion
from pipelines.stores.workspace import Workspace
from pipelines.testing import write_topic
from pipelines.warehouse.findings import Finding, read_result
from pipelines.warehouse.versions import current_version

NOT_IMPORTED = """
import sys
from pipelines.cli import main
try:
    main()
finally:
    assert not [name for name in sys.modules if name.startswith(("openlineage", "pipelines.reports.lineage"))]
"""


@pytest.fixture
def told(codetrail_here, shop, tmp_path, monkeypatch):
    """Runs a command on the README's shop; its exit code, and the events that it has sent to OpenLineage's file."""
    file = tmp_path / "events.json"
    transport = {"TYPE": "file", "LOG_FILE_PATH": str(file), "APPEND": "true"}
    for name, value in transport.items():
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", value)

    def run(*command):
        file.unlink(missing_ok=True)
        code = codetrail_here("--workspace", shop, *command).code
        return code, [json.loads(line) for line in file.read_text().splitlines()]

    return run


def by_name(datasets):
    return {one["name"]: one for one in datasets}


def test_a_run_tells_what_it_read_and_how_many_rows_it_wrote_where(told, shop):
    before = Lake(shop / "lake").rows("orders")
    orders = [
        {"event_id": f"n{n}", "occurred_at": "2026-03-10T11:00:00Z", "order_id": f"N-{n}", "kind": "placed"}
        | {"currency": "EUR", "subtotal": subtotal}
        for n, subtotal in enumerate(["1.00", "2.00", "x"])
    ]
    write_topic(shop, "orders", orders)
    code, (begun, ended) = told("run")
    assert (code, begun["eventType"], ended["eventType"]) == (0, "START", "COMPLETE")
    assert (ended["job"]["namespace"], ended["job"]["name"]) == ("codetrail", "shop.run")
    assert set(by_name(ended["inputs"])) == {str(shop / "topics" / f"{name}.ndjson") for name in ("clicks", "orders")}
    lake, outputs = Lake(shop / "lake"), by_name(ended["outputs"])
    written = {
        name.rpartition("/")[2]: one["outputFacets"]["outputStatistics"]["rowCount"] for name, one in outputs.items()
    }
    assert written["orders"] == lake.rows("orders") - before == 2
    assert (written["rejected_events"], written["order_attributions"], written["clicks"]) == (1, 2, 0)
    facets = outputs[str(shop / "lake" / "orders")]["facets"]
    assert facets["version"]["datasetVersion"] == str(lake.open("orders").version())
    assert "order_id" in {field["name"] for field in facets["schema"]["fields"]}


@pytest.mark.parametrize("command", ["run", "build", "check"])
def test_what_fails_says_why(told, shop, command):
    (shop / "warehouse" / "build.duckdb").unlink()
    (shop / "reference" / "influencers.csv").write_text("influencer_id\n")
    code, (begun, ended) = told(command)
    assert (code, begun["eventType"], ended["eventType"]) == (2, "START", "FAIL")
    assert ended["job"]["name"] == f"shop.{command}"
    assert ended["run"]["facets"]["errorMessage"]["message"].startswith("BadInput: ")


@pytest.fixture
def fct_orders(shop):
    """How many rows the mart has in the shop's build."""
    with duckdb.connect(str(shop / "warehouse" / "build.duckdb"), read_only=True) as build:
        ((rows,),) = build.sql("select count(*) from fct_orders").fetchall()
    return rows


def test_a_build_reads_the_lake_and_the_reference_data_and_writes_marts(shop, fct_orders):
    facts = of_build(Workspace(shop))()
    marts = {one.name: one for one in facts.outputs}
    assert marts["build.main.fct_orders"].rows == fct_orders
    assert {one.namespace for one in facts.outputs} == {f"duckdb://{shop / 'warehouse' / 'build.duckdb'}"}
    assert {str(shop / "lake" / "orders"), str(shop / "reference" / "codes.csv")} <= {one.name for one in facts.inputs}


def test_a_check_says_of_each_table_what_is_not_as_asked_once_it_has_spoken(shop):
    file = shop / "warehouse" / "check.json"
    facts = of_check(Workspace(shop))
    assert {one.assertions for one in facts().inputs} == {()}
    broken = [Finding("fct_orders", "unique", "Twice is double.", severity, 2) for severity in ("block", "warn")]
    replace(read_result(file), failures=tuple(broken[:1]), warnings=tuple(broken[1:])).write(file)
    said = {one.name: one.assertions for one in facts().inputs}
    assert said.pop("build.main.fct_orders") == (
        Assertion("unique", "Twice is double.", "error", 2),
        Assertion("unique", "Twice is double.", "warn", 2),
    )
    assert set(said.values()) == {(ALL_HOLDS,)}
    assert {"build.main.dim_code", str(shop / "lake" / "clicks")} <= set(said)


def test_publish_tells_of_every_mart_with_its_version(told, shop, fct_orders):
    code, (_, ended) = told("publish")
    _, version = current_version(shop)
    read, files = by_name(ended["inputs"]), by_name(ended["outputs"])
    mart = files[str(shop / "published" / "current" / "fct_orders.parquet")]
    assert (code, len(read), len(files)) == (0, len(version.rows), len(version.rows))
    assert mart["facets"]["version"]["datasetVersion"] == str(version.version)
    assert mart["facets"]["schema"]["fields"] == read["build.main.fct_orders"]["facets"]["schema"]["fields"]
    assert mart["outputFacets"]["outputStatistics"]["rowCount"] == fct_orders


def test_who_does_not_ask_imports_nothing_of_it(shop):
    command = [sys.executable, "-c", NOT_IMPORTED, "--workspace", str(shop), "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
