"""How messages arrive: repeated, changed, delayed, late; and none of it without faults."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from pipelines.simulate.faults import SECOND, Faults, delivered

COUNT = 2000
LINES = pl.Series([f'{{"event_id":"e{n}","subtotal":"{n}.00"}}' for n in range(COUNT)])
INSTANTS = np.arange(COUNT) * 60 * SECOND


def arrived(faults, *, may_be_late=True):
    rng = np.random.default_rng(1)
    lines, order, arrives_at, counts = delivered(rng, LINES, INSTANTS, faults, may_be_late=may_be_late)
    assert np.all(np.diff(arrives_at) >= 0)
    return lines.gather(order).to_list(), counts


def test_without_faults_everything_arrives_once_in_order_of_time():
    lines, counts = arrived(Faults())
    assert lines == LINES.to_list()
    assert set(counts.values()) == {0}


def test_a_repeat_is_the_same_message_later():
    lines, counts = arrived(Faults(repeated=0.1))
    seen = Counter(lines)
    assert seen.keys() == set(LINES)
    assert sum(seen.values()) - COUNT == counts["repeated"] > 0


def test_an_altered_repeat_keeps_its_identity_and_comes_after_the_first():
    lines, counts = arrived(Faults(altered=0.1, disorder_seconds=3600, late=0.1))
    original = set(LINES)
    firsts = {line.split('"')[3]: place for place, line in enumerate(lines) if line in original}
    altered = {line.split('"')[3]: place for place, line in enumerate(lines) if line not in original}
    assert len(altered) == counts["altered"] > 0
    assert all(place > firsts[event_id] for event_id, place in altered.items())


def test_disorder_loses_nothing():
    lines, counts = arrived(Faults(disorder_seconds=600))
    assert lines != LINES.to_list()
    assert sorted(lines) == sorted(LINES)
    assert counts["out_of_order"] > 0


@pytest.mark.parametrize("may_be_late", [True, False], ids=["of a topic that can be late", "of one that cannot"])
def test_late_messages_come_last(may_be_late):
    lines, counts = arrived(Faults(late=0.05), may_be_late=may_be_late)
    on_time = lines[: COUNT - counts["late"]]
    assert (counts["late"] > 0) is may_be_late
    assert on_time == [line for line in LINES if line in set(on_time)]
    assert sorted(lines) == sorted(LINES)
