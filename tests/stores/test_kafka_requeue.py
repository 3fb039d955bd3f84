"""Sending again on a real broker: all or none of a requeue, and what a killed one left is given up."""

from itertools import count

import pytest
from kafka import KafkaConsumer, TopicPartition

from pipelines.failures import KafkaUnavailable
from pipelines.stores.kafka import spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_requeue import MARK, Outgoing, Requeuing
from tests.end_to_end.live_run import wait_until

numbers = count()


@pytest.fixture(scope="module")
def connection(broker):
    return Connection(broker.bootstrap_servers, request_timeout_seconds=10)


@pytest.fixture
def topic(broker):
    name = f"requeued-{next(numbers)}"
    broker.create_topic(name, 2)
    return name


def records_of(broker, topic, partition):
    consumer = KafkaConsumer(**broker.client_settings(), isolation_level="read_committed")
    place = TopicPartition(topic, partition)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    end, found = consumer.end_offsets([place])[place], []
    while consumer.position(place) < end:
        found += consumer.poll(500).get(place, [])
    consumer.close()
    return [(record.offset, record.value, record.headers) for record in found]


def test_what_is_sent_is_there_with_its_mark_and_found_again(broker, connection, topic):
    sender = Requeuing(connection, f"name-{topic}")
    sent = sender.send([Outgoing((topic, 1), "orders/0/5", b"{}"), Outgoing((topic, 1), "orders/0/9", b'{"a":1}')])
    sender.close()
    assert records_of(broker, topic, 1) == [
        (sent[0], b"{}", [(MARK, b"orders/0/5")]),
        (sent[1], b'{"a":1}', [(MARK, b"orders/0/9")]),
    ]
    again = Requeuing(connection, f"name-{topic}")
    assert again.marked({(topic, 1): 0, (topic, 0): 0}) == {"orders/0/5": (1, sent[0]), "orders/0/9": (1, sent[1])}
    assert again.marked({(topic, 1): sent[1]}) == {"orders/0/9": (1, sent[1])}
    again.close()


def test_what_was_not_committed_is_given_up_by_the_next_and_its_sender_is_shut_out(broker, connection, topic):
    killed = Requeuing(connection, f"name-{topic}")
    killed._producer.begin_transaction()
    killed._producer.send(topic, value=b"{}", partition=0, headers=[(MARK, b"orders/0/5")]).get(timeout=10)
    after = Requeuing(connection, f"name-{topic}")
    assert after.marked({(topic, 0): 0}) == {}
    with pytest.raises(KafkaUnavailable, match="Send again"):
        killed.send([Outgoing((topic, 0), "orders/0/5", b"{}")])
    after.send([Outgoing((topic, 0), "orders/0/5", b"{}")])
    for one in (killed, after):
        one.close()
    assert [value for _, value, _ in records_of(broker, topic, 0)] == [b"{}"]


def test_a_message_that_the_broker_does_not_take_leaves_none_of_them(broker, connection):
    topic = f"narrow-{next(numbers)}"
    broker.create_topic(topic, 1, {"max.message.bytes": "200"})
    sender = Requeuing(connection, f"name-{topic}")
    with pytest.raises(KafkaUnavailable, match="MessageSizeTooLarge"):
        sender.send([Outgoing((topic, 0), "a", b"{}"), Outgoing((topic, 0), "b", bytes(range(256)))])
    sender.close()
    assert records_of(broker, topic, 0) == []

    def is_over() -> bool:
        """Nobody waits for its messages any more: the broker writes the marker of an abort in its own time."""
        return spans(connection, [(topic, 0)]) == spans(connection, [(topic, 0)], "read_uncommitted")

    wait_until(is_over, "the transaction is over")
    assert records_of(broker, topic, 0) == []
