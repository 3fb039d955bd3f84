"""Messages that real Schema Registry serializers framed, from a real broker into the lake, and mended back onto it."""

from contextlib import closing

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from pipelines.jobs.drain import drain_kafka
from pipelines.jobs.quarantine import Selection, tried
from pipelines.jobs.requeue import requeue
from pipelines.reports.quarantine import show_rejected
from pipelines.rules.framing import unframed
from pipelines.rules.mending import mending
from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_states, world_of
from tests.end_to_end.live_run import replayed, send, workspace
from tests.jobs.worlds import write_reference
from tests.rules import serialized

pytestmark = pytest.mark.slow
COMMAS = 'if .subtotal then .subtotal |= sub(","; ".") else . end'


@pytest.fixture
def reference(tmp_path):
    write_reference(tmp_path / "given")
    return tmp_path / "given" / "reference"


def test_what_is_framed_or_says_its_schema_in_a_header_ends_as_plain_json(own_broker, reference, tmp_path):
    own_broker.reset()
    send(own_broker, [(topic, 0, unframed(value)) for topic, value in serialized.BY_PREFIX.items()])
    expected = replayed(workspace(tmp_path / "plain", reference), own_broker)
    assert all(len(expected[topic]) == 1 for topic in serialized.BY_PREFIX)
    own_broker.reset()
    send(own_broker, [(topic, 0, value) for topic, value in serialized.BY_PREFIX.items()])
    assert_equal_states(replayed(workspace(tmp_path / "framed", reference), own_broker), expected)
    own_broker.reset()
    with closing(KafkaProducer(**own_broker.client_settings())) as producer:
        for topic, (value, headers) in serialized.BY_HEADER.items():
            producer.send(topic, value, partition=0, headers=headers)
    assert_equal_states(replayed(workspace(tmp_path / "by-header", reference), own_broker), expected)


def test_a_framed_message_is_mended_in_its_frame_and_another_serializer_s_is_told(own_broker, reference, tmp_path):
    own_broker.reset()
    sent = [serialized.BROKEN, serialized.AVRO, serialized.PROTOBUF]
    send(own_broker, [("orders", 0, value) for value in sent])
    world = world_of(workspace(tmp_path / "shop", reference), bootstrap_servers=own_broker.bootstrap_servers)
    drain_kafka(world)
    lake: Lake = world.workspace.lake
    shown = [show_rejected(lake, f"orders/0/{offset}") for offset in range(len(sent))]
    assert [one.payload for one in shown] == sent
    assert [one.reason for one in shown] == ["bad_money", "bad_json", "bad_json"]
    trials = tried(world, Selection(topic="orders"), mending(COMMAS))
    assert [one.left for one in trials] == [None, "mend_failed", "mend_failed"]
    [released] = requeue(world, trials, COMMAS, None).sent
    mended = value_at(own_broker, released)
    assert (mended[:5], mended.count(b'"29.90"')) == (serialized.BROKEN[:5], 1)
    corrected = {trials[1].place: unframed(serialized.BY_PREFIX["orders"]), trials[0].place: unframed(mended)}
    trials = tried(world, Selection(places=tuple(corrected)), mending(None), corrected)
    [released] = requeue(world, trials, "corrected.ndjson", None).sent
    assert value_at(own_broker, released) == corrected[released.place]
    drain_kafka(world)
    assert sorted(lake.read("orders")["subtotal_minor"]) == [1990, 2990]


def value_at(broker, released):
    place, offset = TopicPartition(released.topic, released.new_partition), released.new_offset
    with closing(KafkaConsumer(**broker.client_settings(), group_id=None)) as consumer:
        consumer.assign([place])
        consumer.seek(place, offset)
        return consumer.poll(timeout_ms=20_000)[place][0].value
