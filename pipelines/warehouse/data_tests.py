"""Which data tests dbt ran last, and whether each holds: read from the files that dbt leaves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pipelines.warehouse.build import WHY
from pipelines.warehouse.suites import Severity


@dataclass(frozen=True, slots=True)
class DataTest:
    """One data test that was run, with the model that it stands with."""

    table: str
    name: str
    why: str
    severity: Severity
    holds: bool


def read_data_tests(target: Path) -> list[DataTest]:
    """The tests of the last `dbt test` in dbt's folder `target`, by table and name; none when there was none."""
    ran = _read(target / "run_results.json")
    if ran.get("args", {}).get("which") != "test":
        return []
    nodes = _read(target / "manifest.json")["nodes"]
    tests = [_data_test(nodes[result["unique_id"]], result["status"]) for result in ran["results"]]
    return sorted(tests, key=lambda test: (test.table, test.name))


def _read(file: Path) -> dict[str, Any]:
    return dict(msgspec.json.decode(file.read_bytes())) if file.is_file() else {}


def _data_test(node: dict[str, Any], status: str) -> DataTest:
    model = node.get("attached_node") or node["depends_on"]["nodes"][0]
    return DataTest(
        table=model.rsplit(".", 1)[-1],
        name=node["name"],
        why=node["description"] or WHY[node["test_metadata"]["name"]],
        severity="warn" if node["config"]["severity"].lower() == "warn" else "block",
        holds=status == "pass",
    )
