"""Two runs on one workspace at once: the later one takes the lake over, the earlier one stops and names it."""

import time

import pytest

from pipelines.jobs.drain import drain_kafka
from pipelines.stores.heartbeat import read_heartbeat
from pipelines.stores.kafka import partitions, sources_of
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_states, drain, lake_state, world_of
from tests.end_to_end.live_run import LiveRun, pulse, workspace

pytestmark = pytest.mark.slow


def test_the_first_run_stops_and_names_the_second(hostile_world, tmp_path):
    root = hostile_world.copy_to(tmp_path)
    first = hostile_world.start(root)
    lake = Lake(root / "lake")
    while not lake.exists("clicks") or lake.open("clicks").transaction_version("clicks/0") is None:
        assert first.returncode is None
        time.sleep(0.02)
    second = drain(root)
    said = first.last_words()
    assert (first.returncode, second.epoch) == (3, 2), said
    assert "run 2 writes to" in said
    assert "this one, run 1, stops" in said
    assert "Traceback" not in said
    assert_equal_states(lake_state(lake), hostile_world.expected)


def test_an_idle_stream_lives_and_stops_by_itself_when_another_run_takes_the_lake_over(
    own_broker, prism, shop, tmp_path
):
    own_broker.reset()
    root = workspace(tmp_path, shop / "reference")
    lake = Lake(root / "lake")
    with LiveRun(root, own_broker, prism) as idle:
        idle.wait_until(
            lambda: pulse(lake) == "reading" and read_heartbeat(lake.root).lag_at, "it reads, and knows its lag"
        )
        told = read_heartbeat(lake.root).partitions
        assert sorted(told) == sources_of(partitions(Connection(own_broker.bootstrap_servers)))
        assert {(lag.lag_messages, lag.end_offset) for lag in told.values()} == {(0, 0)}
        second = drain_kafka(world_of(root, bootstrap_servers=own_broker.bootstrap_servers))
        assert (idle.ended(), second.epoch) == (3, 2)
        assert "run 2 writes to" in idle.said
        assert "this one, run 1, stops" in idle.said
    assert (read_heartbeat(lake.root).epoch, pulse(lake)) == (2, "ended")
