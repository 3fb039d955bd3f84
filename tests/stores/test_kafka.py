"""What a cluster says of its topics, asked on a real broker."""

import time
from itertools import count

import pytest
from kafka import KafkaProducer, OffsetAndMetadata, TopicPartition

from pipelines.failures import BadInput, KafkaUnavailable
from pipelines.records import EVENTS
from pipelines.stores import kafka
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer
from tests.end_to_end.live_run import wait_until

SECOND = 1_000_000  # microseconds
numbers = count()


@pytest.fixture(scope="module")
def connection(broker):
    return Connection(broker.bootstrap_servers, group_id="watched", request_timeout_seconds=5)


@pytest.fixture
def topic(broker, connection):
    """A topic of two partitions: five messages in the first, a second apart, none in the other."""
    name = f"asked-{next(numbers)}"
    broker.create_topic(name, 2, {"retention.ms": "-1"})  # the messages are as old as time itself
    with Producer(connection) as producer:
        for second in range(5):
            producer.send(name, b"{}", partition=0, sent_at=second * SECOND)
    return name


def test_the_partitions_are_those_of_the_topics_that_exist(broker, connection):
    with broker.admin() as admin:
        there = set(admin.list_topics()) & set(EVENTS)
    for name in there:
        broker.delete_topic(name)
    assert kafka.partitions(connection) == []
    broker.create_topic("orders", 3)
    broker.create_topic("clicks", 1)
    broker.create_topic("not-ours", 1)
    assert kafka.partitions(connection) == [("clicks", 0), ("orders", 0), ("orders", 1), ("orders", 2)]
    with broker.admin() as admin:
        assert not {"redemptions", "post_metrics"} & set(admin.list_topics())


def test_a_span_is_what_is_left_of_a_partition(broker, connection, topic):
    broker.delete_records(topic, 0, 2)
    wanted = [(topic, 0), (topic, 1), (topic, 2), ("absent", 0)]
    assert kafka.spans(connection, wanted) == {(topic, 0): (2, 5), (topic, 1): (0, 0)}
    assert kafka.spans(connection, [("absent", 0)]) == {}
    assert kafka.spans(connection, []) == {}


def test_a_span_ends_before_an_open_transaction(broker, connection, topic):
    producer = KafkaProducer(**broker.client_settings(), transactional_id=topic)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"perhaps", partition=0)
    producer.flush()
    assert kafka.spans(connection, [(topic, 0)]) == {(topic, 0): (0, 5)}
    producer.commit_transaction()
    producer.close()
    # The broker writes the marker of the end behind the answer to the commit.
    wait_until(lambda: kafka.spans(connection, [(topic, 0)]) == {(topic, 0): (0, 7)}, "the marker is there")
    assert kafka.sent_at(connection, {(topic, 0): 6}) == {(topic, 0): None}  # a marker is no message


@pytest.mark.parametrize(
    ("partition", "offset", "seconds"),
    [
        pytest.param(0, 2, 2, id="within the partition"),
        pytest.param(0, 4, 4, id="the last"),
        pytest.param(0, 0, 1, id="deleted, so the first that is left"),
        pytest.param(0, 5, None, id="the end"),
        pytest.param(0, 9, None, id="beyond the end"),
        pytest.param(1, 0, None, id="an empty partition"),
        pytest.param(2, 0, None, id="no such partition"),
    ],
)
def test_when_the_next_message_was_sent(broker, connection, topic, partition, offset, seconds):
    broker.delete_records(topic, 0, 1)
    place = (topic, partition)
    assert kafka.sent_at(connection, {place: offset}) == {place: None if seconds is None else seconds * SECOND}


def test_offsets_are_told_to_whom_watches_the_group(broker, connection, topic):
    kafka.commit_offsets(connection, {(topic, 0): 3, (topic, 1): 0})
    kafka.commit_offsets(connection, {(topic, 0): 4})
    with broker.admin() as admin:
        told = admin.list_group_offsets({"watched": None})["watched"]
    assert {place: offset for place, offset in told.items() if place.topic == topic} == {
        TopicPartition(topic, 0): OffsetAndMetadata(4),
        TopicPartition(topic, 1): OffsetAndMetadata(0),
    }


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(kafka.partitions, id="partitions"),
        pytest.param(lambda connection: kafka.commit_offsets(connection, {("clicks", 0): 0}), id="commit_offsets"),
        pytest.param(Producer, id="a producer"),
    ],
)
def test_no_broker_is_named_in_time(ask):
    nowhere = Connection("127.0.0.1:1", request_timeout_seconds=1)
    started = time.monotonic()
    with pytest.raises(KafkaUnavailable, match=r"no broker of 127\.0\.0\.1:1 answered within 1 s .*REFUSED"):
        ask(nowhere)
    assert time.monotonic() - started < 20


def test_a_client_that_is_not_installed_is_bad_input(monkeypatch):
    monkeypatch.setattr(kafka, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"confluent-kafka.* is not installed"):
        kafka.open_reader(Connection("127.0.0.1:1", "confluent-kafka"), "clicks", 0, 0)
    assert kafka.open_reader(Connection("127.0.0.1:1", "kafka-python"), "clicks", 0, 7).position == 7
