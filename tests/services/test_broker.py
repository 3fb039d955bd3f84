"""The broker that other tests stand on: what was acknowledged outlives a kill, and a reset leaves nothing."""

import subprocess

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from services.broker import TOPICS, Broker, archive_classes, java
from services.listeners import MECHANISMS


def write(broker, topic, *values):
    producer = KafkaProducer(**broker.client_settings(), acks="all")
    for value in values:
        producer.send(topic, value, partition=0).get(timeout=30)
    producer.close()


def ends(broker, topic):
    """The first and the next offset of the topic's partition 0."""
    consumer = KafkaConsumer(**broker.client_settings())
    place = TopicPartition(topic, 0)
    found = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
    consumer.close()
    return found


def partitions(broker, topic):
    with broker.admin() as admin:
        (found,) = admin.describe_topics([topic])
    return len(found["partitions"])


def test_a_reset_leaves_empty_topics_and_no_others(broker):
    broker.create_topic("others")
    broker.reset()
    write(broker, "clicks", b"1", b"2")
    broker.reset(partitions=3)
    with broker.admin() as admin:
        assert {name for name in admin.list_topics() if not name.startswith("__")} == set(TOPICS)
    assert ends(broker, "clicks") == (0, 0)
    assert partitions(broker, "clicks") == 3


def test_a_topic_is_made_as_asked_and_grows(broker):
    broker.reset()
    broker.delete_topic("clicks")
    broker.create_topic("clicks", 1, {"cleanup.policy": "compact"})
    assert partitions(broker, "clicks") == 1
    broker.add_partitions("clicks", 4)
    assert partitions(broker, "clicks") == 4


def test_deleted_records_move_the_first_offset(broker):
    broker.reset()
    write(broker, "orders", b"1", b"2", b"3")
    broker.delete_records("orders", 0, before_offset=2)
    assert ends(broker, "orders") == (2, 3)


def test_a_folder_that_has_a_broker_s_data_keeps_it(tmp_path):
    for wanted in ((0, 2), (0, 4)):
        broker = Broker.start(tmp_path / "broker")
        try:
            if wanted == (0, 2):
                broker.create_topic("clicks", 1)
            write(broker, "clicks", b"1", b"2")
            assert ends(broker, "clicks") == wanted
        finally:
            broker.stop()


def test_what_was_acknowledged_outlives_a_kill_at_the_same_address(new_broker):
    own = new_broker()
    address = own.bootstrap_servers
    own.create_topic("orders")
    write(own, "orders", b"1", b"2", b"3")
    own.kill()
    assert not own.is_running
    own.restart()
    assert (own.bootstrap_servers, ends(own, "orders")) == (address, (0, 3))
    own.suspend()
    own.resume()
    write(own, "orders", b"4")
    own.suspend()
    own.stop()
    assert not own.is_running


@pytest.mark.parametrize("security", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_secured_broker_takes_every_mechanism_and_no_stranger(new_broker, security):
    own = new_broker(security=security)
    own.create_topic("orders")
    for mechanism in MECHANISMS:
        consumer = KafkaConsumer(**own.client_settings(mechanism))
        assert consumer.topics() == {"orders"}
        consumer.close()
    stranger = {**own.client_settings(), "sasl_plain_password": "guessed", "bootstrap_timeout_ms": 1000}
    with pytest.raises(KafkaError):
        KafkaConsumer(**stranger)
    own.stop()


def test_what_java_loads_for_a_broker_was_loaded_and_verified_before(broker):
    archive_classes()
    tool = [*java(), "-Xlog:class+load", "kafka.tools.StorageTool", "random-uuid"]
    loaded = subprocess.run(tool, capture_output=True, text=True, check=True).stdout.splitlines()
    of_kafka = [line for line in loaded if " kafka." in line or " org.apache.kafka." in line]
    archived = [line for line in of_kafka if "shared objects file (top)" in line]
    assert len(archived) > len(of_kafka) / 2 > 0
