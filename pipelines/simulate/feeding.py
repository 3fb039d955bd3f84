"""Feeding: a simulated world's messages produced to Kafka as a shop would, in the order in which they arrive."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipelines.records import EVENTS
from pipelines.schema_store import partition_key_of
from pipelines.simulate.deliveries import Arrival, Delivery, merged
from pipelines.simulate.faults import Faults
from pipelines.simulate.live import LiveClock
from pipelines.simulate.shoppers import microseconds
from pipelines.simulate.world import Simulated, make_world, require_room
from pipelines.stores.kafka_connection import Connection, open_client, unavailable
from pipelines.stores.kafka_producer import LARGEST, Producer

TICK = 0.01  # seconds by which the feed may be ahead of its rate


@dataclass(frozen=True, slots=True)
class Feed:
    """What to feed: worlds of so many orders that end at `until`, one, or one after the other if it is `endless`.

    `rate`: events a second, 0 for as fast as it goes. `live`: each event happens as it is sent; it needs a rate.
    """

    seed: int
    orders: int
    faults: Faults
    until: datetime
    partitions: int = 2
    rate: float = 0.0
    is_live: bool = False
    is_endless: bool = False


@dataclass(frozen=True, slots=True)
class Fed:
    """What was sent to each topic, of how many worlds; `faults` are those of the worlds whole, by kind."""

    messages: dict[str, int]
    worlds: int
    orders: int
    influencers: int
    campaigns: int
    faults: dict[str, int]
    is_complete: bool


def feed(folder: Path, connection: Connection, given: Feed, stop: threading.Event, now: Callable[[], datetime]) -> Fed:
    """Writes reference data and truth below `folder`, makes the topics that are absent, and sends every message.

    It ends when the world is through, or `stop` is set; what was sent is then in its topic.
    Raises BadInput before anything is written, KafkaUnavailable.
    """
    require_room(folder, given.seed, given.orders, given.until)
    make_topics(connection, given.partitions)
    sent: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    with Producer(connection) as producer:
        for number in count() if given.is_endless else range(1):
            made, deliveries = _world(folder, given, number)
            faults.update(made.faults)
            clock = LiveClock.of(deliveries, microseconds(now()), given.rate) if given.is_live else None
            sent.update(send(merged(deliveries), producer, given.rate, clock, stop))
            if stop.is_set():
                break
    messages = {topic: sent[topic] for topic in EVENTS}
    orders = (number + 1) * given.orders
    return Fed(messages, number + 1, orders, made.influencers, made.campaigns, dict(faults), not stop.is_set())


def make_topics(connection: Connection, partitions: int) -> None:
    """The topics of the events, with so many partitions, unless they are there; raises KafkaUnavailable."""
    topic = {"num_partitions": partitions, "configs": {"max.message.bytes": str(LARGEST)}}
    timeout = int(connection.request_timeout_seconds * 1000)
    admin, connections = open_client(connection, KafkaAdminClient, bootstrap_timeout_ms=timeout)
    try:
        for name in EVENTS.keys() - set(admin.list_topics()):
            try:
                admin.create_topics({name: topic}, wait_for_metadata=True)
            except TopicAlreadyExistsError:  # another feed was quicker
                continue
    except KafkaError as error:
        raise unavailable(connection, error, connections.failure) from error
    finally:
        admin.close()


def send(
    arrivals: Iterable[Arrival], producer: Producer, rate: float, clock: LiveClock | None, stop: threading.Event
) -> Counter[str]:
    """Sends the messages at a rate, moved by the clock if there is one, until `stop` is set; how many by topic."""
    sent: Counter[str] = Counter()
    begun = time.monotonic()
    for place, (_, topic, payload) in enumerate(arrivals):
        seconds = pause(place, time.monotonic() - begun, rate)
        if stop.wait(seconds) if seconds else stop.is_set():
            break
        producer.send(topic, clock.moved(payload) if clock else payload, key=key_of(topic, payload))
        sent[topic] += 1
    return sent


def pause(sent: int, elapsed: float, rate: float) -> float:
    """For how many seconds to wait before the next message: 0 until it is ahead by a tick, and always without a rate.

    `sent` messages in `elapsed` seconds. What was missed is made up for, as fast as it goes.
    """
    ahead = sent / rate - elapsed if rate else 0.0
    return ahead if ahead >= TICK else 0.0


def key_of(topic: str, payload: bytes) -> bytes:
    """The id that keeps a message in its partition; a message that has none has an empty key."""
    found = _key_pattern(topic).search(payload)
    return found[1] if found else b""


@cache
def _key_pattern(topic: str) -> re.Pattern[bytes]:
    return re.compile(rb'"%s": ?"([^"]*)"' % partition_key_of(topic).encode())


def _world(folder: Path, given: Feed, number: int) -> tuple[Simulated, list[Delivery]]:
    deliveries: list[Delivery] = []
    made = make_world(
        folder,
        deliveries.append,
        seed=given.seed,
        orders=given.orders,
        faults=given.faults,
        until=given.until,
        number=number,
    )
    return made, deliveries
