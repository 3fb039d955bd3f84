"""Stream: blocks of all partitions, also later ones, from an offset on; a mark resumes where its blocks ended."""

import time
from dataclasses import replace

import pytest
from apache_beam.utils.timestamp import MAX_TIMESTAMP

from pipelines.failures import OffsetGone
from pipelines.stages import stream
from pipelines.stages.stream import STOPPING, Following, Offsets, Topics
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer

WAIT = 20.0  # seconds


@pytest.fixture
def following(broker):
    broker.reset()
    connection = Connection(broker.bootstrap_servers)
    yield Following(connection, {}, splits=1, block_messages=100, block_seconds=0.2, disorder=0, idle_after=1)
    STOPPING.clear()


@pytest.fixture
def produce(broker):
    def send(topic, *values, partition=0):
        with Producer(Connection(broker.bootstrap_servers)) as producer:
            for value in values:
                producer.send(topic, value, partition=partition)
            producer.flush()

    return send


def read(reader, wanted, seconds=WAIT):
    """Blocks until so many messages came: (source, start, end, messages) each."""
    found, until = [], time.monotonic() + seconds
    while sum(len(block.payloads) for block in found) < wanted and time.monotonic() < until:
        while reader.advance():
            found.append(reader.get_current())
        reader.get_checkpoint_mark()
    return [(block.source, block.start, block.end, block.payloads) for block in found]


def test_each_partition_s_blocks_follow_each_other(following, produce):
    reader = Topics(following).create_reader(None, None)
    produce("orders", b"a", b"b", partition=1)
    assert read(reader, 2) == [("orders/1", 0, 2, [b"a", b"b"])]
    produce("orders", b"c", partition=1)
    produce("clicks", b"d")
    assert sorted(read(reader, 2)) == [("clicks/0", 0, 1, [b"d"]), ("orders/1", 2, 3, [b"c"])]
    reader.close()


def test_a_mark_resumes_behind_the_blocks_that_were_given(following, produce):
    source = Topics(following)
    reader = source.create_reader(None, None)
    produce("orders", b"a", b"b")
    read(reader, 2)
    coder = source.get_checkpoint_mark_coder()
    mark = coder.decode(coder.encode(reader.get_checkpoint_mark()))
    reader.close()
    produce("orders", b"c")
    again = source.create_reader(None, mark)
    assert read(again, 1) == [("orders/0", 2, 3, [b"c"])]
    again.close()


def test_what_comes_of_a_partition_first_stands_for_all_before_it(broker, following, produce):
    produce("orders", b"a", b"b", b"c")
    broker.delete_records("orders", 0, 2)
    reader = Topics(following).create_reader(None, None)
    assert read(reader, 1) == [("orders/0", 0, 3, [b"c"])]
    reader.close()


def test_a_bundle_ends_when_what_is_there_was_given(following, produce):
    reader = Topics(following).create_reader(None, None)
    produce("orders", b"a")
    while not reader.advance():
        reader.get_checkpoint_mark()
    assert reader.advance() is False
    assert reader.get_checkpoint_mark() == Offsets({"orders/0": 1})
    reader.close()


@pytest.mark.parametrize("added", ["a topic", "a partition"])
def test_what_is_added_is_found(broker, following, produce, monkeypatch, added):
    monkeypatch.setattr(stream, "DISCOVER_SECONDS", 0.5)
    broker.delete_topic("redemptions")
    reader = Topics(following).create_reader(None, None)
    read(reader, 1, seconds=1)
    if added == "a topic":
        broker.create_topic("redemptions", 1)
        produce("redemptions", b"late")
        assert read(reader, 1) == [("redemptions/0", 0, 1, [b"late"])]
    else:
        broker.add_partitions("orders", 3)
        produce("orders", b"late", partition=2)
        assert read(reader, 1) == [("orders/2", 0, 1, [b"late"])]
    reader.close()


def test_orders_come_after_the_clicks_before_them_while_it_is_behind(broker, following, produce, monkeypatch):
    monkeypatch.setattr(stream, "LIVE_MESSAGES", 1)
    broker.reset(partitions=1)
    reader = Topics(replace(following, block_messages=2, block_seconds=0.5)).create_reader(None, None)
    produce("clicks", b"a")
    produce("orders", b"b")
    read(reader, 2)
    produce("clicks", b"c", b"d", b"e", b"f")
    produce("orders", b"g")
    assert [(source, start) for source, start, *_ in read(reader, 5)] == [
        ("clicks/0", 1),
        ("clicks/0", 3),
        ("orders/0", 1),
    ]
    reader.close()


def test_every_partition_is_of_one_split(following):
    for splits in (1, 3, 4):
        parts = Topics(replace(following, splits=splits)).split(20)
        for place in [(topic, partition) for topic in stream.TOPICS for partition in range(7)]:
            assert [part.owns(place) for part in parts].count(True) == 1


def test_a_gap_stops_or_is_told_in_a_block(broker, following, produce):
    produce("orders", b"a", b"b", b"c")
    broker.delete_records("orders", 0, 2)
    behind = replace(following, offsets={"orders/0": 0})
    reader = Topics(behind).create_reader(None, None)
    with pytest.raises(OffsetGone, match=r"orders/0: offset 0 .* 2 offsets are gone"):
        read(reader, 1)
    reader.close()
    reader = Topics(replace(behind, goes_on_at_gaps=True)).create_reader(None, None)
    assert read(reader, 1) == [("orders/0", 0, 2, []), ("orders/0", 2, 3, [b"c"])]
    reader.close()


def test_a_topic_that_was_made_anew_stops_even_who_goes_on_at_gaps(following, produce):
    produce("orders", b"a")
    ahead = replace(following, offsets={"orders/0": 5}, goes_on_at_gaps=True)
    reader = Topics(ahead).create_reader(None, None)
    with pytest.raises(OffsetGone, match="made anew"):
        read(reader, 1)
    reader.close()


def test_a_stream_that_is_stopped_gives_what_it_holds_and_is_through(following, produce):
    reader = Topics(following).create_reader(None, None)
    produce("orders", b"a")
    produce("clicks", b"b")
    while not reader.advance():
        reader.get_checkpoint_mark()
    STOPPING.set()
    while reader.advance():
        pass
    reader.get_checkpoint_mark()
    assert reader.advance() is False
    assert reader.get_watermark() == MAX_TIMESTAMP
    reader.close()
