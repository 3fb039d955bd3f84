"""Lineage: which data sets each command reads and writes, by OpenLineage's names, and what is known of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from pipelines.failures import LakeUnavailable
from pipelines.records import EVENTS
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.stores.lineage import Assertion, DataSet, Facts
from pipelines.stores.tables import LANDING, TABLES
from pipelines.stores.workspace import Workspace
from pipelines.warehouse.findings import CheckResult, read_result
from pipelines.warehouse.versions import current_version

WRITTEN = (*LANDING, "rejected_events", "order_attributions")
"""The tables that a run writes events and their attribution to."""
FILES = "file"
ALL_HOLDS = Assertion("all_expectations", "Everything that its suite and dbt's tests ask of the table.")
COLUMNS = """
select table_name, column_name, data_type from information_schema.columns
where table_catalog = current_database() and regexp_matches(table_name, '^(dim|fct)_')
order by table_name, ordinal_position
"""


def of_run(workspace: Workspace, settings: Settings, source: str) -> Callable[[], Facts]:
    """The events' topics or topic files in, the lake's tables out; rows are those since the facts were first asked."""
    lake = workspace.lake
    before: dict[str, int] = {}

    def facts() -> Facts:
        rows = {table: lake.rows(table) for table in WRITTEN}
        for table, count in rows.items():
            before.setdefault(table, count)
        there = [table for table in WRITTEN if lake.exists(table)]
        written = tuple(_table(lake, table, rows[table] - before[table]) for table in there)
        return Facts(_topics(workspace, settings, source), written)

    return facts


def of_build(workspace: Workspace) -> Callable[[], Facts]:
    """The lake's tables and the reference data in, the marts of the private build out."""
    root = workspace.root.resolve()

    def facts() -> Facts:
        reference = [DataSet(FILES, str(file)) for file in sorted((root / "reference").glob("*.*"))]
        return Facts((*_tables(workspace.lake).values(), *reference), tuple(_marts(root).values()))

    return facts


def of_check(workspace: Workspace) -> Callable[[], Facts]:
    """The lake's tables and the build's marts in, with what the check says of each as soon as it has spoken."""
    root = workspace.root.resolve()
    before: dict[Path, int | None] = {}

    def facts() -> Facts:
        file = root / "warehouse" / "check.json"
        is_new = before.setdefault(file, _modified(file)) != _modified(file)
        checked = {**_tables(workspace.lake), **_marts(root)}
        found = assertions(read_result(file), checked) if is_new else {}
        return Facts(tuple(replace(one, assertions=found.get(name, ())) for name, one in checked.items()))

    return facts


def of_publish(workspace: Workspace) -> Callable[[], Facts]:
    """The build's marts in; out what is published now: a Parquet file for each, with the version's number."""
    root = workspace.root.resolve()

    def facts() -> Facts:
        marts, current = _marts(root), root / "published" / "current"
        if not current.exists():
            return Facts(tuple(marts.values()))
        _, version = current_version(root)
        files = (
            DataSet(
                FILES,
                str(current / f"{mart}.parquet"),
                marts[mart].columns if mart in marts else (),
                str(version.version),
                rows,
            )
            for mart, rows in version.rows.items()
        )
        return Facts(tuple(marts.values()), tuple(files))

    return facts


def assertions(verdict: CheckResult, checked: Mapping[str, DataSet]) -> dict[str, tuple[Assertion, ...]]:
    """What a check found of each table: each thing that is not as it asks, and one that all is where nothing was."""
    found: defaultdict[str, list[Assertion]] = defaultdict(list)
    for finding in verdict.failures:
        found[finding.table].append(Assertion(finding.expectation, finding.why, "error", finding.broken))
    for finding in verdict.warnings:
        found[finding.table].append(Assertion(finding.expectation, finding.why, "warn", finding.broken))
    return {table: tuple(found.get(table, [ALL_HOLDS])) for table in checked}


def _topics(workspace: Workspace, settings: Settings, source: str) -> tuple[DataSet, ...]:
    if source == "kafka":
        first = (settings.bootstrap_servers or "").partition(",")[0]
        return tuple(DataSet(f"kafka://{first}", topic) for topic in EVENTS)
    folder = workspace.topics.resolve()
    paths = (path for topic in EVENTS for path in (folder / f"{topic}.ndjson", folder / topic))
    return tuple(DataSet(FILES, str(path)) for path in paths if path.exists())


def _tables(lake: Lake) -> dict[str, DataSet]:
    return {table: _table(lake, table) for table in TABLES if lake.exists(table)}


def _table(lake: Lake, table: str, rows: int | None = None) -> DataSet:
    columns = tuple((field.name, str(field.type)) for field in TABLES[table])
    return DataSet(FILES, str(Path(lake.uri(table)).resolve()), columns, str(lake.open(table).version()), rows)


def _marts(root: Path) -> dict[str, DataSet]:
    """Those of the private build, as dbt names them: database, schema and table."""
    build = root / "warehouse" / "build.duckdb"
    if not build.is_file():
        return {}
    columns: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    try:
        with duckdb.connect(str(build), read_only=True) as connection:
            for mart, name, kind in connection.execute(COLUMNS).fetchall():
                columns[mart].append((name, kind))
            rows = {mart: connection.table(mart).count("*").fetchall()[0][0] for mart in columns}
    except duckdb.Error as error:
        raise LakeUnavailable(f"{build} cannot be read: {error}; run `codetrail build` again") from error
    return {
        mart: DataSet(f"duckdb://{build}", f"build.main.{mart}", tuple(its), None, rows[mart])
        for mart, its in columns.items()
    }


def _modified(file: Path) -> int | None:
    return file.stat().st_mtime_ns if file.exists() else None
