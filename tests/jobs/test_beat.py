"""Beat: a run's life is told while it lasts, its readers' apart from its process's, and a later run ends it."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from pipelines.failures import LakeUnavailable, Superseded
from pipelines.jobs.beat import Heart
from pipelines.jobs.drain import drain_topics
from pipelines.stages.sightings import PATIENCE, Sightings
from pipelines.stages.stream import STOPPING
from pipelines.stores.heartbeat import FILE, PartitionLag, condition, read_heartbeat
from pipelines.stores.kafka_lag import Lag
from pipelines.stores.lake import Lake
from pipelines.testing import CLOCK, drain, world_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WAIT = 10.0  # seconds, for a thread's turn
ENDLESS = 3600.0  # no beat but those of a change


@pytest.fixture(autouse=True)
def _not_stopping():
    yield
    STOPPING.clear()


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


class Clock:
    seconds = 50.0

    def __call__(self):
        return self.seconds


def said(lake):
    return read_heartbeat(lake.root)


def wait_until(holds):
    until = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_run_that_has_taken_the_lake_over_beats_until_it_ends(lake):
    moments = iter(NOW + timedelta(seconds=number) for number in range(10_000))
    with Heart(lake, lambda: next(moments), seconds=0.01) as heart:
        assert said(lake) is None  # what has no epoch yet says nothing
        heart.begun(lake.take_over(), "prism")
        first = said(lake)
        assert (first.epoch, first.pid, first.engine, first.state) == (1, os.getpid(), "prism", "running")
        assert first.beat_at > first.started_at >= NOW
        wait_until(lambda: said(lake).beat_at > first.beat_at)
    last = said(lake)
    assert (last.state, last.reason, last.started_at) == ("ended", None, first.started_at)
    time.sleep(0.05)
    assert said(lake) == last


def test_a_run_that_fails_waits_and_goes_on_as_the_next(lake):
    with Heart(lake, lambda: NOW, seconds=ENDLESS) as heart:
        heart.begun(lake.take_over(), "prism")
        heart.waits("KafkaUnavailable")
        assert (said(lake).epoch, said(lake).state, said(lake).reason) == (1, "waiting", "KafkaUnavailable")
        heart.begun(lake.take_over(), "prism")
        assert (said(lake).epoch, said(lake).state, said(lake).reason) == (2, "running", None)


def test_what_stops_it_for_good_is_its_last_word(lake):
    heart = Heart(lake, lambda: NOW, seconds=ENDLESS)

    def run():
        with heart:
            heart.begun(lake.take_over(), "prism")
            raise LakeUnavailable("full")

    with pytest.raises(LakeUnavailable):
        run()
    assert (said(lake).state, said(lake).reason) == ("failed", "LakeUnavailable")


def test_the_readers_turns_are_told_apart_from_the_process_s_life(lake):
    clock = Clock()
    sightings = Sightings(clock)
    sightings.turn()  # of a run before
    clock.seconds += 1
    with Heart(lake, lambda: NOW, seconds=ENDLESS, sightings=sightings) as heart:
        heart.begun(lake.take_over(), "prism")
        assert said(lake).read_at is None
        assert condition(said(lake), is_alive=True) == "starting"
        sightings.turn()
        heart.measured([])
        heart._say()
        assert said(lake).read_at == NOW
        assert condition(said(lake), is_alive=True) == "reading"


def test_readers_that_do_not_come_round_are_stuck_whatever_the_clock_says(lake):
    clock = Clock()
    sightings = Sightings(clock)
    moments = [NOW]
    with Heart(lake, lambda: moments[-1], seconds=ENDLESS, sightings=sightings) as heart:
        heart.begun(lake.take_over(), "prism")
        heart._begun_at -= 60  # a minute ago
        sightings.turn()
        clock.seconds += 10.5
        moments.append(NOW - timedelta(days=365))
        heart._say()
        assert said(lake).beat_at - said(lake).read_at == timedelta(seconds=10.5)
        assert condition(said(lake), is_alive=True) == "stuck"


def test_a_broker_that_is_away_is_told_and_forgotten_when_it_is_back(lake):
    clock = Clock()
    sightings = Sightings(clock)
    with Heart(lake, lambda: NOW, seconds=ENDLESS, sightings=sightings) as heart:
        heart.begun(lake.take_over(), "prism")
        sightings.broker(is_connected=False)
        clock.seconds += PATIENCE + 2
        sightings.broker(is_connected=False)
        heart._say()
        assert said(lake).broker_away_since == NOW - timedelta(seconds=PATIENCE + 2)
        sightings.broker(is_connected=True)
        heart._say()
        assert said(lake).broker_away_since is None


def test_lags_are_told_with_their_moment(lake):
    waiting_since = int((NOW - timedelta(seconds=3)).timestamp() * 1_000_000)
    with Heart(lake, lambda: NOW, seconds=ENDLESS) as heart:
        heart.begun(lake.take_over(), "prism")
        assert (said(lake).lag_at, said(lake).partitions) == (None, {})
        heart.measured([Lag("clicks", 0, 40, 42, waiting_since), Lag("orders", 1, 7, 7, None)])
    assert said(lake).lag_at == NOW
    assert said(lake).partitions == {"clicks/0": PartitionLag(2, 3.0, 42), "orders/1": PartitionLag(0, 0.0, 7)}


def test_a_later_run_ends_the_streams_and_keeps_its_own_word(lake):
    with Heart(lake, lambda: NOW, seconds=0.01) as heart:
        heart.begun(lake.take_over(), "prism")
        later = Heart(lake, lambda: NOW, seconds=ENDLESS)
        later.begun(lake.take_over(), "prism")
        assert STOPPING.wait(WAIT)
        with pytest.raises(Superseded, match=r"run 2 writes to .* this one, run 1, stops"):
            heart.goes_on()
    assert (said(lake).epoch, said(lake).state) == (2, "running")


def test_a_run_of_the_same_process_is_no_other(lake):
    with Heart(lake, lambda: NOW, seconds=0.005) as heart:
        for _ in range(20):
            heart.goes_on()
            epoch = lake.take_over()
            time.sleep(0.01)
            heart.begun(epoch, "prism")
    assert not STOPPING.is_set()
    assert said(lake).epoch == 20


def test_a_heartbeat_that_cannot_be_written_is_told_once_and_stops_nothing(lake):
    (lake.root / FILE).mkdir()
    with capture_logs() as logs, Heart(lake, lambda: NOW, seconds=ENDLESS) as heart:
        heart.begun(lake.take_over(), "prism")
        heart.waits("LakeUnavailable")
        assert [one["event"] for one in logs] == ["heartbeat not written"]
        (lake.root / FILE).rmdir()
        heart.waits("LakeUnavailable")
    assert said(lake).state == "ended"


def test_a_bounded_run_leaves_word_that_it_has_ended(golden_world):
    root = golden_world("tiny")
    drain(root)
    left = read_heartbeat(root / "lake")
    assert (left.epoch, left.engine, left.state, left.beat_at) == (1, "direct", "ended", CLOCK)
    drain(root)
    assert read_heartbeat(root / "lake").epoch == 2


def test_a_bounded_run_goes_on_without_a_heartbeat(golden_world):
    root = golden_world("tiny")
    (root / "lake" / FILE).mkdir(parents=True)
    with capture_logs() as logs:
        drain_topics(world_of(root))
    assert [one["log_level"] for one in logs if one["event"] == "heartbeat not written"] == ["warning"]
    assert Lake(root / "lake").rows("orders") > 0
