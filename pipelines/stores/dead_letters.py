"""Dead letters: rejected messages on a topic of their own, for who mends and sends them again."""

import threading
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pyarrow as pa

from pipelines.failures import KafkaUnavailable
from pipelines.stores.kafka import partition_count
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer

LARGEST_PAYLOAD = 1_000_000  # bytes; a topic takes 1,048,588 with key and headers unless its settings say otherwise
HEADERS = ("topic", "partition", "offset", "step", "reason", "detail", "ingested_at")


@dataclass(frozen=True)
class DeadLetterTopic:
    """Where dead letters go; the letters of one partition stay in order in one of the topic's `partitions`."""

    connection: Connection
    name: str
    partitions: int


def dead_letter_topic(connection: Connection, name: str) -> DeadLetterTopic:
    """The topic as it is now; raises KafkaUnavailable, also when it is not there: nobody makes it by writing to it."""
    count = partition_count(connection, name)
    if not count:
        raise KafkaUnavailable(
            f"{connection.bootstrap_servers} has no topic {name}: make it there, or unset dead_letter_topic"
        )
    return DeadLetterTopic(connection, name, count)


class DeadLetters:
    """Sends letters to the topic, over one producer that is opened when the first is sent; threads may share it."""

    def __init__(self, topic: DeadLetterTopic) -> None:
        self._topic = topic
        self._lock = threading.Lock()
        self._producer: Producer | None = None

    def send(self, rejected: pa.Table) -> None:
        """Sends rows of `rejected_events` in their order; returns when the topic has them on all replicas in step.

        Key: `topic/partition/offset`. Value: the stored payload, or nothing where that is larger than
        LARGEST_PAYLOAD: the header `payload_bytes` says how large, and the lake has it. Other headers: HEADERS.
        Raises KafkaUnavailable when that is not certain: then some may be there.
        """
        with self._lock:
            self._producer = self._producer or Producer(self._topic.connection)
            try:
                for row in rejected.to_pylist():
                    self._send(self._producer, row)
                self._producer.flush()
            except KafkaUnavailable as failure:
                self._close()
                raise KafkaUnavailable(
                    f"dead_letter_topic {self._topic.name}: {failure}. The rejected messages are in rejected_events, "
                    "and are sent again with their block"
                ) from failure

    def close(self) -> None:
        """Lets go of the brokers; the next letter opens a producer anew."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._producer is not None:
            self._producer.close()
        self._producer = None

    def _send(self, producer: Producer, row: dict[str, Any]) -> None:
        source, payload = f"{row['topic']}/{row['partition']}", row["payload"]
        headers = [(name, _text(row[name]).encode()) for name in HEADERS]
        if len(payload) > LARGEST_PAYLOAD:
            headers.append(("payload_bytes", str(len(payload)).encode()))
            payload = b""
        key = f"{source}/{row['offset']}".encode()
        partition = crc32(source.encode()) % self._topic.partitions
        producer.send(self._topic.name, payload, key, headers, partition)


def _text(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)
