"""Status: how fresh and how large a workspace's lake is, what is unread, repeated, rejected and provisional."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa

from pipelines.failures import BadInput, CheckFailed
from pipelines.reports.lake_counts import orders_of, rejected_of, repeats_of
from pipelines.reports.partition_figures import partition_figures
from pipelines.reports.queries import Row, session
from pipelines.reports.status_broker import broker_of
from pipelines.reports.status_figures import RejectFigures, Status, TableFigures, WarehouseFigures
from pipelines.reports.status_page import rendered as rendered
from pipelines.reports.status_stream import stream_of
from pipelines.reports.topic_counts import topic_files_of
from pipelines.settings import Settings
from pipelines.stores.lake import EPOCH, Lake
from pipelines.stores.registry import known_files, require_same_settings
from pipelines.stores.tables import LANDING, TABLES
from pipelines.stores.workspace import Workspace
from pipelines.warehouse.findings import read_result
from pipelines.warehouse.versions import current_version


def status(workspace: Workspace, settings: Settings, now: datetime) -> Status:
    """The state of a workspace, also of one without a lake. Raises LakeUnavailable when the lake cannot be read.

    While a run writes, tables may be a commit apart.
    """
    lake = workspace.lake
    known = known_files(lake)
    source = _source(lake, settings, has_files=bool(known))
    broker, waiting = broker_of(lake, settings) if source == "kafka" else (None, {})
    watermark = lake.watermark()
    with session(lake, [*LANDING, "rejected_events", "order_attributions"]) as counts:
        rejects = rejected_of(counts)
        places = {(file.topic, file.partition) for file in known}
        partitions = partition_figures(lake, counts, rejects, places, waiting, now)
        repeats = tuple(repeats_of(counts, topic) for topic in LANDING)
        orders = orders_of(counts, watermark, timedelta(microseconds=settings.lateness))
    read = {f"{one.topic}/{one.partition}": one.landed_offset or 0 for one in partitions}
    files, unreadable = topic_files_of(workspace.topics, known, read) if source == "topics" else ((), None)
    warehouse, unusable = _warehouse(workspace.root)
    version, recorded_at = _reference_version(lake)
    problems = (unreadable, _other_settings(lake, settings), *unusable)
    return Status(
        workspace=str(workspace.root),
        reported_at=now,
        epoch=_epoch(lake),
        watermark=watermark,
        lateness_days=settings.lateness_days,
        reference_version=version,
        reference_recorded_at=recorded_at,
        partitions=partitions,
        repeats=repeats,
        rejects=_by_reason(rejects),
        orders=orders,
        tables=tuple(_size(lake, table) for table in TABLES if lake.exists(table)),
        files=files,
        warehouse=warehouse,
        source=source,
        broker=broker,
        last_commit_at=_last_commit(lake),
        stream=stream_of(lake, now),
        problems=tuple(problem for problem in problems if problem is not None),
    )


def _source(lake: Lake, settings: Settings, *, has_files: bool) -> str:
    """What the lake was read from; what an empty one would be, by its settings."""
    if has_files:
        return "topics"
    has_messages = any(lake.rows(table) for table in (*LANDING, "rejected_events"))
    return "kafka" if has_messages or settings.bootstrap_servers is not None else "topics"


def _last_commit(lake: Lake) -> datetime | None:
    """When a run, or a compaction, last wrote to any table."""
    stamps = [lake.open(table).history(1)[0]["timestamp"] for table in TABLES if lake.exists(table)]
    return datetime.fromtimestamp(max(stamps) / 1000, UTC) if stamps else None


def _by_reason(rejects: Sequence[Row]) -> tuple[RejectFigures, ...]:
    counted: Counter[tuple[str, str, str]] = Counter()
    for row in rejects:
        counted[row["topic"], row["step"], row["reason"]] += row["messages"]
    return tuple(RejectFigures(*kind, messages) for kind, messages in counted.most_common())


def _epoch(lake: Lake) -> int | None:
    taken = [lake.transactions(table, [EPOCH]).get(EPOCH) for table in TABLES if lake.exists(table)]
    return max((epoch for epoch in taken if epoch is not None), default=None)


def _reference_version(lake: Lake) -> tuple[str | None, datetime | None]:
    if not lake.exists("reference_versions"):
        return None, None
    rows = lake.read("reference_versions", ["reference_version", "recorded_at"]).sort("recorded_at")
    return rows.row(-1) if rows.height else (None, None)


def _other_settings(lake: Lake, settings: Settings) -> str | None:
    try:
        require_same_settings(lake, settings)
    except BadInput as problem:
        return str(problem)
    return None


def _size(lake: Lake, table: str) -> TableFigures:
    actions = pa.table(lake.open(table).get_add_actions(flatten=True))
    rows, size = (sum(actions[column].to_pylist()) for column in ("num_records", "size_bytes"))
    return TableFigures(table, rows, actions.num_rows, size)


def _warehouse(root: Path) -> tuple[WarehouseFigures, list[str]]:
    """What was built, checked and published last, and what of it cannot be read."""
    build, verdict_file = root / "warehouse" / "build.duckdb", root / "warehouse" / "check.json"
    verdict = version = None
    unusable = []
    try:
        verdict = read_result(verdict_file) if verdict_file.exists() else None
    except CheckFailed as problem:
        unusable.append(str(problem))
    try:
        version = current_version(root)[1] if (root / "published" / "current").exists() else None
    except (BadInput, msgspec.DecodeError) as problem:
        unusable.append(f"{root / 'published' / 'current'} cannot be read ({problem}): run `codetrail publish` again")
    figures = WarehouseFigures(
        built_at=datetime.fromtimestamp(build.stat().st_mtime, UTC) if build.exists() else None,
        checked_at=None if verdict is None else verdict.checked_at,
        check_passed=None if verdict is None else verdict.passed,
        check_failures=None if verdict is None else len(verdict.failures),
        check_warnings=None if verdict is None else len(verdict.warnings),
        published_version=None if version is None else version.version,
        published_at=None if version is None else version.published_at,
    )
    return figures, unusable
