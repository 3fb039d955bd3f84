"""Read: the messages of topic files, in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam

from pipelines.records import Messages
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
