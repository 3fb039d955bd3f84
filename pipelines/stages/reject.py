"""Reject: messages that decode refused, into `rejected_events`, each once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam

from pipelines.records import Decoded
from pipelines.stages.land import stored
from pipelines.stores.lake import Lake


@dataclass
class Reject(beam.PTransform):
    """Commits each block's rejects to `rejected_events`, with an offset of that table's own.

    In, out:  PCollection[Decoded]; those of one partition in offset order, passed on as they came.
    Repeated: what lies below the committed offset is not written again.
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

    def process(self, block: Decoded) -> Iterator[Decoded]:
        rows = stored("rejected_events", block.rejected, self._now())
        self._lake.land("rejected_events", block.source, (block.start, block.end), rows, {}, self._epoch)
        yield block
