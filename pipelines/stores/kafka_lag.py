"""Lag: how far the brokers are ahead of an offset of each partition, in messages and in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.stores.kafka import Place, sent_at, spans
from pipelines.stores.kafka_connection import Connection


@dataclass(frozen=True, slots=True)
class Lag:
    """Of one partition: `messages` are the offsets from `offset` to the broker's `end`; some may be no messages.

    `waiting_since`: when the first message from `offset` on was sent, in microseconds; None if there is none.
    """

    topic: str
    partition: int
    offset: int
    end: int
    waiting_since: int | None

    @property
    def messages(self) -> int:
        return max(0, self.end - self.offset)

    def seconds(self, now: float) -> float:
        """How old the first message is at `now`, in seconds since 1970; 0 if there is none."""
        return 0.0 if self.waiting_since is None else max(0.0, now - self.waiting_since / 1_000_000)


def lags(connection: Connection, places: Sequence[Place], offsets: Mapping[str, int]) -> list[Lag]:
    """How far these partitions are behind `offsets`, by `topic/partition`; one without begins with its oldest message.

    Raises KafkaUnavailable.
    """
    held = spans(connection, places)
    at = {
        (topic, partition): offsets.get(f"{topic}/{partition}", first)
        for (topic, partition), (first, _) in held.items()
    }
    waiting = sent_at(connection, {place: offset for place, offset in at.items() if offset < held[place][1]})
    return [Lag(*place, offset, held[place][1], waiting.get(place)) for place, offset in at.items()]
