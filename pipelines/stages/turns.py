"""Turns: the messages of Kafka's topics as they come, each split read whenever its timer says so."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import Timestamp

from pipelines.records import Messages
from pipelines.stages.stream import Following, Topics, TopicsReader

OFFSETS = ReadModifyWriteStateSpec("offsets", PickleCoder())
OF_OFFSETS = beam.DoFn.StateParam(OFFSETS)
TURN = TimerSpec("turn", TimeDomain.REAL_TIME)
OF_TURN = beam.DoFn.TimerParam(TURN)


@dataclass
class ReadInTurns(beam.PTransform):
    """Every message of the four topics from the given offsets on, also of partitions and topics that come later.

    `seeds` gives an element, whatever it is, at once and now and then for ever: the first begins the reading.

    Out:      PCollection[Messages]; those of one partition in offset order.
    Promise:  each block's `start` is the `end` of the partition's block before. Nothing is acknowledged to the
              broker: a run begins where the lake stands.
    Key:      the split: each partition belongs to one.
    State:    where each partition of the split goes on, and nothing else, however long the run lasts. An
              UnboundedSource would leave a cell of state behind whenever it has no more for now, which some engines
              keep for ever (apache/beam #27648).
    Timer:    by the clock: the split's next turn, `block_seconds` after the one before, at once when it is behind.
    Raises:   OffsetGone, KafkaUnavailable for what does not heal by waiting; each stops the job.
    """

    following: Following
    seeds: beam.PTransform

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[Messages]:
        splits = range(self.following.splits)
        return (
            pipeline
            | "Seeds" >> self.seeds
            | "EachSplit" >> beam.FlatMap(lambda _: [(split, 0) for split in splits]).with_output_types(tuple[int, int])
            | "ReadSplit" >> beam.ParDo(_ReadSplit(self.following)).with_output_types(Messages)
        )


class _Parked:
    """This process's readers between turns, by split. Whoever takes one has it alone."""

    def __init__(self) -> None:
        self.readers: dict[int, TopicsReader] = {}


class _ReadSplit(beam.DoFn):
    def __init__(self, following: Following, clock: Callable[[], float] = time.time) -> None:
        self._following = following
        self._clock = clock
        self._shared = Shared()

    def setup(self) -> None:
        self._parked: _Parked = self._shared.acquire(_Parked)

    def process(self, element: tuple[int, int], turn: Any = OF_TURN) -> None:  # noqa: ARG002 (Beam's names)
        turn.set(Timestamp.of(self._clock()))

    @on_timer(TURN)  # type: ignore[untyped-decorator]
    def take_turn(
        self, split: int = beam.DoFn.KeyParam, offsets: Any = OF_OFFSETS, turn: Any = OF_TURN
    ) -> Iterator[Messages]:
        before = offsets.read()
        reader = self._taken(split, before)
        while reader.advance():
            yield reader.get_current()
        after = dict(reader.get_checkpoint_mark().offsets)
        if after != before:
            offsets.write(after)
        self._parked.readers[split] = reader
        turn.set(Timestamp.of(self._clock() + (0 if reader.is_behind else self._following.block_seconds)))

    def _taken(self, split: int, offsets: dict[str, int] | None) -> TopicsReader:
        """The split's reader, if it stands where the state says: what a failed bundle has read is read again."""
        wanted = self._following.offsets if offsets is None else offsets
        reader = self._parked.readers.pop(split, None)
        if reader is not None and reader.offsets == wanted:
            return reader
        if reader is not None:
            reader.close()
        return TopicsReader(Topics(self._following, split), wanted)
