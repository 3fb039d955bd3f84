"""Turns: each turn gives what is there, the state says where the next goes on, and a failed one is read again."""

import time

import pytest
from apache_beam.utils.timestamp import Timestamp

from pipelines.stages.stream import Following
from pipelines.stages.turns import _ReadSplit
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer

SPLIT = 0
WAIT = 20.0  # seconds
NOW = 1_000.0


class Cell:
    """One cell of state, or one timer, as the engine hands it to a turn."""

    value = None

    def read(self):
        return self.value

    def write(self, value):
        self.value = value

    def set(self, value):
        self.value = value


@pytest.fixture
def following(broker):
    broker.reset()
    connection = Connection(broker.bootstrap_servers)
    return Following(connection, {}, splits=1, block_messages=100, block_seconds=0.2, disorder=0, idle_after=1)


@pytest.fixture
def produce(broker):
    def send(topic, *values):
        with Producer(Connection(broker.bootstrap_servers)) as producer:
            for value in values:
                producer.send(topic, value, partition=0)
            producer.flush()

    return send


@pytest.fixture
def worker(following):
    """A worker's copy of the step, with what it has parked closed at the end."""
    step = _ReadSplit(following, lambda: NOW)
    step.setup()
    yield step
    for reader in step._parked.readers.values():
        reader.close()


def read(step, state, wanted, timer=None):
    """Turns until so many messages came."""
    found, until = [], time.monotonic() + WAIT
    while sum(len(block.payloads) for block in found) < wanted and time.monotonic() < until:
        found += step.take_turn(SPLIT, state, timer or Cell())
    return [(block.source, block.start, block.end, block.payloads) for block in found]


def test_a_seed_begins_the_turns_and_each_names_the_next(worker, following, produce):
    seeded, timer, state = Cell(), Cell(), Cell()
    worker.process((SPLIT, 0), seeded)
    assert seeded.value == Timestamp.of(NOW)
    produce("orders", b"a", b"b")
    assert read(worker, state, 2, timer) == [("orders/0", 0, 2, [b"a", b"b"])]
    assert timer.value == Timestamp.of(NOW + following.block_seconds)
    assert state.value == {"orders/0": 2}


def test_the_reader_is_kept_from_turn_to_turn(worker, produce):
    state = Cell()
    produce("orders", b"a")
    read(worker, state, 1)
    kept = worker._parked.readers[SPLIT]
    produce("orders", b"b")
    assert read(worker, state, 1) == [("orders/0", 1, 2, [b"b"])]
    assert worker._parked.readers[SPLIT] is kept


def test_what_a_failed_turn_has_read_is_read_again(worker, produce):
    state = Cell()
    produce("orders", b"a")
    read(worker, state, 1)
    before = dict(state.value)
    produce("orders", b"b")
    assert read(worker, state, 1) == [("orders/0", 1, 2, [b"b"])]
    state.value = before  # as of the checkpoint before
    assert read(worker, state, 1) == [("orders/0", 1, 2, [b"b"])]


def test_another_worker_goes_on_from_the_state(worker, following, produce):
    state = Cell()
    produce("orders", b"a")
    read(worker, state, 1)
    produce("orders", b"b")
    other = _ReadSplit(following)
    other.setup()
    assert read(other, state, 1) == [("orders/0", 1, 2, [b"b"])]
    for reader in other._parked.readers.values():
        reader.close()
