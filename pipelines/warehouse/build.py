"""From the lake to the marts: dbt builds a private DuckDB file, which replaces the last one when all succeeded."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.failures import BadInput, CheckFailed
from pipelines.warehouse.findings import Finding, Value
from pipelines.warehouse.sources import BuildSettings, write_sources

SHOWN_ROWS = 20
NOT_TESTS = ("--exclude-resource-type", "test", "unit_test")
DATA_TESTS = ("--exclude-resource-type", "unit_test")
WHY = {
    "not_null": "Without it the row cannot be joined or told apart.",
    "unique": "A row twice doubles every sum that it is in.",
    "unique_combination": "A row twice doubles every sum that it is in.",
    "relationships": "It names something that the other table does not hold, so a join loses it.",
    "accepted_values": "No reader knows what another value means.",
    "sums_to": "Each model must credit all that was ordered, no more and no less.",
}


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made: the number of models, each mart's rows, and how long all of it took."""

    models: int
    rows: dict[str, int]
    seconds: float


def build(
    root: Path,
    reference: Mapping[str, pa.Table],
    resolved_clicks: pa.Table,
    settings: BuildSettings,
    built_at: datetime,
) -> BuildResult:
    """Writes `root`/warehouse/build.duckdb anew from `root`/lake and what is handed in; the old one stays on failure.

    Raises CheckFailed with dbt's message and the model's name when a model cannot be built.
    """
    started = time.monotonic()
    scratch = scratch_of(root)
    # The same name as the final file: views name the database that they stand in.
    file = scratch / "build.duckdb"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    write_sources(file, root / "lake", reference, resolved_clicks, settings, built_at)
    results = _dbt("build", file, scratch, settings.reporting_currency, settings.reporting_digits, *NOT_TESTS)
    _stop_at_failure(results, scratch)
    rows = _rows_of_marts(file)
    file.replace(root / "warehouse" / "build.duckdb")
    return BuildResult(len(results), rows, time.monotonic() - started)


def test(root: Path) -> list[Finding]:
    """Runs dbt's data tests over `root`/warehouse/build.duckdb: what does not hold, with the first rows that show it.

    Raises BadInput without a build, CheckFailed when a test cannot be run at all.
    """
    file = root / "warehouse" / "build.duckdb"
    if not file.is_file():
        raise BadInput(f"{file} is missing: there is nothing to test; run `codetrail build` first")
    scratch = scratch_of(root)
    with duckdb.connect(str(file), read_only=True) as connection:
        currency, digits = connection.sql(
            "select reporting_currency, reporting_digits from lake.run_settings"
        ).fetchall()[0]
    results = _dbt("test", file, scratch, currency, digits, *DATA_TESTS)
    _stop_at_failure([result for result in results if result.status == "error"], scratch)
    broken = [result for result in results if result.status in ("fail", "warn")]
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return [_finding(connection, result) for result in broken]


def project_dir() -> Path:
    """Where the dbt project lies: at the root of a checkout, inside the package of an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data" / "dbt_project"
    return installed if installed.is_dir() else package.parent / "dbt_project"


def scratch_of(root: Path) -> Path:
    """Where dbt leaves its logs and compiled SQL, and the file that it is working on."""
    return root / "warehouse" / "dbt"


def _dbt(command: str, file: Path, scratch: Path, currency: str, digits: int, *options: str) -> list[Any]:
    """Each node's result, as dbt gives it; raises CheckFailed when dbt does not get as far as running nodes."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # two seconds, only when it is needed
    from dbt.cli.main import dbtRunner

    project = project_dir()
    variables = f"{{build_file: {_quoted(file)}, reporting_currency: {currency}, reporting_digits: {digits}}}"
    places = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(scratch / "target")]
    quiet = ["--log-path", str(scratch / "logs"), "--log-level", "none", "--no-use-colors", "--no-partial-parse"]
    try:
        outcome = dbtRunner().invoke([command, *places, *quiet, "--vars", variables, *options])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if outcome.result is None:
        raise CheckFailed(f"dbt {command} stopped: {outcome.exception}; {_log_hint(scratch)}")
    return list(outcome.result.results)


def _quoted(path: Path) -> str:
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def _stop_at_failure(results: list[Any], scratch: Path) -> None:
    for result in results:
        if result.status in ("error", "fail", "runtime error"):
            said = "\n".join(line for line in str(result.message).splitlines() if not line.startswith("  > "))
            raise CheckFailed(f"dbt could not run {result.node.name}: {said.strip()}; {_log_hint(scratch)}")


def _log_hint(scratch: Path) -> str:
    return f"the SQL is below {scratch / 'target'}, the log is {scratch / 'logs' / 'dbt.log'}"


def _rows_of_marts(file: Path) -> dict[str, int]:
    with duckdb.connect(str(file), read_only=True) as connection:
        marts = connection.sql("select table_name from duckdb_tables() where schema_name = 'main' order by table_name")
        return {name: connection.table(name).count("*").fetchall()[0][0] for (name,) in marts.fetchall()}


def _finding(connection: duckdb.DuckDBPyConnection, result: Any) -> Finding:
    node = result.node
    rows = connection.sql(node.compiled_code).limit(SHOWN_ROWS)
    shown = [dict(zip(rows.columns, map(_plain, row), strict=True)) for row in rows.fetchall()]
    return Finding(
        table=_tested_model(node),
        expectation=node.name,
        why=node.description or WHY[node.test_metadata.name],
        severity="block" if result.status == "fail" else "warn",
        broken=int(result.failures),
        rows=tuple(shown),
    )


def _tested_model(node: Any) -> str:
    """The model that a test stands with; of a test with a file of its own, the first that it reads."""
    unique_id = getattr(node, "attached_node", None) or node.depends_on.nodes[0]
    return str(unique_id).rsplit(".", 1)[-1]


def _plain(value: object) -> Value:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
