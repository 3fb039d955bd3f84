"""The lake: Delta tables in which data and the offsets that they stand for are committed as one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipelines import metrics
from pipelines.failures import LakeUnavailable, MissingMessages, Superseded
from pipelines.stores.data_files import add_rows
from pipelines.stores.handles import newest
from pipelines.stores.table_log import CHECKPOINT_COMMITS, Contended, TableLog, writing
from pipelines.stores.tables import LANDING, TABLES

EPOCH = "epoch"  # the app transaction that a run raises by one when it starts
WATERMARK = "watermark"  # on order_attributions, in microseconds
COMMITS = "commits"  # on order_attributions: how many its committers have made
REMOVED_HOURS = 1  # how long a file that was compacted away is remembered, and stays
KEPT_SHORT = {  # a commit and an opening cost what the log is long
    "delta.checkpointInterval": str(CHECKPOINT_COMMITS),
    "delta.deletedFileRetentionDuration": f"interval {REMOVED_HOURS} hours",
}
LISTINGS = 5  # of a table, when files are compacted away while it is read

Marks = Callable[[Callable[[str], int | None], int], Mapping[str, int]]


@dataclass(frozen=True)
class Landing:
    """A block on its way into a table.

    `source` is `topic/partition`, `span` its offsets [start, end); `rows` carry a column `offset`. `marks` gives
    further app transactions of the source, from those of before and the committed offset.
    """

    source: str
    span: tuple[int, int]
    rows: pa.Table
    marks: Marks


def no_marks(_before: Callable[[str], int | None], _committed: int) -> Mapping[str, int]:
    """For a table whose partitions have an offset and nothing else."""
    return {}


def latest_mark(source: str) -> str:
    """The app transaction with a partition's greatest `occurred_at`, in microseconds."""
    return f"{source} latest"


def unconsented_mark(source: str) -> str:
    """The app transaction that counts a partition's clicks without consent, which are not stored."""
    return f"{source} unconsented"


def unknown_fields_mark(source: str) -> str:
    """The app transaction that counts a partition's messages with fields that their schema does not name."""
    return f"{source} unknown_fields"


def attributed_mark(source: str) -> str:
    """The app transaction of order_attributions: below this offset a partition has gone through attribution."""
    return f"{source} attributed"


@dataclass(frozen=True)
class Lake:
    """The tables below `root`; every write is one atomic commit."""

    root: Path

    def uri(self, table: str) -> str:
        return str(self.root / table)

    def exists(self, table: str) -> bool:
        """Whether the table is there whole: a kill while it is created leaves a folder without a commit."""
        return DeltaTable.is_deltatable(self.uri(table))

    def open(self, table: str) -> DeltaTable:
        with reporting(self.uri(table)):
            return DeltaTable(self.uri(table))

    def at_hand(self, table: str) -> TableLog:
        """The table's log as it is now, in this thread's handle of it: quicker to look at again and again."""
        with reporting(self.uri(table)):
            return newest(self.root / table)

    def create(self) -> None:
        """Every table, before any pipeline: two writers that create one table at once would fail."""
        for table, schema in TABLES.items():
            with reporting(self.uri(table)):
                if not self.exists(table):
                    (self.root / table).mkdir(parents=True, exist_ok=True)
                    DeltaTable.create(self.uri(table), schema=schema, mode="ignore", configuration=KEPT_SHORT)

    def take_over(self) -> int:
        """Begins a run: its epoch, which every commit of it checks, in every table."""
        epoch = 1 + max(self.open(table).transaction_version(EPOCH) or 0 for table in TABLES)
        for table in TABLES:
            self.append(table, TABLES[table].empty_table(), {}, epoch)
        return epoch

    def append(
        self,
        table: str,
        rows: pa.Table,
        transactions: Mapping[str, int],
        epoch: int,
        *,
        after: Mapping[str, int] | None = None,
    ) -> None:
        """Rows and app transactions in one commit; raises Superseded once a later run has taken over.

        And LakeUnavailable where the app transactions `after` do not stand as they are given there.
        """
        # The epoch among the transactions: a take-over between the check and the commit makes the commit fail.
        with self._writing(table, epoch) as log:
            if moved := [name for name, at in (after or {}).items() if (log.transaction_version(name) or 0) != at]:
                raise LakeUnavailable(
                    f"{self.uri(table)} was written to by somebody else since it was read, as its {', '.join(moved)} "
                    "say; nothing is lost: run again"
                )
            self._commit(log, table, rows, {**transactions, EPOCH: epoch}, epoch)

    def note(self, table: str, rows: pa.Table) -> None:
        """Appends to a table that no run writes to: it takes nothing over, and a run beside it goes on."""
        with reporting(self.uri(table)), writing(self.root / table) as log:
            self._commit(log, table, rows, {}, log.transaction_version(EPOCH) or 0)

    @contextmanager
    def _writing(self, table: str, epoch: int) -> Iterator[TableLog]:
        """The table's log as it is now, if run `epoch` may still write to it; no other thread does meanwhile."""
        with reporting(self.uri(table)), writing(self.root / table) as log:
            _require_newest(log.transaction_version(EPOCH) or 0, self.uri(table), epoch)
            yield log

    def land(self, table: str, blocks: Sequence[Landing], epoch: int) -> list[int]:
        """Commits the blocks' rows with their partitions' next offsets, all as one; how many rows of each are new.

        What lies below a partition's committed offset is cut. Blocks of one partition follow each other.
        Raises MissingMessages if a block begins beyond the committed offset, and Superseded.
        """
        reached: dict[str, int] = {}
        with self._writing(table, epoch) as log:

            def before(name: str) -> int | None:
                return reached[name] if name in reached else log.transaction_version(name)

            new = [self._new_rows(table, block, before, reached) for block in blocks]
            if reached:
                self._commit(log, table, pa.concat_tables(new), reached, epoch)
        return [rows.num_rows for rows in new]

    def _new_rows(
        self, table: str, block: Landing, before: Callable[[str], int | None], reached: dict[str, int]
    ) -> pa.Table:
        """The rows that the lake does not have, and in `reached` the transactions that go with them."""
        start, end = block.span
        committed = before(block.source)
        if committed is None:
            committed = start  # first sight: the oldest message that the source still has
        if start > committed:
            raise MissingMessages(
                f"{block.source} is at {committed} in {self.uri(table)}, but the block begins at {start}"
            )
        if end <= committed:
            return block.rows.slice(0, 0)
        marks = block.marks(before, committed)
        reached |= {block.source: end, **marks}
        return block.rows.filter(pc.field("offset") >= committed) if start < committed else block.rows

    def transactions(self, table: str, names: Sequence[str]) -> dict[str, int]:
        """The app transactions of a table that there are, by name."""
        with reporting(self.uri(table)):
            opened = self.at_hand(table)
            versions = {name: opened.transaction_version(name) for name in names}
        return {name: version for name, version in versions.items() if version is not None}

    def read(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: pl.Expr | None = None,
        version: int | None = None,
    ) -> pl.DataFrame:
        """Rows of a table, as of a version or the newest; `where` is looked up in the files' own statistics.

        Raises LakeUnavailable.
        """
        listings = LISTINGS if version is None else 1
        while True:
            with reporting(self.uri(table)):
                files = self._files(table, version)
                try:
                    return _rows_of(files, pl.Schema(TABLES[table]), columns, where)
                except FileNotFoundError:  # compacted away since it was listed
                    listings -= 1
                    if not listings:
                        raise

    def _files(self, table: str, version: int | None) -> list[str]:
        if version is None:
            return sorted(newest(self.root / table).files())
        return [unquote(uri) for uri in DeltaTable(self.uri(table), version=version).file_uris()]

    def rows(self, table: str) -> int:
        """How many rows a table has, by its log alone; 0 if there is no such table yet."""
        if not self.exists(table):
            return 0
        return sum(pa.table(self.open(table).get_add_actions(flatten=True))["num_records"].to_pylist())

    def watermark(self) -> datetime | None:
        """Up to when events are taken to have arrived, as of the newest attribution commit."""
        if not self.exists("order_attributions"):
            return None
        micros = self.transactions("order_attributions", [WATERMARK]).get(WATERMARK)
        return (
            None
            if micros is None
            else datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
        )

    def sources(self) -> list[str]:
        """Every `topic/partition` that has landed a message or a reject."""
        if not self.exists("rejected_events"):
            return []
        rows = [self.read(table, ["topic", "partition"]).unique() for table in (*LANDING, "rejected_events")]
        return sorted({f"{topic}/{partition}" for frame in rows for topic, partition in frame.iter_rows()})

    def require_newest(self, epoch: int) -> None:
        """Raises Superseded once a later run has taken the whole lake over; cheap enough to ask every second."""
        last = tuple(TABLES)[-1]
        _require_newest(self.transactions(last, [EPOCH]).get(EPOCH, 0), self.uri(last), epoch)

    def _commit(self, log: TableLog, table: str, rows: pa.Table, transactions: Mapping[str, int], epoch: int) -> None:
        """One commit, also without rows: offsets count."""
        with metrics.timing_commit(table):
            files = [add_rows(self.root / table, log.version + 1, rows)] if rows.num_rows else []
            try:
                log.commit(files, transactions)
            except Contended as error:
                for file in files:
                    (self.root / table / file.path).unlink()
                _require_newest(log.transaction_version(EPOCH) or 0, self.uri(table), epoch)
                raise LakeUnavailable(
                    f"{self.uri(table)} is written to by somebody else ({error}); nothing is lost: run again"
                ) from error


def _rows_of(files: list[str], schema: pl.Schema, columns: Sequence[str] | None, where: pl.Expr | None) -> pl.DataFrame:
    # Not through the log's own bounds, as Arrow's readers do: to weigh them costs more than to open the files.
    rows = pl.scan_parquet(files, schema=schema, missing_columns="insert") if files else pl.LazyFrame(schema=schema)
    rows = rows if where is None else rows.filter(where)
    return (rows if columns is None else rows.select(columns)).collect()


def _require_newest(latest: int, uri: str, epoch: int) -> None:
    if latest > epoch:
        raise Superseded(
            f"run {latest} writes to {uri} now; this one, run {epoch}, stops. "
            "What it committed stays, and the other goes on from there"
        )


@contextmanager
def reporting(uri: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError, pa.ArrowInvalid, pl.exceptions.ComputeError) as error:
        raise LakeUnavailable(
            f"{uri} cannot be used: {error}. What was committed is whole; free space or mend the permissions, "
            "then run again"
        ) from error
