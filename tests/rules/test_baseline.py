"""Baseline: which earlier hours are compared with, and how far from them is far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.baseline import DAYS, WEEKS, Baseline, baseline, beginning

HOUR = 500_000  # some hour
DAY, WEEK = 24, 168


def weeks(*counts):
    return {HOUR - WEEK * back: count for back, count in enumerate(counts, start=1)}


def days(*counts):
    return {HOUR - DAY * back: count for back, count in enumerate(counts, start=1)}


@pytest.mark.parametrize(
    ("counts", "first_hour", "usual"),
    [
        pytest.param(weeks(4, 6, 5), HOUR - 3 * WEEK, (5, 3, "week"), id="three weeks"),
        pytest.param(weeks(4, 6, 5), HOUR - 4 * WEEK, (4.5, 4, "week"), id="an hour without a count had none"),
        pytest.param(weeks(*[7] * 20), HOUR - 20 * WEEK, (7, WEEKS, "week"), id="eight weeks at most"),
        pytest.param(weeks(9, 9), HOUR - 3 * WEEK + 1, (0, DAYS, "day"), id="too young by an hour: days"),
        pytest.param(days(1, 2, 3), HOUR - 3 * DAY, (2, 3, "day"), id="three days old"),
        pytest.param(days(*[3] * 20), HOUR - 20 * DAY, (3, DAYS, "day"), id="fourteen days at most"),
        pytest.param(days(1, 2), HOUR - 3 * DAY + 1, None, id="too young for anything"),
        pytest.param({}, HOUR, None, id="used for the first time"),
        pytest.param({}, HOUR + 5, None, id="before its first use"),
        pytest.param({HOUR - 1: 900}, HOUR - 9 * WEEK, (0, WEEKS, "week"), id="the hour before is another one"),
    ],
)
def test_what_is_usual(counts, first_hour, usual):
    found = baseline(counts, HOUR, first_hour)
    assert (found and (found.median, found.hours, found.period)) == usual


@pytest.mark.parametrize(
    ("counts", "count", "z"),
    [
        pytest.param([100] * 8, 150, 5, id="weeks alike: the scatter of random arrivals"),
        pytest.param([0] * 8, 10, 10, id="nothing so far: a scale of one"),
        pytest.param([0, 0, 0, 0, 100, 200, 300, 400], 50 + 74.13, 1, id="weeks apart: their own deviation"),
        pytest.param([100, 100, 100, 5000], 150, 5, id="one odd week moves nothing"),
    ],
)
def test_how_far_from_it(counts, count, z):
    assert baseline(weeks(*counts), HOUR, HOUR - len(counts) * WEEK).robust_z(count) == pytest.approx(z)


@given(st.permutations([0, 3, 5, 5, 8, 13, 40, 90]))
def test_the_order_of_the_weeks_changes_nothing(counts):
    first = HOUR - WEEKS * WEEK
    assert baseline(weeks(*counts), HOUR, first) == baseline(weeks(*sorted(counts)), HOUR, first)


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=8))
def test_a_scale_is_never_less_than_chance(counts):
    usual = baseline(weeks(*counts), HOUR, HOUR - len(counts) * WEEK)
    assert isinstance(usual, Baseline)
    assert usual.scale >= max(1, usual.median) ** 0.5
    assert min(counts) <= usual.median <= max(counts)


@pytest.mark.parametrize(
    ("holding", "first"),
    [
        pytest.param({9}, 9, id="alone"),
        pytest.param({9, 8, 7}, 7, id="three on end"),
        pytest.param({9, 7}, 9, id="a gap ends it"),
        pytest.param(set(range(10)), 4, id="no further back than that"),
    ],
)
def test_where_a_run_begins(holding, first):
    assert beginning(9, 4, holding.__contains__) == first
