"""Reject: messages that decode refused, into `rejected_events`, each once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import polars as pl

from pipelines.records import Decoded
from pipelines.stages.land import stored
from pipelines.stores.lake import Lake, no_marks
from pipelines.stores.tables import REJECTED_EVENTS

NOTHING = pl.DataFrame(schema=pl.Schema(REJECTED_EVENTS))


@dataclass
class Reject(beam.PTransform):
    """Commits each block's rejects to `rejected_events`, with an offset of that table's own.

    In, out:  PCollection[Decoded]; those of one partition in offset order, passed on as they came.
    Repeated: what lies below the committed offset is not written again. Blocks without a reject move the offset
              at the end of their bundle: after a crash they are read again, and rejected nothing.
    Raises:   MissingMessages, Superseded, LakeUnavailable; each must stop the job.
    """

    lake: Lake
    epoch: int
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, blocks: beam.PCollection[Decoded]) -> beam.PCollection[Decoded]:
        return blocks | "CommitRejects" >> beam.ParDo(_CommitRejects(self)).with_output_types(Decoded)


class _CommitRejects(beam.DoFn):
    def __init__(self, transform: Reject) -> None:
        self._lake = transform.lake
        self._epoch = transform.epoch
        self._now = transform.now

    def start_bundle(self) -> None:
        self._quiet: dict[str, tuple[int, int]] = {}  # by source, the span of blocks without a reject

    def process(self, block: Decoded) -> Iterator[Decoded]:
        start, _ = self._quiet.pop(block.source, (block.start, block.end))
        if block.rejected.height:
            self._commit(block.source, (start, block.end), block.rejected)
        else:
            self._quiet[block.source] = (start, block.end)
        yield block

    def finish_bundle(self) -> None:
        for source, span in self._quiet.items():
            self._commit(source, span, NOTHING)

    def _commit(self, source: str, span: tuple[int, int], rejected: pl.DataFrame) -> None:
        rows = stored("rejected_events", rejected, self._now())
        self._lake.land("rejected_events", source, span, rows, no_marks, self._epoch)
