"""Read: the messages of topic files, or of Kafka's topics up to their ends, in blocks."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import apache_beam as beam

from pipelines.failures import KafkaUnavailable, OffsetGone
from pipelines.records import Messages
from pipelines.stores.kafka import Place
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_readers import Readers
from pipelines.stores.topics import BLOCK_MESSAGES, TopicFile, read_messages


@dataclass
class ReadTopics(beam.PTransform):
    """Every message of every file from its offset to its end.

    Out:      PCollection[Messages]; those of one partition in offset order.
    Promise:  bounded; topics come in the order given, so clicks that precede orders are met before them.
    """

    starts: Sequence[tuple[TopicFile, int]]
    block_messages: int = BLOCK_MESSAGES

    def __post_init__(self) -> None:
        if self.block_messages < 1:
            raise ValueError(f"block_messages is {self.block_messages}: a block holds at least one message")
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[Messages]:
        return (
            pipeline
            | "Partitions" >> beam.Create(list(self.starts), reshuffle=False)
            | "ReadPartition" >> beam.ParDo(_ReadPartition(self.block_messages)).with_output_types(Messages)
        )


class _ReadPartition(beam.DoFn):
    def __init__(self, block_messages: int) -> None:
        self._block_messages = block_messages

    def process(self, element: tuple[TopicFile, int]) -> Iterator[Messages]:
        file, start = element
        yield from read_messages(file, start, self._block_messages)


@dataclass
class ReadKafka(beam.PTransform):
    """Every message of every partition from its offset to a given end, or a little beyond.

    Out:      PCollection[Messages]; those of one partition in offset order.
    Promise:  bounded. `offsets` by `topic/partition`: one without begins with the oldest message that there is.
    Raises:   OffsetGone unless it `goes_on_at_gaps`, KafkaUnavailable.
    """

    connection: Connection
    offsets: Mapping[str, int]
    ends: Mapping[Place, int]
    block_messages: int = BLOCK_MESSAGES
    goes_on_at_gaps: bool = False

    def __post_init__(self) -> None:
        if self.block_messages < 1:
            raise ValueError(f"block_messages is {self.block_messages}: a block holds at least one message")
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[Messages]:
        return (
            pipeline
            | "Ends" >> beam.Create(list(self.ends.items()), reshuffle=False)
            | "ReadToEnd" >> beam.ParDo(_ReadToEnd(self)).with_output_types(Messages)
        )


class _ReadToEnd(beam.DoFn):
    def __init__(self, transform: ReadKafka) -> None:
        self._transform = transform

    def process(self, element: tuple[Place, int]) -> Iterator[Messages]:
        place, end = element
        given = self._transform
        source = f"{place[0]}/{place[1]}"
        readers = Readers(given.connection)
        readers.add(place, given.offsets.get(source))
        is_first = source not in given.offsets
        try:
            for block in _until(readers, place, end, given):
                # What comes of a partition for the first time stands for all that was before it.
                yield replace(block, start=0) if is_first else block
                is_first = False
        finally:
            readers.close()


def _until(readers: Readers, place: Place, end: int, given: ReadKafka) -> Iterator[Messages]:
    patience = given.connection.request_timeout_seconds
    heard_at = time.monotonic()
    while (position := readers.positions[place]) < end:
        try:
            # No more than are left before the end: a block that waited for others would cost each partition a second.
            blocks = list(readers.blocks(min(given.block_messages, end - position), 1.0))
        except OffsetGone as gap:
            if not given.goes_on_at_gaps:
                raise
            blocks = [readers.skip(gap)]
        if blocks:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > patience:
            raise KafkaUnavailable(
                f"{given.connection.bootstrap_servers}: nothing came of {place[0]}/{place[1]} for {patience:g} s, "
                f"where it should go on at {position} up to {end}; look whether the brokers are up, then run again"
            )
        yield from blocks
