"""Sending on a real broker: all of it is there, or the failure names what was wrong."""

from itertools import count

import pytest
from kafka import KafkaConsumer, TopicPartition

from pipelines.failures import KafkaUnavailable
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer

numbers = count()


@pytest.fixture(scope="module")
def connection(broker):
    return Connection(broker.bootstrap_servers, request_timeout_seconds=5)


@pytest.fixture
def topic(broker):
    name = f"sent-{next(numbers)}"
    broker.create_topic(name, 2)
    return name


def test_what_was_sent_is_there_when_the_block_ends(broker, connection, topic):
    with Producer(connection) as producer:
        producer.send(topic, b"one", key=b"k", headers=[("reason", b"bad_json")], partition=1, sent_at=7_000_000)
        for n in range(1000):
            producer.send(topic, b"%d" % n, partition=0)
    consumer = KafkaConsumer(**broker.client_settings(), auto_offset_reset="earliest", consumer_timeout_ms=5000)
    place = TopicPartition(topic, 1)
    consumer.assign([place])
    (one,) = consumer.poll(5000)[place]
    assert (one.value, one.key, one.headers, one.timestamp) == (b"one", b"k", [("reason", b"bad_json")], 7000)
    assert consumer.end_offsets([TopicPartition(topic, 0)]) == {TopicPartition(topic, 0): 1000}
    consumer.close()


def test_a_topic_that_is_not_there_is_named_and_not_made(broker):
    connection = Connection(broker.bootstrap_servers, request_timeout_seconds=1)
    with pytest.raises(KafkaUnavailable, match="has no topic absent"), Producer(connection) as producer:
        producer.send("absent", b"{}")
    with broker.admin() as admin:
        assert "absent" not in admin.list_topics()


def test_a_message_that_the_broker_does_not_take_is_a_failure(broker, connection):
    name = f"narrow-{next(numbers)}"
    broker.create_topic(name, 1, {"max.message.bytes": "100"})
    with pytest.raises(KafkaUnavailable, match="MessageSizeTooLarge"), Producer(connection) as producer:
        producer.send(name, bytes(range(256)))
