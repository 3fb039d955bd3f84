"""Feeding a real broker: every message of the world arrives once, those of a key in order, and a signal ends it."""

import csv
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from pipelines.failures import BadInput, KafkaUnavailable
from pipelines.records import EVENTS
from pipelines.simulate.faults import PROFILES
from pipelines.simulate.feeding import TICK, Feed, feed, key_of, pause
from pipelines.simulate.world import simulate
from pipelines.stores.kafka import partitions, spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_reader import PartitionReader
from pipelines.stores.workspace import Workspace
from tests.conftest import COMMAND

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
WORLD = Feed(seed=11, orders=100, faults=PROFILES["hostile"], until=UNTIL, partitions=3)


@pytest.fixture
def connection(broker):
    """A broker without the four topics."""
    broker.reset()
    for topic in EVENTS:
        broker.delete_topic(topic)
    return Connection(broker.bootstrap_servers, request_timeout_seconds=5)


@pytest.fixture
def world():
    """Feeds a folder as the command does, until nobody stops it."""

    def fed(folder, connection, given=WORLD):
        return feed(folder, connection, given, threading.Event(), lambda: datetime.now(UTC))

    return fed


def held(connection) -> dict[tuple[str, int], list[bytes]]:
    """All payloads of each partition."""
    found = {}
    for place, (first, end) in spans(connection, partitions(connection)).items():
        reader = PartitionReader(connection, *place, first)
        found[place] = []
        while reader.position < end:
            if block := reader.block(end - reader.position, 5):
                found[place] += block.payloads
        reader.close()
    return found


def test_a_world_arrives_as_its_files_say_each_message_once_and_those_of_a_key_in_order(connection, world, tmp_path):
    fed = world(tmp_path / "fed", connection)
    made = simulate(tmp_path / "filed", seed=11, orders=100, faults="hostile", until=UNTIL)
    found = held(connection)
    assert Counter(topic for topic, _ in found) == dict.fromkeys(EVENTS, 3)
    assert +Counter(fed.messages) == +Counter(made.messages)
    for topic in made.messages:
        lines = (tmp_path / "filed" / "topics" / f"{topic}.ndjson").read_bytes().splitlines()
        assert fed.messages[topic] == made.messages[topic] == len(lines)
        of_topic = [payloads for (name, _), payloads in found.items() if name == topic]
        assert Counter(payload for payloads in of_topic for payload in payloads) == Counter(lines)
        for payloads in of_topic:
            assert payloads == [line for line in lines if line in set(payloads)]
        keys = [{key_of(topic, payload) for payload in payloads} for payloads in of_topic]
        assert sum(map(len, keys)) == len(set.union(*keys))
    assert (fed.is_complete, fed.worlds, fed.faults) == (True, 1, made.faults)
    for file in ("reference/codes.csv", "truth/credits.csv"):
        assert (tmp_path / "fed" / file).read_bytes() == (tmp_path / "filed" / file).read_bytes()
    assert not (tmp_path / "fed" / "topics").exists()


@pytest.mark.slow
def test_a_live_feed_goes_from_world_to_world_until_a_signal(connection, tmp_path):
    begun = datetime.now(UTC)
    command = [COMMAND, "--workspace", tmp_path, "simulate", "--to", "kafka", "--follow", "--json"]
    options = ["--bootstrap-servers", connection.bootstrap_servers, "--orders", "20", "--live", "--rate", "3000"]
    feeding = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=os.environ)
    while not (tmp_path / "truth" / "credits.csv").exists() or len(orders_of(tmp_path)) < 3 * 20:
        assert feeding.poll() is None
        time.sleep(0.1)
    feeding.send_signal(signal.SIGTERM)
    told = json.loads(feeding.communicate(timeout=60)[0])
    assert feeding.returncode == 0
    assert told["worlds"] >= 3
    assert not told["is_complete"]

    found = held(connection)
    events = [json.loads(payload) for payloads in found.values() for payload in payloads]
    assert len(events) == sum(told["messages"].values())
    ids = [(event["event_id"], event.get("order_id"), event.get("visitor_id")) for event in events]
    assert len(set(ids)) == len(ids)
    orders = orders_of(tmp_path)
    assert len(set(orders)) == len(orders) == told["orders"]
    assert {event["order_id"] for event in events if "order_id" in event} <= set(orders)
    instants = [datetime.fromisoformat(event["occurred_at"]) for event in events]
    assert begun <= min(instants)
    assert max(instants) <= datetime.now(UTC)
    assert Workspace(tmp_path).reference(b"sixteen bytes or").tables["codes"].num_rows > 0


def orders_of(workspace):
    with (workspace / "truth" / "credits.csv").open(encoding="utf-8", newline="") as file:
        return [row["order_id"] for row in csv.DictReader(file)]


def test_what_is_stopped_has_sent_what_it_says(connection, tmp_path):
    stop = threading.Event()
    stop.set()
    fed = feed(tmp_path / "w", connection, WORLD, stop, lambda: datetime.now(UTC))
    assert (set(fed.messages.values()), fed.is_complete) == ({0}, False)
    assert not any(held(connection).values())


def test_a_workspace_that_is_taken_is_left_alone_and_no_topic_is_made(connection, world, tmp_path):
    (tmp_path / "reference").mkdir()
    with pytest.raises(BadInput, match="reference exists already"):
        world(tmp_path, connection)
    assert partitions(connection) == []


def test_without_a_broker_nothing_is_written(world, tmp_path):
    with pytest.raises(KafkaUnavailable, match="start one"):
        world(tmp_path / "w", Connection("127.0.0.1:1", request_timeout_seconds=1))
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("sent", "elapsed", "rate", "seconds"),
    [
        pytest.param(1000, 0.0, 0, 0.0, id="no rate: as fast as it goes"),
        pytest.param(0, 0.0, 100, 0.0, id="the first goes at once"),
        pytest.param(50, 0.25, 100, 0.25, id="ahead by a quarter of a second"),
        pytest.param(50, 0.4999, 100, 0.0, id="ahead by less than a tick"),
        pytest.param(50, 3.0, 100, 0.0, id="behind"),
        pytest.param(1, 0.0, 0.5, 2.0, id="one every two seconds"),
    ],
)
def test_the_pause_before_the_next_message(sent, elapsed, rate, seconds):
    assert pause(sent, elapsed, rate) == pytest.approx(seconds)


@pytest.mark.parametrize("rate", [3, 99.5, 1000, 50_000])
def test_pauses_keep_the_rate(rate):
    elapsed = 0.0
    for sent in range(5_000):
        elapsed += pause(sent, elapsed, rate)
        assert sent / rate - TICK <= elapsed <= sent / rate + 1e-6


@pytest.mark.parametrize(
    ("topic", "payload", "key"),
    [
        pytest.param("clicks", b'{"event_id":"e","visitor_id":"v1","url":"/"}', b"v1", id="a click"),
        pytest.param("orders", b'{"order_id": "o1", "visitor_id": "v1"}', b"o1", id="an order"),
        pytest.param("redemptions", b'{"order_id":"o1"}', b"o1", id="a redemption goes with its order"),
        pytest.param("post_metrics", b'{"post_id":"p1"}', b"p1", id="a post"),
        pytest.param("clicks", b'{"visitor_id":"v1","url":"htt', b"v1", id="cut, but it says whose it is"),
        pytest.param("orders", b"<html>", b"", id="nobody's"),
    ],
)
def test_a_message_is_keyed_by_whose_it_is(topic, payload, key):
    assert key_of(topic, payload) == key


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["--rate", "5"], "--to kafka", id="files have no rate"),
        pytest.param(["--to", "kafka", "--live"], "--rate", id="live without a rate"),
        pytest.param(["--to", "kafka"], "bootstrap_servers", id="no broker named"),
        pytest.param(["--to", "kafka", "--partitions", "0"], "--partitions", id="no partitions"),
    ],
)
def test_wrong_usage_is_named(codetrail_here, tmp_path, arguments, named):
    ended = codetrail_here("--workspace", tmp_path / "w", "simulate", *arguments)
    assert ended.code == 2
    assert named in ended.err
    assert not (tmp_path / "w").exists()
