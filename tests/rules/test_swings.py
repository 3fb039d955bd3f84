"""Swings: when a code or a link is used far more or less than usual, said once for as long as it lasts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.signals import HOUR, Kind, Severity, SubjectKind
from pipelines.rules.swings import Series, swings

DAY, WEEK = 24, 168
NOON = 20_000 * DAY + 12  # the hour that runs
NOW = NOON * HOUR + HOUR // 3
OLD = NOON - 20 * WEEK


def code(counts, first_hour=OLD, kind=SubjectKind.CODE):
    return Series("ana10", kind, counts, first_hour, "spring", "ana")


def steady(count, until=NOON - 1):
    return dict.fromkeys(range(NOON - 10 * WEEK, until + 1), count)


def said(series, now=NOW):
    return [(signal.kind, signal.since // HOUR - NOON) for signal in swings([series], now)]


@pytest.mark.parametrize(
    ("counts", "signals"),
    [
        pytest.param(steady(3) | {NOON: 37}, [(Kind.SPIKE, 0)], id="the hour that runs"),
        pytest.param(steady(3) | {NOON - 1: 37}, [(Kind.SPIKE, -1)], id="the last whole hour"),
        pytest.param(steady(3) | {NOON - 2: 37}, [], id="cleared as time goes on"),
        pytest.param(steady(3) | {NOON: 37, NOON - 1: 37, NOON - 2: 37}, [(Kind.SPIKE, -2)], id="one of three hours"),
        pytest.param(steady(3) | {NOON - 1: 37, NOON - 3: 37}, [(Kind.SPIKE, -1)], id="a quiet hour parts two"),
        pytest.param(steady(3) | {NOON: 11}, [], id="not far enough"),
        pytest.param(steady(3) | {NOON: 12}, [(Kind.SPIKE, 0)], id="just far enough"),
        pytest.param({NOON: 9}, [], id="too few to speak of"),
        pytest.param({NOON: 10}, [(Kind.SPIKE, 0)], id="enough after weeks of none"),
        pytest.param(steady(20) | {NOON: 0, NOON - 1: 20}, [], id="the hour that runs is no drop"),
        pytest.param(steady(20) | {NOON - 1: 2}, [(Kind.DROP, -1)], id="a drop"),
        pytest.param(steady(20) | {NOON - 1: 3}, [], id="not low enough"),
        pytest.param(steady(20, NOON - 2), [(Kind.DROP, -1)], id="an hour that is not in the counts had none"),
        pytest.param(steady(20, NOON - 5), [(Kind.DROP, -4)], id="four hours without any"),
        pytest.param(steady(19, NOON - 2), [], id="too few at other times to miss them"),
        pytest.param(steady(20) | {NOON - 1: 0, NOON: 80}, [(Kind.SPIKE, 0), (Kind.DROP, -1)], id="down, then up"),
        pytest.param(steady(3) | {NOON + 1: 500}, [], id="what is beyond the watermark is not looked at"),
        pytest.param({}, [], id="nothing ever"),
    ],
)
def test_what_is_said(counts, signals):
    assert said(code(counts)) == signals


@pytest.mark.parametrize(
    ("first_hour", "signals"),
    [
        pytest.param(NOON - 3 * DAY + 1, [], id="of two days nothing is said"),
        pytest.param(NOON - 3 * DAY, [(Kind.SPIKE, 0)], id="of three days the hour of the day"),
        pytest.param(NOON - 3 * WEEK, [(Kind.SPIKE, 0)], id="of three weeks the hour of the week"),
    ],
)
def test_a_young_code(first_hour, signals):
    counts = dict.fromkeys(range(first_hour, NOON), 3) | {NOON: 37}
    assert said(code(counts, first_hour)) == signals


def test_a_weekly_habit_is_no_spike():
    live_stream = steady(3) | {NOON - week * WEEK: 200 for week in range(9)}
    assert said(code(live_stream)) == []


def test_a_signal_says_what_it_saw():
    (spike,) = swings([code(steady(3) | {NOON: 37})], NOW)
    assert spike.evidence == (
        "37 redemptions since 12:00 UTC; in this hour of the week it was 3 at the median of 8 weeks (robust z 19.6)"
    )
    assert (spike.campaign_id, spike.influencer_id, spike.severity) == ("spring", "ana", Severity.LOOK)
    (drop,) = swings([code(steady(20, NOON - 3), kind=SubjectKind.LINK)], NOW)
    assert drop.evidence == (
        "0 clicks from 11:00 to 12:00 UTC; in this hour of the week it was 20 at the median of 8 weeks "
        "(robust z -4.5); so every hour since 10:00 UTC on 2024-10-04"
    )
    assert drop.severity is Severity.ACT


def test_a_spike_that_lasts_keeps_its_key_until_it_is_over():
    burst = steady(3, NOON + 9) | {NOON: 30, NOON + 1: 40, NOON + 2: 50}
    keys = [[signal.key for signal in swings([code(burst)], (NOON + hour) * HOUR)] for hour in range(6)]
    assert keys[0] == keys[1] == keys[2] == keys[3] != []
    assert keys[4:] == [[], []]


def test_a_link_is_another_subject_than_a_code_of_its_name():
    both = [code(steady(3) | {NOON: 37}), code(steady(3) | {NOON: 37}, kind=SubjectKind.LINK)]
    assert len({signal.key for signal in swings(both, NOW)}) == 2


@given(st.integers(0, 10**6), st.integers(0, 59))
def test_what_is_always_the_same_is_no_signal(count, minute):
    assert swings([code(steady(count, NOON))], NOON * HOUR + minute * HOUR // 60) == []


histories = st.dictionaries(st.integers(NOON - 9 * WEEK, NOON - 1), st.integers(0, 200), max_size=200)


@given(histories, st.integers(0, 10**4), st.integers(1, 10))
def test_more_of_it_never_ends_a_spike(history, count, times):
    before, after = (said(code(history | {NOON: many})) for many in (count, count * times))
    if (Kind.SPIKE, 0) in before:
        assert (Kind.SPIKE, 0) in after
    assert {kind for kind, _ in before} <= {kind for kind, _ in after}


@given(histories)
def test_hours_of_none_may_be_left_out(history):
    whole = {hour: history.get(hour, 0) for hour in range(NOON - 10 * WEEK, NOON + 1)}
    assert swings([code(history)], NOW) == swings([code(whole)], NOW)


@given(st.permutations(range(1, 9)), st.lists(st.integers(0, 60), min_size=8, max_size=8), st.integers(0, 300))
def test_the_order_of_the_weeks_changes_nothing(order, past, count):
    def of(weeks):
        return code({NOON - WEEK * week: many for week, many in zip(weeks, past, strict=True)} | {NOON: count})

    assert swings([of(order)], NOW) == swings([of(range(1, 9))], NOW)


def test_each_of_many_is_looked_at_alone():
    spike = code(steady(3) | {NOON: 37})
    many = [replace(spike, subject=f"code{n}", counts=steady(3) if n % 2 else spike.counts) for n in range(6)]
    assert [signal.subject for signal in swings(many, NOW)] == ["code0", "code2", "code4"]
