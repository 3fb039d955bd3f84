"""Land: decoded blocks into their landing table, each message once, whatever was killed before."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import apache_beam as beam
import polars as pl
import pyarrow as pa

from pipelines import metrics
from pipelines.logs import log
from pipelines.records import Decoded, Offsets, Rows, Share
from pipelines.stages.counters import StageCounter
from pipelines.stages.gather import Gathered
from pipelines.stores.lake import Lake, Landing, latest_mark, unconsented_mark, unknown_fields_mark
from pipelines.stores.tables import TABLES


@dataclass
class Land(beam.PTransform):
    """Commits blocks to their landing tables, together with their partitions' next offsets, and passes them on.

    In:       PCollection[Decoded]; those of one partition in offset order, with no shuffle behind the reader.
    Out:      PCollection[Rows].
    Promise:  a message is in the table once.
    Repeated: what lies below the committed offset is not written again, but still passed on, since
              the stages behind may not have seen it.
    Share:    each block goes on with a share of its own, by which Commit knows when all of it is through.
    Raises:   MissingMessages, Superseded, LakeUnavailable; each must stop the job.
    Counters: land/in, land/written (messages).
    """

    lake: Lake
    epoch: int
    now: Callable[[], datetime]
    new_token: Callable[[], str]

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, blocks: beam.PCollection[Decoded]) -> beam.PCollection[Rows]:
        return blocks | "CommitBlocks" >> beam.ParDo(Gathered(_Landed(self))).with_output_types(Rows)


class _Landed:
    """Lands blocks that have arrived together, those of a topic in one commit."""

    def __init__(self, transform: Land) -> None:
        self._lake = transform.lake
        self._epoch = transform.epoch
        self._now = transform.now
        self._new_token = transform.new_token
        self._in = StageCounter("land", "in")
        self._written = StageCounter("land", "written")

    def open(self) -> None:
        pass

    def commit(self, blocks: Sequence[Decoded]) -> Iterator[Rows]:
        by_topic: dict[str, list[Decoded]] = {}
        for block in blocks:
            by_topic.setdefault(block.topic, []).append(block)
        for topic, its in by_topic.items():
            yield from self._of_topic(topic, its)

    def close(self) -> None:
        pass

    def _of_topic(self, topic: str, blocks: Sequence[Decoded]) -> Iterator[Rows]:
        now = self._now()
        landings = [
            Landing(block.source, (block.start, block.end), stored(topic, block.rows, now), partial(_marks, block))
            for block in blocks
        ]
        for block, written in zip(blocks, self._lake.land(topic, landings, self._epoch), strict=True):
            self._in.inc(block.rows.height)
            self._written.inc(written)
            metrics.landed(topic, block.partition, written)
            where = {"topic": topic, "partition": block.partition, "offset": block.start}
            log.debug("block landed", **where, end=block.end, messages=written)
            offsets = block.start, block.end
            share = Share(block.source, self._new_token(), *offsets, Share.WHOLE, block.sent_at, _latest(block))
            yield Rows(topic, block.rows, share)


def _marks(block: Decoded, before: Callable[[str], int | None], committed: int) -> dict[str, int]:
    """The partition's greatest instant, and running counts of what is counted and not stored."""
    names = [mark(block.source) for mark in (latest_mark, unconsented_mark, unknown_fields_mark)]
    latest, unconsented, unknown = (before(name) or 0 for name in names)
    latest = max(latest, _latest(block) or 0)
    unconsented += _new(block.unconsented, committed)
    unknown += _new(block.with_unknown_fields, committed)
    marks = zip(names, (latest, unconsented, unknown), strict=True)
    return {name: mark for name, mark in marks if mark}


def _latest(block: Decoded) -> int | None:
    """The greatest instant, in microseconds."""
    return block.rows["occurred_at"].cast(pl.Int64).max()  # type: ignore[return-value]


def stored(table: str, rows: pl.DataFrame, ingested_at: datetime) -> pa.Table:
    """The rows as the lake stores them: its columns, types and nullability."""
    schema = TABLES[table]
    instant = pl.lit(ingested_at).cast(pl.Datetime("us", "UTC"))
    frame = rows.with_columns(ingested_at=instant).select(schema.names)
    return frame.to_arrow().cast(schema)


def _new(offsets: Offsets, committed: int) -> int:
    return int((offsets >= committed).sum())
