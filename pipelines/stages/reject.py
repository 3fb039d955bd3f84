"""Reject: messages that decode refused, into `rejected_events`, each once, and to the dead-letter topic."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import polars as pl
from apache_beam.utils.shared import Shared

from pipelines import metrics
from pipelines.logs import log
from pipelines.records import Decoded
from pipelines.stages.gather import Gathered
from pipelines.stages.land import stored
from pipelines.stores.dead_letters import DeadLetters, DeadLetterTopic
from pipelines.stores.lake import Lake, Landing, no_marks


@dataclass
class Reject(beam.PTransform):
    """Commits blocks' rejects to `rejected_events`, with offsets of that table's own, before the blocks land.

    In, out:  PCollection[Decoded]; those of one partition in offset order, passed on as they came.
    Promise:  where a partition has landed up to an offset, all its rejects below it are stored. So a block
              without rejects needs no commit, and a run may begin where the landing table stands.
              With a dead-letter topic they are there too, each at least once, those of a partition in order.
    Repeated: what lies below the committed offset is not written again, but sent again: nobody knows whether it was.
    Raises:   Superseded, LakeUnavailable, KafkaUnavailable for the dead-letter topic; each must stop the job.
    """

    lake: Lake
    epoch: int
    now: Callable[[], datetime]
    dead_letters: DeadLetterTopic | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, blocks: beam.PCollection[Decoded]) -> beam.PCollection[Decoded]:
        return blocks | "CommitRejects" >> beam.ParDo(Gathered(_Rejected(self))).with_output_types(Decoded)


class _Rejected:
    """Stores the rejects of blocks that have arrived together in one commit, and passes the blocks on."""

    def __init__(self, transform: Reject) -> None:
        self._lake = transform.lake
        self._epoch = transform.epoch
        self._now = transform.now
        self._topic = transform.dead_letters
        self._shared = Shared()  # one producer for all instances of this class in a process
        self._letters: DeadLetters | None = None

    def open(self) -> None:
        if (topic := self._topic) is not None:
            self._letters = self._shared.acquire(lambda: DeadLetters(topic))

    def commit(self, blocks: Sequence[Decoded]) -> Iterator[Decoded]:
        refused = [block for block in blocks if block.rejected.height]
        rows = [stored("rejected_events", block.rejected, self._now()) for block in refused]
        # From 0: what lies between the last rejects and these was without any, or it would not be here.
        landings = [Landing(b.source, (0, b.end), its, no_marks) for b, its in zip(refused, rows, strict=True)]
        written = self._lake.land("rejected_events", landings, self._epoch) if landings else []
        for block, its, new in zip(refused, rows, written, strict=True):
            _tell(block, block.rejected.tail(new))
            if self._letters is not None:
                self._letters.send(its)
                metrics.dead_letters_sent(block.topic, its.num_rows)
        yield from blocks

    def close(self) -> None:
        if self._letters is not None:
            self._letters.close()


def _tell(block: Decoded, rejected: pl.DataFrame) -> None:
    """What is newly stored of a block's rejects, counted by reason: never what the messages said."""
    if not rejected.height:
        return
    kinds = Counter(rejected.select("step", "reason").iter_rows())
    metrics.rejected(block.topic, kinds)
    log.info(
        "messages rejected",
        topic=block.topic,
        partition=block.partition,
        offset=int(rejected["offset"][0]),
        messages=rejected.height,
        reasons={reason: count for (_, reason), count in kinds.most_common()},
    )
