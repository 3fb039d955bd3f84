"""Compaction: the lake's small files become large, sorted ones and its log short, beside a live run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import RemoveAction
from pyarrow import fs

from pipelines.failures import LakeUnavailable
from pipelines.stores.data_files import SORTED_BY, added, write
from pipelines.stores.lake import REMOVED_HOURS, Lake, reporting
from pipelines.stores.table_log import shorten_log
from pipelines.stores.tables import TABLES

COMPACTION = "compaction"  # the app transaction that makes two compactions of one table conflict: else both would add
TARGET_BYTES = 16 << 20  # of a file, as stored: well-compressed clicks are some thirty times that in memory
SMALL_BYTES = 1 << 20  # below this a file is always taken
ROW_GROUP = 20_000  # rows: what a reader of one visitor or order reads at least
CONTENTION_RETRIES = 200  # appends of a run; delta-rs gives up after 15 by itself
# Delta's own cleanup lists the log at each commit, and takes it from under who opened the table before a checkpoint.
CHECKPOINT_ONLY = PostCommitHookProperties(cleanup_expired_logs=False)
ATTEMPTS = 5  # to win against another compaction or a deletion


@dataclass(frozen=True)
class Size:
    """What a table is made of: Parquet files, their bytes, and commits in its log."""

    files: int
    size_bytes: int
    commits: int


@dataclass(frozen=True)
class CompactedTable:
    """One table before and after, and how many files the vacuum deleted."""

    table: str
    before: Size
    after: Size
    vacuumed: int
    seconds: float


@dataclass(frozen=True)
class Compacted:
    """Every table of the lake."""

    tables: tuple[CompactedTable, ...]


@dataclass(frozen=True)
class _File:
    path: str
    size_bytes: int
    modified_at: datetime


def compact(lake: Lake, now: Callable[[], datetime], new_token: Callable[[], str], vacuum: timedelta) -> Compacted:
    """Merges the small files of each table, shortens its log, deletes files older than `vacuum` that it left behind.

    No row, offset or mark changes, and a live run goes on: its appends do not conflict. A second time nothing is
    rewritten. Raises LakeUnavailable.
    """
    tables = [table for table in TABLES if lake.exists(table)]
    return Compacted(tuple(_compacted(lake, table, now, new_token, vacuum) for table in tables))


def _compacted(
    lake: Lake, table: str, now: Callable[[], datetime], new_token: Callable[[], str], vacuum: timedelta
) -> CompactedTable:
    begun = now()
    before = _size(lake, table)
    with reporting(lake.uri(table)):
        while _merge(lake, table, now, new_token) > 1:
            pass  # what became several files may be small enough to be one
        opened = lake.open(table)
        opened.create_checkpoint()
        shorten_log(lake.root / table)
        vacuumed = _vacuum(lake, table, opened, vacuum)
    return CompactedTable(table, before, _size(lake, table), vacuumed, (now() - begun).total_seconds())


def _merge(lake: Lake, table: str, now: Callable[[], datetime], new_token: Callable[[], str]) -> int:
    """How many files were written, of one listing: what a live run adds meanwhile waits for the next time."""
    made = lost = 0
    batches = _batches(_files(lake.open(table)))
    while batches:
        batch = batches.pop(0)
        opened = lake.open(table)
        # what was listed may be gone by now, and its rows in another file or erased: they must not come back
        if set(batch) <= set(_files(opened)) and _replace(lake, table, opened, batch, now(), new_token()):
            made += 1
            continue
        lost += 1
        if lost == ATTEMPTS:
            raise LakeUnavailable(
                f"{lake.uri(table)} was changed by somebody else {lost} times while it was compacted. "
                "Nothing is lost; run `codetrail compact` again when that is done"
            )
        batches = _batches(_files(lake.open(table)))
    return made


def _batches(files: Sequence[_File]) -> list[list[_File]]:
    """Which files become one, in the order in which they came: small ones, and none that dwarfs the rest.

    So a file is rewritten a few times in its life, however often this is done, and what was just merged stays.
    """
    chosen: list[_File] = []
    size = 0
    for file in sorted(files, key=lambda file: file.size_bytes):
        if file.size_bytes >= min(max(SMALL_BYTES, 2 * size), TARGET_BYTES // 2):
            break
        chosen.append(file)
        size += file.size_bytes
    batches: list[list[_File]] = []
    room = 0
    for file in sorted(chosen, key=lambda file: (file.modified_at, file.path)):
        if room <= 0:
            batches.append([])
            room = TARGET_BYTES
        batches[-1].append(file)
        room -= file.size_bytes
    return [batch for batch in batches if len(batch) > 1]


def _replace(lake: Lake, table: str, opened: DeltaTable, batch: Sequence[_File], at: datetime, token: str) -> bool:
    """The batch's rows in one sorted file, that and the removals in one commit; False if somebody was quicker."""
    root = lake.root / table
    written = root / f"compacted-{token}.parquet"
    try:
        rows = _rows(root, table, batch)
    except FileNotFoundError:
        return False
    write(written, rows.schema, _sorted(rows, SORTED_BY[table]))
    millis = int(at.timestamp() * 1000)
    removed = [RemoveAction(file.path, False, millis, file.size_bytes, {}) for file in batch]
    guard = Transaction(COMPACTION, (opened.transaction_version(COMPACTION) or 0) + 1)
    try:
        opened.create_write_transaction(
            [added(written, rows, data_change=False), *removed],
            "append",
            TABLES[table],
            commit_properties=CommitProperties(app_transactions=[guard], max_commit_retries=CONTENTION_RETRIES),
            post_commithook_properties=CHECKPOINT_ONLY,
        )
    except CommitFailedError:
        written.unlink()
        return False
    return True


def _rows(root: Path, table: str, batch: Sequence[_File]) -> pa.Table:
    files = fs.SubTreeFileSystem(str(root), fs.LocalFileSystem())
    return ds.dataset([file.path for file in batch], TABLES[table], filesystem=files).to_table().combine_chunks()


def _sorted(rows: pa.Table, keys: Sequence[str]) -> Iterator[pa.Table]:
    """Group by group: the rows are in memory once, not once more in order."""
    order = pc.sort_indices(rows, sort_keys=[(key, "ascending") for key in keys])
    for start in range(0, rows.num_rows, ROW_GROUP):
        yield rows.take(order.slice(start, ROW_GROUP))


def _vacuum(lake: Lake, table: str, opened: DeltaTable, retention: timedelta) -> int:
    """How many files were deleted; also what a killed write left, once no write can still be on its way.

    Deleted here: Delta's own vacuum writes two commits for it, and fails when a live run's appends come first 15 times.
    """
    hours = int(retention / timedelta(hours=1))
    found = opened.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=hours >= REMOVED_HOURS)
    for path in found:
        (lake.root / table / path).unlink(missing_ok=True)
    return len(found)


def _files(opened: DeltaTable) -> list[_File]:
    actions = pa.table(opened.get_add_actions(flatten=True)).select(["path", "size_bytes", "modification_time"])
    return [_File(*values) for values in zip(*actions.to_pydict().values(), strict=True)]


def _size(lake: Lake, table: str) -> Size:
    files = _files(lake.open(table))
    log = Path(lake.uri(table)) / "_delta_log"
    return Size(len(files), sum(file.size_bytes for file in files), sum(1 for _ in log.glob("*.json")))
