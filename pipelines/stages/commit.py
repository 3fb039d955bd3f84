"""Commit: attributions that say something new, as the next revisions of their orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import polars as pl
from apache_beam.metrics import Metrics

from pipelines.records import Attributed
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.watermark import is_settled, watermark_of
from pipelines.stages.revisions import digests
from pipelines.stages.working_set import Runs
from pipelines.stores.lake import WATERMARK, Lake, attributed_mark, latest_mark
from pipelines.stores.tables import ORDER_ATTRIBUTIONS

FLUSH_ROWS = 10_000  # orders, at some kilobytes each, that wait for one commit


@dataclass(frozen=True)
class Revisions:
    """What every revision of a run carries: its cause and rules, and how it tells settled from provisional."""

    cause: str
    reference_version: str
    sources: tuple[str, ...]  # `topic/partition` of all that the run reads
    disorder: int  # microseconds, like all durations here
    idle_after: int
    lateness: int


@dataclass
class Commit(beam.PTransform):
    """Appends to `order_attributions` what differs from each order's current attribution.

    In:       PCollection[Attributed] of all shards; one committer for all gives each order's next revision_key.
    Out:      PCollection[int]: revisions in each commit.
    Repeated: an attribution equal to the current one is dropped.
    Raises:   Superseded, LakeUnavailable; each must stop the job.
    Counters: commit/in, commit/out (attributions).
    """

    lake: Lake
    epoch: int
    now: Callable[[], datetime]
    revisions: Revisions

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, rows: beam.PCollection[Attributed]) -> beam.PCollection[int]:
        return (
            rows
            | "ToOneCommitter" >> beam.Map(lambda rows: (0, rows)).with_output_types(tuple[int, Attributed])
            | "CommitRevisions" >> beam.ParDo(_CommitRevisions(self)).with_output_types(int)
        )


class _CommitRevisions(beam.DoFn):
    def __init__(self, transform: Commit) -> None:
        self._transform = transform
        self._in = Metrics.counter("commit", "in")
        self._out = Metrics.counter("commit", "out")

    def start_bundle(self) -> None:
        self._waiting: list[pl.DataFrame] = []
        self._current: Runs | None = None

    def process(self, element: tuple[int, Attributed]) -> Iterator[int]:
        _, rows = element
        self._waiting.append(rows.rows)
        if sum(frame.height for frame in self._waiting) >= FLUSH_ROWS:
            self._flush()
            yield 1

    def finish_bundle(self) -> None:
        self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pl.concat(self._waiting).unique("order_id", keep="last", maintain_order=True)
        self._waiting = []
        rows = rows.with_columns(digests(rows))
        if self._current is None:
            self._current = _current(self._transform.lake)
        new = _changed(rows, self._current)
        self._in.inc(rows.height)
        self._out.inc(new.height)
        if new.height:
            commit_revisions(self._transform, new)
            self._current.add(new.select("order_id", "revision_key", "digest"))


def commit_revisions(transform: Commit, new: pl.DataFrame, marks: Mapping[str, int] | None = None) -> None:
    """Commits revisions (or none) with the watermark of this moment, and with further app transactions."""
    lake, revisions, now = transform.lake, transform.revisions, transform.now()
    watermark = newest_watermark(lake, revisions, now)
    settled = [
        at is not None and is_settled(at, revisions.lateness, watermark)
        for at in new["ordered_at"].cast(pl.Int64).to_list()
    ]
    rows = new.with_columns(
        computed_at=pl.lit(now).cast(pl.Datetime("us", "UTC")),
        cause=pl.lit(revisions.cause),
        status=pl.Series(["settled" if is_past else "provisional" for is_past in settled], dtype=pl.String),
        reference_version=pl.lit(revisions.reference_version),
    ).select(ORDER_ATTRIBUTIONS.names)
    transactions = dict(marks or {})
    if watermark is not None:
        transactions[WATERMARK] = watermark
    lake.append("order_attributions", rows.to_arrow().cast(ORDER_ATTRIBUTIONS), transactions, transform.epoch)


def finish(transform: Commit, offsets: Mapping[str, int]) -> None:
    """Records up to which offset each partition went through attribution, with the watermark of now: an empty commit.

    `offsets`: by `topic/partition`.
    """
    nothing = pl.DataFrame(schema=pl.Schema(ORDER_ATTRIBUTIONS))
    commit_revisions(transform, nothing, {attributed_mark(source): offset for source, offset in offsets.items()})


def landed_offsets(lake: Lake, sources: Sequence[str]) -> dict[str, int]:
    """The next offset of each partition that has landed."""
    found: dict[str, int] = {}
    for source in sources:
        found |= lake.transactions(source.split("/")[0], [source])
    return found


def newest_watermark(lake: Lake, revisions: Revisions, now: datetime) -> int | None:
    """The watermark of what has landed, never behind the one that the lake has already; microseconds."""
    latest: list[int] = []
    for source in revisions.sources:
        latest += lake.transactions(source.split("/")[0], [latest_mark(source)]).values()
    clock = (now - EPOCH) // MICROSECOND
    reached = watermark_of(latest, revisions.disorder, revisions.idle_after, clock)
    before = lake.transactions("order_attributions", [WATERMARK]).get(WATERMARK)
    return max((mark for mark in (reached, before) if mark is not None), default=None)


def _current(lake: Lake) -> Runs:
    runs = Runs("order_id")
    runs.add(lake.read("order_attributions", ["order_id", "revision_key", "digest"]))
    return runs


def _changed(rows: pl.DataFrame, current: Runs) -> pl.DataFrame:
    """Rows that differ from their order's current revision, with the next key; no order that never was is new."""
    known = current.gather(rows["order_id"])
    if known is None:
        known = pl.DataFrame(schema={"order_id": pl.String, "revision_key": pl.Int64, "digest": pl.String})
    last = known.sort("revision_key").unique("order_id", keep="last")
    joined = rows.drop("revision_key", strict=False).join(
        last.rename({"digest": "before"}), on="order_id", how="left", maintain_order="left"
    )
    is_new = pl.col("revision_key").is_null() & pl.col("ordered_at").is_not_null()
    differs = pl.col("digest") != pl.col("before")
    return (
        joined.filter(is_new | differs.fill_null(value=False))
        .with_columns(revision_key=pl.col("revision_key").fill_null(0) + 1)
        .drop("before")
    )
