"""What a partition of a topic holds from an offset on, read with confluent-kafka: the same, in C and faster."""

import json
import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipelines.failures import CodetrailError, KafkaRefused, KafkaUnavailable
from pipelines.records import Messages
from pipelines.stores.kafka_connection import LONGEST_BACKOFF_MS, PASSWORD, Connection
from pipelines.stores.kafka_reader import gone

READING: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",  # a lost offset is told, never replaced
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
    "enable.partition.eof": True,  # tells how far the partition was read where no messages are
    "fetch.message.max.bytes": 4 << 20,  # a larger message comes all the same, alone
    "queued.max.messages.kbytes": 64 << 10,
    "fetch.queue.backoff.ms": 5,  # a reader of whole blocks empties the queue at once
    "statistics.interval.ms": 1000,  # tells which brokers are up
    "log_level": 2,  # while a broker is away it writes several lines a second; see kafka_connection
}
LOST = {KafkaError._AUTO_OFFSET_RESET, KafkaError._LOG_TRUNCATION}
ABSENT = {KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART}
AWAY = {
    *(KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE, KafkaError._TIMED_OUT),
    *(KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.BROKER_NOT_AVAILABLE),
    *(KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS),
}
REFUSED = {
    *(KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED),
    *(KafkaError.UNSUPPORTED_SASL_MECHANISM, KafkaError.TOPIC_AUTHORIZATION_FAILED),
}


class PartitionReader:
    """A Reader of one partition; it connects with the first block, and again whenever it must."""

    def __init__(self, connection: Connection, topic: str, partition: int, offset: int) -> None:
        self.position = offset
        self._connection = connection
        self._topic = topic
        self._partition = partition
        self._consumer: Consumer | None = None
        self._connected = False
        self._last_connected = time.monotonic()
        self._refusal: KafkaError | None = None

    def block(self, max_messages: int, max_seconds: float) -> Messages | None:
        messages: list[Message] = []
        end = self.position
        failure: CodetrailError | None = None
        until = time.monotonic() + max_seconds
        while not failure and len(messages) < max_messages and (left := until - time.monotonic()) > 0:
            # It would wait for all that it is asked for, and time runs from the first message on.
            came = self._opened().consume(max_messages - len(messages) if messages else 1, left)
            new, end, failure = self._sorted(came, end)
            if new and not messages:
                until = time.monotonic() + max_seconds
            messages += new
        if failure and end == self.position:
            raise failure
        return self._next(messages, end)

    def seconds_without_broker(self) -> float:
        if self._connected:
            self._last_connected = time.monotonic()
            return 0.0
        return time.monotonic() - self._last_connected

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
        self._consumer, self._connected = None, False

    def _opened(self) -> Consumer:
        if self._consumer is None:
            self._refusal = None
            consumer = Consumer(
                _options(self._connection) | READING | {"error_cb": self._failed, "stats_cb": self._counted}
            )
            consumer.assign([TopicPartition(self._topic, self._partition, self.position)])
            self._consumer = consumer
        return self._consumer

    def _sorted(self, came: Sequence[Message], end: int) -> tuple[Sequence[Message], int, CodetrailError | None]:
        """The messages, the offset that is reached with them, and the failure that follows them."""
        self._connected = self._connected or bool(came)
        messages = [message for message in came if message.error() is None]
        if len(messages) == len(came) and not self._refusal:
            return messages, messages[-1].offset() + 1 if messages else end, None
        errors = [message for message in came if message.error() is not None]
        reached = [message.offset() for message in errors if message.error().code() == KafkaError._PARTITION_EOF]
        end = max([end, *reached, *(message.offset() + 1 for message in messages[-1:])])
        code = next((e.error() for e in errors if e.error().code() != KafkaError._PARTITION_EOF), self._refusal)
        return messages, end, self._failure(code, end) if code else None

    def _failure(self, error: KafkaError, wanted: int) -> CodetrailError | None:
        """What to raise; None if it heals by waiting. Closed is what would not go on by itself."""
        if error.code() in LOST:
            place = TopicPartition(self._topic, self._partition)
            try:
                held = self._opened().get_watermark_offsets(place, self._connection.request_timeout_seconds)
            except KafkaException:
                held = None
            self.close()
            return gone(self._topic, self._partition, wanted, *held) if held else None
        if error.code() in AWAY or error.retriable():
            return None
        self.close()
        if error.code() in ABSENT:
            return None
        where, who = self._connection.bootstrap_servers, self._connection.username
        if error.code() in REFUSED:
            return KafkaRefused(
                f"{where} refused the login or the request of {who!r} ({error.str()}): check kafka_username, "
                f"kafka_sasl_mechanism, {PASSWORD} or kafka_password_file, and what the brokers grant"
            )
        return KafkaUnavailable(f"{where}: {error.str()}; look into the broker's log and run again")

    def _failed(self, error: KafkaError) -> None:
        if error.code() in REFUSED:
            self._refusal = error
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._connected = False

    def _counted(self, statistics: str) -> None:
        brokers = json.loads(statistics)["brokers"].values()
        self._connected = any(broker["state"] == "UP" for broker in brokers)

    def _next(self, messages: Sequence[Message], end: int) -> Messages | None:
        start, self.position = self.position, end
        if end == start:
            return None
        return Messages(
            self._topic,
            self._partition,
            start,
            end,
            [message.offset() for message in messages],
            [message.value() or b"" for message in messages],
            [message.timestamp()[1] * 1000 for message in messages],
        )


def _options(connection: Connection) -> dict[str, Any]:
    """The properties of every client of confluent-kafka, the password among them."""
    options: dict[str, Any] = {
        "bootstrap.servers": connection.bootstrap_servers,
        "client.id": connection.client_id,
        "group.id": connection.group_id,
        "security.protocol": connection.security_protocol,
        "socket.timeout.ms": int(connection.request_timeout_seconds * 1000),
        "reconnect.backoff.max.ms": LONGEST_BACKOFF_MS,
    }
    files = {"ssl.ca.location": "ssl_cafile", "ssl.certificate.location": "ssl_certfile"}
    for name, setting in (files | {"ssl.key.location": "ssl_keyfile"}).items():
        if file := getattr(connection, setting):
            options[name] = str(file)
    if connection.logs_in:
        options["sasl.mechanism"] = connection.sasl_mechanism
        options["sasl.username"] = connection.username
        options["sasl.password"] = connection.password()
    return options
