"""Messages on their way to a topic: each is there once and in order, or a failure says why not."""

from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from pipelines.failures import KafkaUnavailable
from pipelines.stores.kafka_connection import Connection, open_client, unavailable

LARGEST = 16 << 20  # bytes; the broker has its own limit
WAITING: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "max_request_size": LARGEST,
    "batch_size": 256 << 10,
    "linger_ms": 20,
    "compression_type": "zstd",  # a checksum in Python is the slowest part: over fewer bytes it is faster
    "metrics_enabled": False,
}


class Producer:
    """Sends messages to existing topics, as a context: what was sent is there when the block ends.

    Every method raises KafkaUnavailable, for an earlier message as well: then nothing is certain of
    the messages since the last `flush`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._failure: Exception | None = None
        self._seconds = connection.request_timeout_seconds
        timeout = int(self._seconds * 1000)
        self._producer, self._connections = open_client(
            connection,
            KafkaProducer,
            bootstrap_timeout_ms=timeout,
            max_block_ms=timeout,
            delivery_timeout_ms=timeout + int(WAITING["linger_ms"]),
            **WAITING,
        )

    def send(
        self,
        topic: str,
        value: bytes,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
        sent_at: int | None = None,
    ) -> None:
        """Hands one message over, to be sent with others; `sent_at` is in microseconds."""
        self._raise_failure()
        millis = None if sent_at is None else sent_at // 1000
        try:
            sending = self._producer.send(
                topic, value=value, key=key, headers=list(headers), partition=partition, timestamp_ms=millis
            )
        except KafkaTimeoutError as error:
            if not self._connections.connected:
                raise self._unavailable(error) from error
            where = self._connection.bootstrap_servers
            raise KafkaUnavailable(
                f"{where} has no topic {topic} (or took too long to say so): make it there"
            ) from error
        except KafkaError as error:
            raise self._unavailable(error) from error
        sending.add_errback(self._failed)

    def flush(self) -> None:
        """Returns when every message is in its topic, on all replicas that are in step."""
        try:
            self._producer.flush(timeout=2 * self._seconds)  # by then each has arrived or was given up
        except KafkaError as error:
            raise self._unavailable(error) from error
        self._raise_failure()

    def close(self) -> None:
        """Lets go of the brokers; messages that were not flushed may or may not arrive."""
        with suppress(KafkaError):
            self._producer.close(timeout=self._seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()

    def _failed(self, error: Exception) -> None:
        self._failure = self._failure or error

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._unavailable(self._failure) from self._failure

    def _unavailable(self, error: Exception) -> Exception:
        return unavailable(self._connection, error, self._connections.failure)
