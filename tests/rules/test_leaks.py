"""Leaks: when a code's uses outgrow its holder's clicks, and what the last publish adds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.leaks import CodeUse, Suspect, leaked_codes
from pipelines.rules.signals import DAY, HOUR, Kind, Severity

TODAY = 20_000
RUNNING = TODAY * 24 + 12
NOW = RUNNING * HOUR
OLD = RUNNING - 60 * 24


def by_day(today, *before):
    """So many in the 24 hours up to now, and in those of each day before."""
    return {RUNNING - 24 * back: count for back, count in enumerate((today, *before)) if count}


def use(uses, clicks, first_hour=OLD):
    return CodeUse("ana10", "ana", "spring", uses, clicks, first_hour)


@pytest.mark.parametrize(
    ("uses", "clicks", "leaked"),
    [
        pytest.param(by_day(40, *[5] * 14), by_day(20, *[20] * 14), True, id="eight times the uses, the same clicks"),
        pytest.param(by_day(40, *[5] * 14), by_day(160, *[20] * 14), False, id="clicks grew as much"),
        pytest.param(by_day(40, *[5] * 14), by_day(80, *[20] * 14), False, id="clicks grew half as much"),
        pytest.param(by_day(40, *[5] * 14), by_day(79, *[20] * 14), True, id="clicks grew less"),
        pytest.param(by_day(40, *[5] * 14), {}, True, id="no clicks at all"),
        pytest.param(by_day(40, *[10] * 14), {}, True, id="just four times"),
        pytest.param(by_day(39, *[10] * 14), {}, False, id="not quite four times"),
        pytest.param(by_day(10), {}, True, id="ten after weeks of none"),
        pytest.param(by_day(9), {}, False, id="a handful"),
        pytest.param(by_day(40, 500, *[5] * 13), {}, True, id="one odd day moves nothing"),
        pytest.param({RUNNING - 23: 10}, {}, True, id="twenty-four hours, the one that runs among them"),
        pytest.param({RUNNING - 24: 10}, {}, False, id="an hour longer ago"),
        pytest.param({RUNNING + 1: 10}, {}, False, id="beyond the watermark"),
    ],
)
def test_the_last_24_hours(uses, clicks, leaked):
    assert bool(leaked_codes([use(uses, clicks)], [], NOW)) is leaked


@pytest.mark.parametrize(
    ("days", "leaked"),
    [
        pytest.param(2, False, id="two whole days before are too few"),
        pytest.param(3, True, id="three are enough"),
    ],
)
def test_a_young_code(days, leaked):
    first_hour = RUNNING - 24 * (days + 1) + 1
    young = use(by_day(40, *[1] * days), {}, first_hour)
    assert bool(leaked_codes([young], [], NOW)) is leaked


def test_a_leak_says_what_it_saw_and_what_to_do():
    (signal,) = leaked_codes([use(by_day(40, *[5] * 14), by_day(21, *[20] * 14))], [], NOW)
    assert signal.evidence == (
        "40 uses in the last 24 hours, at the median of the 14 days before 5; the holder's valid clicks were 21 and 20"
    )
    assert (signal.kind, signal.severity, signal.since) == (Kind.LEAKED_CODE, Severity.ACT, TODAY * DAY)
    assert "compromised_at" in signal.advice


def test_a_suspect_of_the_last_publish_is_one_signal_with_what_is_seen_live():
    live = use(by_day(40, *[5] * 14), {})
    suspect = Suspect("ana10", "ana", "spring", (TODAY - 2) * DAY, "27 uses in seven days where 3.0 were expected")
    other = Suspect("ben10", "ben", "spring", (TODAY - 1) * DAY, "9 of 9 without a click")
    both, published = leaked_codes([live], [suspect, other], NOW)
    assert both.since == (TODAY - 2) * DAY  # and so the key of the days before
    assert both.key == leaked_codes([], [suspect], NOW)[0].key
    assert both.evidence.startswith("40 uses")
    assert both.evidence.endswith(f". As of the last publish: {suspect.evidence}")
    assert (published.subject, published.evidence) == ("ben10", "As of the last publish: 9 of 9 without a click")


def test_a_code_that_changed_hands_is_judged_for_each_holder():
    rows = [Suspect("ana10", holder, "spring", TODAY * DAY, "much") for holder in ("ana", "ben")]
    assert len({signal.key for signal in leaked_codes([], rows, NOW)}) == 2


@given(st.integers(0, 10**5), st.integers(0, 10**5))
def test_what_is_always_the_same_is_no_leak(uses, clicks):
    assert leaked_codes([use(by_day(*[uses] * 15), by_day(*[clicks] * 15))], [], NOW) == []


@given(st.lists(st.integers(0, 30), min_size=14, max_size=14), st.integers(0, 500), st.integers(0, 500))
def test_more_clicks_make_no_leak(before, uses, more):
    few, many = (use(by_day(uses, *before), by_day(clicks, *before)) for clicks in (10, 10 + more))
    if not leaked_codes([few], [], NOW):
        assert not leaked_codes([many], [], NOW)
