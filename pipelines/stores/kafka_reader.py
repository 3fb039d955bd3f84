"""What a partition of a topic holds from an offset on, block by block, read with kafka-python."""

import time
from collections.abc import Sequence
from typing import Any, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, LogTruncationError, OffsetOutOfRangeError, RetriableError

from pipelines.failures import CodetrailError, OffsetGone
from pipelines.records import Messages
from pipelines.stores.kafka_connection import REFUSED, Connection, Connections, open_client, unavailable

NEWEST_BROKER = (4, 3)  # the newest that the client knows; an older one tells its version when it is reached
PAUSE = 0.1  # seconds before another try
READING: dict[str, Any] = {
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "none",  # a lost offset is told, never replaced
    "isolation_level": "read_committed",
    "max_partition_fetch_bytes": 4 << 20,  # a larger message comes all the same, alone
    "check_crcs": False,  # in Python it takes longer than all the rest; the brokers check them, and TCP its own
    "metrics_enabled": False,
}


class Reader(Protocol):
    """The messages of one partition in order, from an offset on.

    `position` is where the next block starts. Not to be shared between threads.
    """

    position: int

    def block(self, max_messages: int, max_seconds: float) -> Messages | None:
        """The next messages: at most `max_messages`, of the `max_seconds` since the first of them.

        None if none came in `max_seconds`: there are none, or no broker, or no such partition yet. A block
        may be empty, when all between its ends was compacted away or belongs to the broker's own records.
        Raises OffsetGone, and KafkaUnavailable for what does not heal by waiting.
        """
        ...

    def seconds_without_broker(self) -> float:
        """For how long no broker has been connected; 0 while one is."""
        ...

    def close(self) -> None: ...


class PartitionReader:
    """A Reader of one partition; it connects with the first block, and again whenever it must."""

    def __init__(self, connection: Connection, topic: str, partition: int, offset: int) -> None:
        self.position = offset
        self._connection = connection
        self._place = TopicPartition(topic, partition)
        self._consumer: KafkaConsumer | None = None
        self._connections: Connections | None = None
        self._last_connected = time.monotonic()

    def block(self, max_messages: int, max_seconds: float) -> Messages | None:
        consumer = self._opened()
        records: list[Any] = []
        failure: CodetrailError | None = None
        until = time.monotonic() + max_seconds
        while len(records) < max_messages and (left := until - time.monotonic()) > 0:
            try:
                new = self._poll(consumer, left, max_messages - len(records))
            except CodetrailError as error:
                failure = error
                break
            if new and not records:
                until = time.monotonic() + max_seconds
            records += new
        end = self._reached(consumer)
        if failure:
            self.close()  # what follows is read anew
            if end == self.position:
                raise failure
        return self._next(records, end)

    def seconds_without_broker(self) -> float:
        if self._connections is not None and self._connections.connected:
            self._last_connected = time.monotonic()
            return 0.0
        return time.monotonic() - self._last_connected

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = self._connections = None

    def _opened(self) -> KafkaConsumer:
        if self._consumer is None:
            consumer, self._connections = open_client(
                self._connection, KafkaConsumer, api_version=NEWEST_BROKER, **READING
            )
            consumer.assign([self._place])
            consumer.seek(self._place, self.position)
            self._consumer = consumer
        return self._consumer

    def _poll(self, consumer: KafkaConsumer, seconds: float, most: int) -> Sequence[Any]:
        """What is there at once, or comes within `seconds`."""
        assert self._connections is not None
        try:
            new: Sequence[Any] = consumer.poll(seconds * 1000, max_records=most).get(self._place, ())
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            return self._gone(consumer, error)
        except RetriableError:
            time.sleep(min(seconds, PAUSE))
            new = ()
        except KafkaError as error:
            raise unavailable(self._connection, error) from error
        if not new and isinstance(self._connections.failure, REFUSED):
            raise unavailable(self._connection, self._connections.failure)
        self.seconds_without_broker()
        return new

    def _gone(self, consumer: KafkaConsumer, error: KafkaError) -> Sequence[Any]:
        """Raises OffsetGone; returns nothing if the offset is there after all, or nobody can tell now."""
        place, wanted = self._place, self._reached(consumer)
        wait = self._connection.request_timeout_seconds * 1000
        try:
            first = consumer.beginning_offsets([place], timeout_ms=wait)[place]
            end = consumer.end_offsets([place], timeout_ms=wait)[place]
        except KafkaError:
            return ()
        if first <= wanted <= end and isinstance(error, OffsetOutOfRangeError):
            return ()
        raise gone(place.topic, place.partition, wanted, first, end)

    def _reached(self, consumer: KafkaConsumer) -> int:
        """The offset up to which the consumer has handed out what there is."""
        offset = consumer.position(self._place, timeout_ms=0)
        return self.position if offset is None else int(offset)

    def _next(self, records: Sequence[Any], end: int) -> Messages | None:
        start, self.position = self.position, end
        if end == start:
            return None
        return Messages(
            self._place.topic,
            self._place.partition,
            start,
            end,
            [record.offset for record in records],
            [record.value or b"" for record in records],
            [record.timestamp * 1000 for record in records],
        )


def gone(topic: str, partition: int, wanted: int, first: int, end: int) -> OffsetGone:
    """The failure that tells what became of the offset `wanted` of a partition that holds `first` to `end`."""
    where = f"{topic}/{partition}: offset {wanted} is to be read next"
    if wanted < first:
        text = (
            f"{where}, and the first that is left is {first}: {first - wanted} offsets are gone, deleted or past the "
            "topic's retention. Restore them, or go on from what is left in a new lake; lengthen the retention"
        )
    else:
        text = (
            f"{where}, and the partition ends at {end}: the topic was made anew or cut, or this is another cluster. "
            "Check bootstrap_servers; for a topic made anew, start a new lake"
        )
    return OffsetGone(text, topic, partition, wanted, first, end)
