"""Operating a live run: its metrics, its lag, its dead letters and a compaction beside it, all of one run."""

import json
import os
import subprocess
from contextlib import suppress

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError

from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING
from tests.end_to_end.live_run import (
    COMMAND,
    LiveRun,
    assert_as_if_nothing_happened,
    ends_of,
    events_of,
    replayed,
    send,
    wait_until,
    workspace,
)
from tests.test_metrics import scraped

pytestmark = pytest.mark.slow
LETTERS = "dead-letters"


def asked(root, broker, *command):
    """A command's `--json`, run beside the live run."""
    environment = {**os.environ, "CODETRAIL_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
    command = [*COMMAND, "--workspace", root, *command, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def group_offsets(broker):
    """By `topic/partition`; none while the broker has not made the group's coordinator yet."""
    with broker.admin() as admin, suppress(CoordinatorNotAvailableError, CoordinatorLoadInProgressError):
        found = admin.list_group_offsets({"codetrail": None})["codetrail"]
        return {f"{place.topic}/{place.partition}": told.offset for place, told in found.items()}
    return {}


def keys_of(broker, topic):
    consumer = KafkaConsumer(**broker.client_settings(), group_id=None, auto_offset_reset="earliest")
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    end, keys = consumer.end_offsets([place])[place], []
    while consumer.position(place) < end:
        keys += [record.key.decode() for records in consumer.poll(1000).values() for record in records]
    consumer.close()
    return keys


def of_topic(found, metric, topic):
    """The sum over the topic's partitions."""
    return sum(value for name, value in found.items() if name.startswith(metric) and f'topic="{topic}"' in name)


def test_what_it_says_of_itself_is_what_the_lake_and_the_broker_hold(own_broker, prism, shop, tmp_path, port):
    events = events_of(shop)
    half = len(events) // 2
    own_broker.reset()
    own_broker.create_topic(LETTERS, 1)
    root = workspace(tmp_path / "live", shop / "reference")
    settings = {"CODETRAIL_METRICS_PORT": str(port), "CODETRAIL_DEAD_LETTER_TOPIC": LETTERS}
    with LiveRun(root, own_broker, prism, **settings) as run:
        send(own_broker, events[:half])
        run.wait_until_landed(half // 2)
        compacted = asked(root, own_broker, "compact")
        assert sum(table["before"]["files"] - table["after"]["files"] for table in compacted["tables"]) > 0
        send(own_broker, events[half:])
        ends = ends_of(own_broker)
        run.wait_until_caught_up(ends)
        assert scraped(port)["codetrail_up"] == 1
        wait_until(lambda: group_offsets(own_broker) == ends, "the consumer group was told the lake's offsets")
        found = scraped(port)
        lake = Lake(root / "lake")
        for topic in LANDING:
            assert of_topic(found, "codetrail_landed_messages_total", topic) == lake.rows(topic)
        assert sum(of_topic(found, "codetrail_rejected_messages_total", topic) for topic in LANDING) == lake.rows(
            "rejected_events"
        )
        assert found["codetrail_freshness_seconds_count"] > 0
        assert found["codetrail_broker_up"] == 1
        status = asked(root, own_broker, "status")
        assert {
            f"{p['topic']}/{p['partition']}": p["broker_end"] for p in status["partitions"] if p["broker_end"]
        } == ends
        assert {p["lag_messages"] for p in status["partitions"]} == {0}
        assert status["stream"]["condition"] == "reading"
        assert sorted(status["stream"]["heartbeat"]["partitions"]) == sorted(ends)
        assert run.stop() == 0
    rows = lake.read("rejected_events", ["topic", "partition", "offset"]).rows()
    letters = keys_of(own_broker, LETTERS)
    assert sorted(set(letters)) == sorted("/".join(map(str, row)) for row in rows)
    expected = replayed(workspace(tmp_path / "replayed", shop / "reference"), own_broker)
    assert_as_if_nothing_happened(lake, expected)
