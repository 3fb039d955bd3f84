"""Restarts: what may heal is tried again, what cannot stops the run, and a signal ends it from wherever it is."""

import os
import signal
import threading
from datetime import UTC, datetime

import pytest

from pipelines.failures import BadInput, KafkaUnavailable, LakeUnavailable, OffsetGone, Superseded
from pipelines.jobs import restarts
from pipelines.jobs.beat import Heart
from pipelines.jobs.begin import Ran
from pipelines.jobs.restarts import until_stopped
from pipelines.stages.stream import STOPPING
from pipelines.stores.heartbeat import read_heartbeat
from pipelines.stores.lake import EPOCH, Lake

DONE = Ran(1, "event", "v1", {})


@pytest.fixture(autouse=True)
def _quickly(monkeypatch):
    monkeypatch.setattr(restarts, "FIRST_WAIT", 0.01)
    yield
    STOPPING.clear()


@pytest.fixture
def heart(tmp_path):
    """Of a process whose runs have not begun: it says nothing."""
    return Heart(Lake(tmp_path / "lake"), lambda: datetime(2026, 7, 1, tzinfo=UTC))


def ends(*outcomes):
    """A run that ends each time as told, and how often it was called."""
    left, calls = list(outcomes), []

    def run():
        calls.append(1)
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return run, calls


def test_what_may_heal_is_tried_again(heart):
    run, calls = ends(KafkaUnavailable("away"), LakeUnavailable("full"), DONE)
    assert until_stopped(run, heart) is DONE
    assert len(calls) == 3


@pytest.mark.parametrize("failure", [BadInput("x"), Superseded("x"), OffsetGone("x")], ids=lambda f: type(f).__name__)
def test_what_waiting_does_not_heal_stops_the_run(heart, failure):
    run, calls = ends(failure, DONE)
    with pytest.raises(type(failure)):
        until_stopped(run, heart)
    assert len(calls) == 1


def test_what_nobody_expected_stops_the_run(heart):
    run, _ = ends(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        until_stopped(run, heart)


@pytest.mark.parametrize("number", restarts.SIGNALS)
def test_a_signal_ends_the_streams_and_the_run_says_what_it_did(heart, number):
    def run():
        os.kill(os.getpid(), number)
        assert STOPPING.wait(10)
        return DONE

    before = signal.getsignal(number)
    assert until_stopped(run, heart) is DONE
    assert signal.getsignal(number) is before


def test_a_signal_while_it_waits_ends_it(heart, monkeypatch):
    monkeypatch.setattr(restarts, "FIRST_WAIT", 600)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    run, calls = ends(KafkaUnavailable("away"), DONE)
    assert until_stopped(run, heart) is None
    assert len(calls) == 1


def test_a_run_that_is_told_to_stop_is_not_tried_again(heart):
    def run():
        os.kill(os.getpid(), signal.SIGTERM)
        assert STOPPING.wait(10)
        raise KafkaUnavailable("away while it ended")

    assert until_stopped(run, heart) is None


def test_while_it_waits_it_says_so(heart, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    found = []

    def run():
        found.append(read_heartbeat(lake.root))
        heart.begun(lake.take_over(), "prism")
        if len(found) == 1:
            raise KafkaUnavailable("away")
        return DONE

    assert until_stopped(run, heart) is DONE
    assert found[0] is None
    assert (found[1].epoch, found[1].state, found[1].reason) == (1, "waiting", "KafkaUnavailable")
    assert (read_heartbeat(lake.root).epoch, read_heartbeat(lake.root).state) == (2, "ended")


def test_what_goes_on_does_not_take_the_lake_back_from_a_later_run(heart, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()

    def run():
        heart.begun(lake.take_over(), "prism")
        lake.take_over()  # another process's
        raise KafkaUnavailable("away")

    with pytest.raises(Superseded, match="run 2 writes to"):
        until_stopped(run, heart)
    assert lake.transactions("clicks", [EPOCH]) == {EPOCH: 2}


def test_a_run_that_failed_while_it_took_the_lake_over_is_no_other(heart, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    epochs = []

    def run():
        epochs.append(lake.take_over())
        if len(epochs) == 2:
            raise LakeUnavailable("full: what took the lake over did not get to say so")
        heart.begun(epochs[-1], "prism")
        if len(epochs) == 1:
            raise KafkaUnavailable("away")
        return DONE

    assert until_stopped(run, heart) is DONE
    assert (epochs, read_heartbeat(lake.root).epoch) == ([1, 2, 3], 3)
