"""Dead letters on a real topic: each reject with its place and its reason, in order, and none too large to send."""

from datetime import UTC, datetime
from itertools import count

import pyarrow as pa
import pytest
from kafka import KafkaConsumer, TopicPartition

from pipelines.failures import KafkaUnavailable
from pipelines.stores.dead_letters import HEADERS, LARGEST_PAYLOAD, DeadLetters, dead_letter_topic
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.tables import REJECTED_EVENTS

AT = datetime(2026, 3, 10, 12, 0, 0, 250_000, tzinfo=UTC)
numbers = count()


@pytest.fixture
def topic(broker):
    name = f"letters-{next(numbers)}"
    broker.create_topic(name, 3)
    return dead_letter_topic(Connection(broker.bootstrap_servers, request_timeout_seconds=5), name)


def rejects(*rows):
    """Rows of `rejected_events` from (topic, partition, offset, payload)."""
    columns = ("topic", "partition", "offset", "payload")
    same = {"step": "decode", "reason": "bad_json", "detail": "line 1: ü", "ingested_at": AT}
    given = [dict(zip(columns, row, strict=True)) | same for row in rows]
    return pa.Table.from_pylist(given, schema=REJECTED_EVENTS)


def sent(broker, topic):
    """Every letter of the topic, partition by partition."""
    consumer = KafkaConsumer(**broker.client_settings(), group_id=None, auto_offset_reset="earliest")
    places = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
    consumer.assign(places)
    wanted, found = sum(consumer.end_offsets(places).values()), []
    while len(found) < wanted:
        found += [record for records in consumer.poll(1000).values() for record in records]
    consumer.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def test_a_letter_says_whose_it_is_and_why(broker, topic):
    letters = DeadLetters(topic)
    letters.send(rejects(("clicks", 1, 7, b"\xff{")))
    letters.close()
    [letter] = sent(broker, topic)
    assert (letter.key, letter.value) == (b"clicks/1/7", b"\xff{")
    headers = {name: value.decode() for name, value in letter.headers}
    assert tuple(headers) == HEADERS
    assert headers == {
        "topic": "clicks",
        "partition": "1",
        "offset": "7",
        "step": "decode",
        "reason": "bad_json",
        "detail": "line 1: ü",
        "ingested_at": "2026-03-10T12:00:00.250000Z",
    }


def test_the_letters_of_a_partition_stay_in_order_in_one(broker, topic):
    letters = DeadLetters(topic)
    for start in (0, 20):
        places = [("orders", partition, offset) for offset in range(start, start + 20) for partition in (0, 1, 2)]
        letters.send(rejects(*[(*place, b"{") for place in places]))
    letters.close()
    found = sent(broker, topic)
    for partition in (0, 1, 2):
        its = [letter for letter in found if letter.key.startswith(f"orders/{partition}/".encode())]
        assert [int(letter.key.rsplit(b"/")[-1]) for letter in its] == list(range(40))
        assert len({letter.partition for letter in its}) == 1


def test_a_payload_that_no_topic_takes_is_named_by_its_size(broker, topic):
    letters = DeadLetters(topic)
    letters.send(rejects(("clicks", 0, 1, b"x" * LARGEST_PAYLOAD), ("clicks", 0, 2, b"x" * (LARGEST_PAYLOAD + 1))))
    letters.close()
    whole, told = sent(broker, topic)
    assert len(whole.value) == LARGEST_PAYLOAD
    assert "payload_bytes" not in dict(whole.headers)
    assert told.value == b""
    assert dict(told.headers)["payload_bytes"] == str(LARGEST_PAYLOAD + 1).encode()


def test_a_topic_that_is_not_there_is_not_made(broker):
    with pytest.raises(KafkaUnavailable, match="has no topic nowhere: make it there, or unset dead_letter_topic"):
        dead_letter_topic(Connection(broker.bootstrap_servers, request_timeout_seconds=5), "nowhere")
    with broker.admin() as admin:
        assert "nowhere" not in admin.list_topics()
