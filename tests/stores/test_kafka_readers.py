"""Readers: several partitions in turn, that grow in number, and that skip what is gone when they are told to."""

import time

import pytest

from pipelines.failures import OffsetGone
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer
from pipelines.stores.kafka_readers import Readers

SOON = 20.0


@pytest.fixture
def connection(broker):
    broker.reset()
    return Connection(broker.bootstrap_servers)


@pytest.fixture
def readers(connection):
    readers = Readers(connection)
    yield readers
    readers.close()


@pytest.fixture
def produce(connection):
    def send(topic, *values, partition=0):
        with Producer(connection) as producer:
            for value in values:
                producer.send(topic, value, partition=partition)
            producer.flush()

    return send


def read(readers, wanted):
    found, until = [], time.monotonic() + SOON
    while sum(len(block.payloads) for block in found) < wanted and time.monotonic() < until:
        found += readers.blocks(100, 0.2)
    return sorted((block.source, block.start, block.end, block.payloads) for block in found)


def test_partitions_are_read_in_turn_and_more_may_come(readers, produce):
    produce("orders", b"a", b"b")
    produce("clicks", b"c", partition=1)
    readers.add(("orders", 0), 1)
    assert read(readers, 1) == [("orders/0", 1, 2, [b"b"])]
    readers.add(("clicks", 1), None)
    assert read(readers, 1) == [("clicks/1", 0, 1, [b"c"])]
    assert readers.positions == {("orders", 0): 2, ("clicks", 1): 1}
    assert readers.seconds_without_broker() == 0


def test_without_an_offset_the_oldest_message_is_the_first(broker, readers, produce):
    produce("orders", b"a", b"b", b"c")
    broker.delete_records("orders", 0, 2)
    readers.add(("orders", 0), None)
    assert read(readers, 1) == [("orders/0", 2, 3, [b"c"])]


def test_what_is_gone_is_skipped_when_told(broker, readers, produce):
    produce("orders", b"a", b"b", b"c")
    broker.delete_records("orders", 0, 2)
    readers.add(("orders", 0), 1)
    with pytest.raises(OffsetGone) as gone:
        read(readers, 1)
    skipped = readers.skip(gone.value)
    assert (skipped.start, skipped.end, skipped.payloads, skipped.gone_before) == (1, 2, [], 2)
    assert read(readers, 1) == [("orders/0", 2, 3, [b"c"])]


def test_another_partition_is_never_skipped_to(readers, produce):
    produce("orders", b"a")
    readers.add(("orders", 0), 5)
    with pytest.raises(OffsetGone) as gone:
        read(readers, 1)
    with pytest.raises(OffsetGone):
        readers.skip(gone.value)


def test_no_partitions_are_no_blocks(readers):
    assert list(readers.blocks(100, 0.1)) == []
    assert readers.seconds_without_broker() == 0
