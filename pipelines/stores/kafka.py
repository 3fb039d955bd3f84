"""What a cluster holds of the four topics: which partitions, from which offset to which, and sent when."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from pipelines.failures import BadInput
from pipelines.records import EVENTS
from pipelines.stores.kafka_connection import Connection, open_client, unavailable
from pipelines.stores.kafka_reader import READING, PartitionReader, Reader

PATIENCE = 0.2  # seconds; a poll that meets no message waits to its end even if it went on
Place = tuple[str, int]
"""A topic and a partition of it."""


def partitions(connection: Connection) -> list[Place]:
    """The partitions of those of the four topics that exist, sorted; raises KafkaUnavailable."""
    with _admin(connection) as admin:
        return _partitions(admin, EVENTS)


def sources_of(places: Iterable[Place]) -> list[str]:
    """The partitions as the lake names them: `topic/partition`."""
    return [f"{topic}/{partition}" for topic, partition in places]


def partition_count(connection: Connection, topic: str) -> int:
    """How many partitions a topic has, 0 if there is none; raises KafkaUnavailable."""
    with _admin(connection) as admin:
        return len(_partitions(admin, [topic]))


def spans(
    connection: Connection, wanted: Sequence[Place], isolation: str = "read_committed"
) -> dict[Place, tuple[int, int]]:
    """The first offset of each partition, and the one after its last committed message; raises KafkaUnavailable.

    A partition that does not exist has none. With the isolation `read_uncommitted` open transactions count too.
    """
    with _admin(connection) as admin:
        found = set(_partitions(admin, {topic for topic, _ in wanted}))
        places = [TopicPartition(*place) for place in wanted if place in found]
        if not places:
            return {}
        first = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
        end = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST), isolation)
        return {tuple(place): (first[place].offset, end[place].offset) for place in places}


def sent_at(connection: Connection, places: Mapping[Place, int]) -> dict[Place, int | None]:
    """When the message at or after each offset was sent, in microseconds; None if there is none.

    Raises KafkaUnavailable.
    """
    held = spans(connection, list(places))
    sent: dict[Place, int | None] = dict.fromkeys(places)
    waiting = {place: max(places[place], first) for place, (first, end) in held.items() if places[place] < end}
    if not waiting:
        return sent
    with _consumer(connection, **READING | {"max_partition_fetch_bytes": 1 << 16}) as consumer:
        for place, offset in waiting.items():
            sent[place] = _sent_at(consumer, TopicPartition(*place), offset, held[place][1], connection)
    return sent


def commit_offsets(connection: Connection, offsets: Mapping[Place, int]) -> None:
    """Tells the consumer group's offsets to who watches its lag; nothing here reads them. Raises KafkaUnavailable."""
    told = {TopicPartition(*place): OffsetAndMetadata(offset) for place, offset in offsets.items()}
    with _consumer(connection, group_id=connection.group_id, enable_auto_commit=False) as consumer:
        consumer.commit(told, timeout_ms=int(connection.request_timeout_seconds * 1000))


def open_reader(connection: Connection, topic: str, partition: int, offset: int) -> Reader:
    """A reader by the client that the settings name; raises BadInput when that is not installed."""
    if connection.client == "kafka-python":
        return PartitionReader(connection, topic, partition, offset)
    if find_spec("confluent_kafka") is None:
        raise BadInput(
            "kafka_client is confluent-kafka, which is not installed: pip install 'codetrail[fast]', or leave it out"
        )
    from pipelines.stores import kafka_confluent

    return kafka_confluent.PartitionReader(connection, topic, partition, offset)


def _admin(connection: Connection) -> AbstractContextManager[Any]:
    return _opened(connection, KafkaAdminClient)


def _consumer(connection: Connection, **options: Any) -> AbstractContextManager[Any]:
    return _opened(connection, KafkaConsumer, **options)


@contextmanager
def _opened(connection: Connection, kind: Callable[..., Any], **options: Any) -> Iterator[Any]:
    timeout = int(connection.request_timeout_seconds * 1000)
    client, connections = open_client(connection, kind, bootstrap_timeout_ms=timeout, **options)
    try:
        yield client
    except KafkaError as error:
        raise unavailable(connection, error, connections.failure) from error
    finally:
        client.close()


def _partitions(admin: Any, topics: Sequence[str] | set[str] | Mapping[str, Any]) -> list[Place]:
    return sorted(
        (topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(sorted(topics))
        for partition in topic["partitions"]
    )


def _sent_at(consumer: Any, place: TopicPartition, offset: int, end: int, connection: Connection) -> int | None:
    """What lies between two offsets may be no message at all, but what compaction and transactions leave."""
    consumer.assign([place])
    consumer.seek(place, offset)
    until = time.monotonic() + connection.request_timeout_seconds
    while (left := until - time.monotonic()) > 0 and consumer.position(place, timeout_ms=0) < end:
        for record in consumer.poll(min(left, PATIENCE) * 1000, max_records=1).get(place, ()):
            return int(record.timestamp) * 1000
    return None
