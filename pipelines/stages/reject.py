"""Reject: messages that decode refused, into `rejected_events`, each once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam

from pipelines.records import Decoded
from pipelines.stages.land import stored
from pipelines.stores.lake import Lake, no_marks


@dataclass
class Reject(beam.PTransform):
    """Commits each block's rejects to `rejected_events`, with an offset of that table's own, before the block lands.

    In, out:  PCollection[Decoded]; those of one partition in offset order, passed on as they came.
    Promise:  where a partition has landed up to an offset, all its rejects below it are stored. So a block
              without rejects needs no commit, and a run may begin where the landing table stands.
    Repeated: what lies below the committed offset is not written again.
    Raises:   Superseded, LakeUnavailable; each must stop the job.
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

    def process(self, block: Decoded) -> Iterator[Decoded]:
        if block.rejected.height:
            rows = stored("rejected_events", block.rejected, self._now())
            # From 0: what lies between the last rejects and this block was without any, or it would not be here.
            self._lake.land("rejected_events", block.source, (0, block.end), rows, no_marks, self._epoch)
        yield block
