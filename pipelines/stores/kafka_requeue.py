"""Sending rejected messages to Kafka again: all of them or none, each with a mark by which it is found again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from pipelines.failures import KafkaUnavailable
from pipelines.stores.kafka import Place, spans
from pipelines.stores.kafka_connection import Connection, open_client, unavailable
from pipelines.stores.kafka_producer import WAITING
from pipelines.stores.kafka_reader import READING

MARK = "codetrail-requeued"
"""The header with the place of the rejected message: topic/partition/offset."""
POLL_MS = 200
GIVING_UP_MS = 3000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way to `place`, marked as what was rejected at `mark`."""

    place: Place
    mark: str
    value: bytes


class Requeuing:
    """The one sender of a lake's rejected messages, to be closed at last; each method raises KafkaUnavailable.

    Opening it ends what an earlier one of the same `name` had begun: a transaction that was not committed is given
    up, and nothing of it can arrive any more. So what `marked` does not find was not sent.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._timeout = int(connection.request_timeout_seconds * 1000)
        self._producer, self._connections = open_client(
            connection,
            KafkaProducer,
            transactional_id=name,
            transaction_timeout_ms=self._timeout,  # for so long readers may wait for what a killed one left open
            bootstrap_timeout_ms=self._timeout,
            max_block_ms=self._timeout,
            delivery_timeout_ms=self._timeout + int(WAITING["linger_ms"]),
            **WAITING | {"batch_size": 0},  # kafka-python 3.0 loses why a batch was refused that it has to split
        )
        try:
            self._producer.init_transactions()
        except KafkaError as error:
            self.close()
            raise self._unavailable(error) from error

    def marked(self, since: Mapping[Place, int]) -> dict[str, tuple[int, int]]:
        """By mark, the partition and offset of each message that was sent again, from these offsets on.

        Waits for the transactions of others that are open there, as what stands behind them is not to be seen yet.
        """
        held = spans(self._connection, list(since), "read_uncommitted")
        found: dict[str, tuple[int, int]] = {}
        consumer, connections = open_client(
            self._connection, KafkaConsumer, bootstrap_timeout_ms=self._timeout, **READING
        )
        try:
            for place, (first, end) in held.items():
                for record in self._records(consumer, place, max(first, since[place]), end):
                    for name, mark in record.headers:
                        if name == MARK:
                            found.setdefault(mark.decode(errors="replace"), (place[1], record.offset))
        except KafkaError as error:
            raise unavailable(self._connection, error, connections.failure) from error
        finally:
            consumer.close()
        return found

    def send(self, messages: Sequence[Outgoing]) -> list[int]:
        """Sends the messages in one transaction; the offset of each when it is committed."""
        failures: list[Exception] = []
        try:
            self._producer.begin_transaction()
            sending = [
                self._producer.send(
                    one.place[0], value=one.value, partition=one.place[1], headers=[(MARK, one.mark.encode())]
                )
                for one in messages
            ]
            for one in sending:
                one.add_errback(failures.append)
            self._producer.flush(timeout=2 * self._connection.request_timeout_seconds)
            if failures:
                raise failures[0]
            offsets = [int(one.get(timeout=self._connection.request_timeout_seconds).offset) for one in sending]
            # Not by commit_transaction, which would wait for ever.
            committing = self._producer._transaction_manager.begin_commit()  # noqa: SLF001
            self._producer._sender.wakeup()  # noqa: SLF001
            if not committing.wait(timeout_ms=self._timeout):
                raise KafkaTimeoutError("the transaction was not committed in time")
        except KafkaError as error:
            self._give_up()
            raise self._unavailable(error) from error
        return offsets

    def close(self) -> None:
        """Lets go of the brokers."""
        with suppress(KafkaError):
            self._producer.close(timeout=self._connection.request_timeout_seconds)

    def _records(self, consumer: KafkaConsumer, place: Place, offset: int, end: int) -> Iterator[Any]:
        partition = TopicPartition(*place)
        consumer.assign([partition])
        consumer.seek(partition, offset)
        until = time.monotonic() + self._connection.request_timeout_seconds
        while consumer.position(partition, timeout_ms=0) < end:
            if found := consumer.poll(POLL_MS).get(partition, ()):
                until = time.monotonic() + self._connection.request_timeout_seconds
                yield from found
            elif time.monotonic() > until:
                raise KafkaTimeoutError(f"{place[0]}/{place[1]} was read only in part")

    def _give_up(self) -> None:
        """Ends the transaction now: until it times out, readers would wait for it."""
        with suppress(KafkaError):
            self._producer._transaction_manager.begin_abort().wait(timeout_ms=GIVING_UP_MS)  # noqa: SLF001

    def _unavailable(self, error: Exception) -> KafkaUnavailable:
        found = unavailable(self._connection, error, self._connections.failure)
        return type(found)(f"{found}. Send again: what has arrived is not sent twice")
