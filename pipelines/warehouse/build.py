"""From the lake to the marts: dbt builds a private DuckDB file, which replaces the last one when all succeeded."""

import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.stores.tables import TABLES
from pipelines.warehouse.dbt_runner import NOT_TESTS, parse_project, run_dbt, scratch_of, stop_at_failure
from pipelines.warehouse.findings import Finding, Value
from pipelines.warehouse.history import published_versions
from pipelines.warehouse.last_build import BUILD, basis_of, remember, since_last_build
from pipelines.warehouse.moved_models import moved_models
from pipelines.warehouse.sources import BuildSettings, ClicksOf, files_of, write_new_sources, write_sources

SHOWN_ROWS = 20
SLOWEST = 5
DATA_TESTS = ("--exclude-resource-type", "unit_test")
WHY = {
    "grain": "A row twice doubles every sum that it is in; one without its key cannot be joined or told apart.",
    "unique": "A row twice doubles every sum that it is in.",
    "relationships": "It names something that the other table does not hold, so a join loses it.",
    "accepted_values": "No reader knows what another value means.",
    "sums_to": "Each model must credit all that was ordered, no more and no less.",
}


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made: the number of models that it ran, each mart's rows, whether it went on, how long it took.

    `slowest` are the seconds of the models that took longest.
    """

    models: int
    rows: dict[str, int]
    is_incremental: bool
    seconds: float
    slowest: dict[str, float]


def build(
    root: Path,
    reference: Mapping[str, pa.Table],
    clicks: pa.Table | ClicksOf,
    settings: BuildSettings,
    built_at: datetime,
    *,
    full_refresh: bool = False,
) -> BuildResult:
    """Writes `root`/warehouse/build.duckdb from `root`/lake and what is handed in; the old one stays on failure.

    It goes on from the last build, and makes anew what new events moved, where nothing but events changed, `clicks`
    are given by their files, and no `full_refresh` is asked for; the rows are the same either way.
    Raises CheckFailed with dbt's message and the model's name when a model cannot be built, LakeUnavailable when
    the lake cannot be read or the disk not written, BadInput when the history of published versions cannot be read.
    """
    started = time.monotonic()
    warehouse, scratch = root / "warehouse", scratch_of(root)
    # The same name as the final file: views name the database that they stand in.
    file = scratch / BUILD
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        lake = {name: files_of(root.resolve() / "lake" / name) for name in TABLES}
        basis, published = basis_of(reference, settings, lake), published_versions(root)
        fresh = full_refresh or isinstance(clicks, pa.Table)
        since = None if fresh else since_last_build(warehouse, basis, lake, published)
        of_files = (lambda _: [clicks]) if isinstance(clicks, pa.Table) else clicks
        with ThreadPoolExecutor(1) as meanwhile:
            parsed = meanwhile.submit(parse_project, scratch)
            if since is None:
                selected: list[str] | None = []
                write_sources(file, lake, reference, of_files(lake["clicks"]), settings, published, built_at)
            else:
                shutil.copyfile(warehouse / BUILD, file)
                arrived = of_files(since.new["clicks"])
                saying = write_new_sources(file, lake, since.new, arrived, settings, published, built_at)
                selected = moved_models(since, saying)
            parsed.result()
        made = _run_models(file, scratch, settings.reporting_digits, selected)
        rows = _rows_of_marts(file)
        file.replace(warehouse / BUILD)
        remember(warehouse, basis, lake, published)
    except (OSError, duckdb.IOException) as error:
        raise LakeUnavailable(
            f"{scratch.parent} cannot be built: {error}; mend the disk or permission, then run `codetrail build` again"
        ) from error
    slowest = dict(sorted(made.items(), key=lambda model: -model[1])[:SLOWEST])
    return BuildResult(len(made), rows, since is not None, time.monotonic() - started, slowest)


def _run_models(file: Path, scratch: Path, digits: int, selected: Sequence[str] | None) -> dict[str, float]:
    """The seconds of each model that was made: by dbt's options of selection, none of them where there is None."""
    if selected is None:
        return {}
    # What dbt would write of the whole project takes it a second; `test` writes it, for the pages of a check.
    results = run_dbt("build", file, scratch, digits, "--no-write-json", *NOT_TESTS, *selected).results
    stop_at_failure(results, scratch)
    return {result.node.name: result.execution_time for result in results}


def test(root: Path) -> list[Finding]:
    """Runs dbt's data tests over `root`/warehouse/build.duckdb: what does not hold, with the first rows that show it.

    Raises BadInput without a build, CheckFailed when a test cannot be run at all.
    """
    file = root / "warehouse" / BUILD
    if not file.is_file():
        raise BadInput(f"{file} is missing: there is nothing to test; run `codetrail build` first")
    scratch = scratch_of(root)
    with duckdb.connect(str(file), read_only=True) as connection:
        (digits,) = connection.sql("select reporting_digits from lake.run_settings").fetchall()[0]
    results = run_dbt("test", file, scratch, digits, *DATA_TESTS).results
    stop_at_failure([result for result in results if result.status == "error"], scratch)
    broken = [result for result in results if result.status in ("fail", "warn")]
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return [_finding(connection, result) for result in broken]


def _rows_of_marts(file: Path) -> dict[str, int]:
    marts = "select table_name from information_schema.tables where table_schema = 'main' order by table_name"
    with duckdb.connect(str(file), read_only=True) as connection:
        names = [name for (name,) in connection.sql(marts).fetchall()]
        return {name: connection.table(name).count("*").fetchall()[0][0] for name in names}


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
