"""Several partitions read in turn by one reader of a stream, each by a client of its own."""

from collections.abc import Container, Iterator

from pipelines.failures import OffsetGone
from pipelines.records import Messages
from pipelines.stores.kafka import Place, open_reader, spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_reader import Reader


class Readers:
    """Readers of partitions that may grow in number. Not to be shared between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._readers: dict[Place, Reader] = {}

    @property
    def positions(self) -> dict[Place, int]:
        """Where each partition's next block starts."""
        return {place: reader.position for place, reader in self._readers.items()}

    def add(self, place: Place, offset: int | None) -> None:
        """Reads a partition from an offset on, or from the oldest message that the broker has.

        Raises KafkaUnavailable when the oldest cannot be asked for.
        """
        if offset is None:
            offset, _ = spans(self._connection, [place])[place]
        if place in self._readers:
            self._readers[place].close()
        self._readers[place] = open_reader(self._connection, *place, offset)

    def blocks(
        self, max_messages: int, seconds_each: float, without: Container[str] = frozenset()
    ) -> Iterator[Messages]:
        """The next block of each partition that has one, waiting `seconds_each` at every partition.

        `without`: the partitions, as `topic/partition`, that are left out. Raises OffsetGone, and KafkaUnavailable for
        what does not heal by waiting.
        """
        for (topic, partition), reader in self._readers.items():
            if f"{topic}/{partition}" in without:
                continue
            if (block := reader.block(max_messages, seconds_each)) is not None:
                yield block

    def skip(self, gap: OffsetGone) -> Messages:
        """Goes on behind messages that are gone: a block without messages that says so.

        Raises the gap where nothing newer is there: the partition is another one.
        """
        if gap.first <= gap.wanted:
            raise gap
        place = gap.topic, gap.partition
        self.add(place, gap.first)
        return Messages(*place, gap.wanted, gap.first, [], [], [], gone_before=gap.first)

    def seconds_without_broker(self) -> float:
        """For how long no broker has been connected; 0 while one is."""
        return min((reader.seconds_without_broker() for reader in self._readers.values()), default=0)

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers = {}
