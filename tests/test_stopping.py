"""Stopping: the first signal sets the event, and what a signal meant before holds again after it."""

import os
import signal

import pytest

from pipelines.stopping import SIGNALS, stopped_by_signals


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_sets_the_event_and_a_second_one_acts_as_before(number):
    seen = []
    former = signal.signal(number, lambda *_: seen.append(number))
    try:
        with stopped_by_signals() as stop:
            assert not stop.is_set()
            os.kill(os.getpid(), number)
            assert stop.wait(5)
            assert seen == []
            os.kill(os.getpid(), number)
            assert seen == [number]
    finally:
        signal.signal(number, former)


def test_without_a_signal_everything_is_as_before():
    before = [signal.getsignal(number) for number in SIGNALS]
    with stopped_by_signals() as stop:
        pass
    assert not stop.is_set()
    assert [signal.getsignal(number) for number in SIGNALS] == before
