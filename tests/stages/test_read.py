"""Read: every message of every file from its offset on, in blocks that follow each other."""

import gzip

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.engines import run_direct
from pipelines.failures import KafkaUnavailable, OffsetGone
from pipelines.stages.read import ReadKafka, ReadTopics
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer
from pipelines.stores.topics import topic_files


@pytest.fixture
def files(tmp_path):
    (tmp_path / "clicks").mkdir()
    (tmp_path / "clicks" / "a.ndjson").write_bytes(b'{"a":1}\n{"a":2}\n\n{"a":3}\n')
    (tmp_path / "clicks" / "b.ndjson.gz").write_bytes(gzip.compress(b'{"b":1}\n{"b":2}\n'))
    (tmp_path / "orders.ndjson").write_bytes(b'{"o":1}\n{"o":')
    return topic_files(tmp_path, [])


def read(starts, block_messages, expected):
    def build(p):
        blocks = p | ReadTopics(starts, block_messages) | beam.Map(lambda b: (b.source, b.start, b.end, b.payloads))
        assert_that(blocks, equal_to(expected))

    run_direct(build)


def test_every_file_is_read_to_its_last_whole_line(files):
    read(
        [(file, 0) for file in files],
        50_000,
        [
            ("clicks/0", 0, 25, [b'{"a":1}', b'{"a":2}', b'{"a":3}']),
            ("clicks/1", 0, 16, [b'{"b":1}', b'{"b":2}']),
            ("orders/0", 0, 8, [b'{"o":1}']),
        ],
    )


def test_a_block_starts_where_the_one_before_it_ends(files):
    read(
        [(files[0], 8), (files[1], 8)],
        1,
        [
            ("clicks/0", 8, 16, [b'{"a":2}']),
            ("clicks/0", 16, 17, []),
            ("clicks/0", 17, 25, [b'{"a":3}']),
            ("clicks/1", 8, 16, [b'{"b":2}']),
        ],
    )


def test_a_block_holds_at_least_one_message(files):
    with pytest.raises(ValueError, match="block_messages is 0"):
        ReadTopics([(files[0], 0)], 0)


@pytest.fixture
def three_orders(broker):
    """A broker with three messages on a partition of orders, the first of which is gone."""
    broker.reset()
    with Producer(Connection(broker.bootstrap_servers)) as producer:
        for value in (b"a", b"b", b"c"):
            producer.send("orders", value, partition=1)
        producer.flush()
    broker.delete_records("orders", 1, 1)
    return Connection(broker.bootstrap_servers, request_timeout_seconds=3)


def drain(connection, offsets, ends, expected=(), *, goes_on_at_gaps=False):
    def build(p):
        read = ReadKafka(connection, offsets, ends, goes_on_at_gaps=goes_on_at_gaps)
        blocks = p | read | beam.Map(lambda b: (b.source, b.start, b.end, b.payloads, b.gone_before))
        assert_that(blocks, equal_to(list(expected)))

    run_direct(build)


def test_a_partition_is_read_to_its_end(three_orders):
    ends = {("orders", 1): 3, ("clicks", 0): 0}
    drain(three_orders, {}, ends, [("orders/1", 0, 3, [b"b", b"c"], None)])
    drain(three_orders, {"orders/1": 2}, ends, [("orders/1", 2, 3, [b"c"], None)])
    drain(three_orders, {"orders/1": 3}, ends, [])


def test_a_gap_stops_or_is_told(three_orders):
    ends = {("orders", 1): 3}
    with pytest.raises(OffsetGone, match="orders/1: offset 0"):
        drain(three_orders, {"orders/1": 0}, ends)
    told = [("orders/1", 0, 1, [], 1), ("orders/1", 1, 3, [b"b", b"c"], None)]
    drain(three_orders, {"orders/1": 0}, ends, told, goes_on_at_gaps=True)


def test_a_partition_that_never_gets_there_is_told(three_orders):
    with pytest.raises(KafkaUnavailable, match=r"nothing came of orders/1 for 3 s, where it should go on at 3 up to 9"):
        drain(three_orders, {"orders/1": 3}, {("orders", 1): 9})
