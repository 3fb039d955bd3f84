"""Stream: the messages of Kafka's topics as they come, in blocks, for as long as the run lives."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.io.unbounded_source import CheckpointMark, ReadFromUnboundedSource, UnboundedReader, UnboundedSource
from apache_beam.utils.timestamp import MAX_TIMESTAMP, MIN_TIMESTAMP, Timestamp

from pipelines.failures import KafkaUnavailable, OffsetGone
from pipelines.records import EVENTS, Messages
from pipelines.rules.watermark import watermark_of
from pipelines.stages.backlog import Backlog
from pipelines.stages.sightings import SIGHTINGS
from pipelines.stores.kafka import Place, partitions
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_readers import Readers

DISCOVER_SECONDS = 10.0
LIVE_MESSAGES = 5_000  # collected at once; with more it is behind, and large blocks are quicker
LEAST_SECONDS = 0.01  # for the answer of a broker to what was asked for before
TOPICS = list(EVENTS)
STOPPING = threading.Event()
"""Set to end the streams of this process: each reader gives what it holds and says that it is through."""


@dataclass(frozen=True)
class Following:
    """How to follow the topics: from which offsets, in which blocks, and what to do about messages that are gone.

    `offsets` by `topic/partition`; a partition without one begins with the oldest message that the broker has.
    """

    connection: Connection
    offsets: Mapping[str, int]
    splits: int
    block_messages: int
    block_seconds: float
    disorder: int  # microseconds, as all durations here
    idle_after: int
    goes_on_at_gaps: bool = False


@dataclass
class ReadStream(beam.PTransform):
    """Every message of the four topics from the given offsets on, also of partitions and topics that come later.

    Out:       PCollection[Messages]; those of one partition in offset order. While much is there, those of a split's
               partitions in the order of the broker's timestamps, so that an order comes after its clicks.
    Promise:   each block's `start` is the `end` of the partition's block before. Nothing is acknowledged to the
               broker: a run begins where the lake stands.
    Watermark: by the broker's timestamps, less the disorder; a partition that has fallen behind by more than
               `idle_after` holds nothing back, and where nothing comes it is the clock's. No stage waits for it.
    Raises:    OffsetGone, KafkaUnavailable for what does not heal by waiting; each stops the job.
    """

    following: Following

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[Messages]:
        # No delay where nothing is there: a reader waits by itself, some engines cut delays below a second to none.
        read = ReadFromUnboundedSource(Topics(self.following), poll_interval=0)
        return pipeline | "Follow" >> read.with_output_types(Messages)


@dataclass(frozen=True)
class Topics(UnboundedSource):
    """The partitions whose number, counted on from the topic's, leaves the remainder `split` of `splits`.

    So each partition belongs to one split, also one that is not there yet; with as many splits as partitions
    each has its own.
    """

    following: Following
    split_number: int | None = None

    def split(self, desired_num_splits: int, options: Any = None) -> Iterable["Topics"]:  # noqa: ARG002 (Beam's names)
        return [replace(self, split_number=number) for number in range(self.following.splits)]

    def create_reader(self, options: Any, checkpoint_mark: CheckpointMark | None) -> "TopicsReader":  # noqa: ARG002
        offsets = checkpoint_mark.offsets if isinstance(checkpoint_mark, Offsets) else self.following.offsets
        return TopicsReader(self, offsets)

    def get_checkpoint_mark_coder(self) -> PickleCoder:
        return PickleCoder()

    def default_output_coder(self) -> Any:
        return beam.coders.registry.get_coder(Messages)

    def owns(self, place: Place) -> bool:
        topic, partition = place
        splits = self.following.splits
        return self.split_number is None or (TOPICS.index(topic) + partition) % splits == self.split_number


@dataclass(frozen=True)
class Offsets(CheckpointMark):
    """Where each partition of a split goes on, by `topic/partition`."""

    offsets: Mapping[str, int]


class TopicsReader(UnboundedReader):
    """Gives all blocks that are there, then says that there are no more, so that the engine takes them on."""

    def __init__(self, source: Topics, offsets: Mapping[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._following = source.following
        self._offsets = dict(offsets)
        self._clock = clock
        self._readers = Readers(self._following.connection)
        self._discovered_at: float | None = None
        self._backlog = Backlog()
        self._ready: deque[Messages] = deque()
        self._latest: dict[str, int] = {}
        self._has_given = self._is_through = False
        self._collected_at: float | None = None
        self._is_behind = False

    @property
    def offsets(self) -> Mapping[str, int]:
        """Where each partition goes on behind what has been given, by `topic/partition`."""
        return self._offsets

    @property
    def is_behind(self) -> bool:
        """Whether it came upon so much that there is likely more."""
        return self._is_behind

    def start(self) -> bool:
        return self.advance()

    def advance(self) -> bool:
        SIGHTINGS.turn()
        if not self._ready and not self._has_given:
            self._collect()
        if not self._ready:
            self._is_through = STOPPING.is_set()
            return False
        self._current = self._ready.popleft()
        self._offsets[self._current.source] = self._current.end
        if self._current.sent_at:
            self._latest[self._current.source] = max(self._current.sent_at)
        self._has_given = True
        return True

    def get_current(self) -> Messages:
        return self._current

    def get_current_timestamp(self) -> Timestamp:
        return Timestamp(micros=self._latest.get(self._current.source, 0))

    def get_watermark(self) -> Timestamp:
        if self._is_through:
            return MAX_TIMESTAMP
        now = int(time.time() * 1_000_000)
        # Where nothing comes, time goes on. It must: an engine looks for work at its stages when a watermark moves.
        latest = self._latest.values() if self._ready or self._has_given else [now]
        reached = watermark_of(latest, self._following.disorder, self._following.idle_after, now)
        return MIN_TIMESTAMP if reached is None else Timestamp(micros=reached)

    def get_checkpoint_mark(self) -> Offsets:
        self._has_given = False
        return Offsets(dict(self._offsets))

    def close(self) -> None:
        self._readers.close()

    def _collect(self) -> None:
        if STOPPING.is_set():
            return
        is_away = bool(self._readers.seconds_without_broker())
        if self._discovered_at is None or (self._clock() - self._discovered_at >= DISCOVER_SECONDS and not is_away):
            self._discover()
        if not self._readers.positions:
            time.sleep(self._following.block_seconds)
        try:
            most, seconds = self._following.block_messages, self._seconds_each()
            for block in self._readers.blocks(most, seconds, without=self._backlog.sources):
                self._backlog.add(self._first(block))
                SIGHTINGS.turn()
        except OffsetGone as gap:
            if not self._following.goes_on_at_gaps:
                raise
            self._backlog.add(self._readers.skip(gap))
        if self._readers.positions:
            SIGHTINGS.broker(is_connected=not self._readers.seconds_without_broker())
        self._is_behind = len(self._backlog) >= LIVE_MESSAGES
        self._ready.extend(self._backlog.take(in_order=self._is_behind))

    def _seconds_each(self) -> float:
        """How long to wait at each partition, so that all are looked at once in `block_seconds`, the work included."""
        now, before = self._clock(), self._collected_at
        self._collected_at = now
        whole = self._following.block_seconds
        if self._is_behind:
            return whole
        left = whole if before is None else whole - (now - before)
        return max(LEAST_SECONDS, left / max(1, len(self._readers.positions)))

    def _first(self, block: Messages) -> Messages:
        """What comes of a partition for the first time stands for all that was before it."""
        return block if block.source in self._offsets else replace(block, start=0)

    def _discover(self) -> None:
        """Partitions that are new to this split: they begin with the oldest message that the broker has."""
        try:
            for topic, partition in partitions(self._following.connection.impatient):
                place = (topic, partition)
                if self._source.owns(place) and place not in self._readers.positions:
                    offset = self._offsets.get(f"{topic}/{partition}")
                    self._readers.add(place, offset)
                    SIGHTINGS.partition(f"{topic}/{partition}", offset)
        except KafkaUnavailable:
            pass  # the broker is away: what is known is read when it is back, what is new is found then
        self._discovered_at = self._clock()
