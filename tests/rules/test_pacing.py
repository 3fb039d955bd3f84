"""Pacing: where a target stands, in numbers and words, and that the marts say the same."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.pacing import Target, progress

ONE = date(2026, 3, 1)
TARGET = Target("spring", None, "orders", Decimal(100), ONE, date(2026, 3, 10))


def at(day, hour=0):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def days(*counts):
    return {ONE + timedelta(days=n): Decimal(count) for n, count in enumerate(counts)}


def standing(by_day, now, target=TARGET, timezone="UTC"):
    return progress(target, by_day, now, timezone, "USD", 2)


@pytest.mark.parametrize(
    ("by_day", "now", "verdict", "sentence"),
    [
        ({}, datetime(2026, 2, 28, 23, tzinfo=UTC), "not_started",
         "Starts on 1 March 2026: 100 orders are wanted by 10 March 2026."),
        (days(12, 8, 10), at(4), "on_track",
         "On track: 30 of 100 orders, where 30 were expected by now and all of it by 10 March 2026. At the daily rate "
         "so far it ends at about 100 (58 to 142)."),
        (days(2, 2, 2), at(4), "behind",
         "Behind: 6 of 100 orders, where 30 were expected by now and all of it by 10 March 2026. At the daily rate so "
         "far it ends at about 20 (20 to 20)."),
        (days(20, 20), at(3), "ahead",
         "Ahead: 40 of 100 orders, where 20 were expected by now and all of it by 10 March 2026. There are too few "
         "days yet to say where it ends."),
        (days(50, 50), at(3), "reached",
         "Reached: 100 of 100 orders. There are too few days yet to say where it ends."),
        (days(100), at(20), "reached", "Reached: 100 of 100 orders by 10 March 2026."),
        (days(99), at(11), "missed", "Missed: 99 of 100 orders when it ended on 10 March 2026."),
        (None, at(4), "unknown",
         "Not known yet: an order lacks an exchange rate. 100 orders are wanted by 10 March 2026."),
    ],
)  # fmt: skip
def test_a_standing(by_day, now, verdict, sentence):
    found = standing(by_day, now)
    assert (found.verdict, found.sentence) == (verdict, sentence)


def test_what_lies_outside_the_target_s_days_does_not_count():
    by_day = days(1, 1) | {date(2026, 2, 28): Decimal(50), date(2026, 3, 11): Decimal(50)}
    assert standing(by_day, at(20)).actual == 2


def test_a_day_is_one_of_the_campaign_s_time_zone():
    by_day = days(1, 1, 1)
    assert standing(by_day, at(1, 20), timezone="Asia/Tokyo").expected == Decimal("12.0833")  # 29 hours of 240
    assert standing(by_day, at(1, 20)).expected == Decimal("8.3333")


def test_revenue_is_told_in_its_currency():
    revenue = Target("spring", "ana", "revenue", Decimal("1234.5"), ONE, date(2026, 3, 10))
    assert "617.25 of 1,234.50 USD revenue" in standing({ONE: Decimal("617.25")}, at(6), revenue).sentence


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=9), st.integers(0, 23))
def test_the_range_holds_what_is_projected_and_never_less_than_there_is(counts, hour):
    found = standing(days(*counts), at(len(counts) + 1, hour))
    assert found.actual == sum(counts)
    assert found.actual <= found.projected_low <= found.projected <= found.projected_high


@given(st.integers(1, 500), st.integers(3, 9))
def test_a_steady_rate_goes_on(count, over):
    found = standing(days(*[count] * over), at(over + 1))
    assert found.projected == found.projected_low == found.projected_high == 10 * count


def test_the_marts_say_the_same(demo):
    """Every target of a shop, from the days that the warehouse counted."""
    with duckdb.connect(str(demo.root / "warehouse" / "build.duckdb"), read_only=True) as build:
        build.execute("set TimeZone = 'UTC'")
        watermark, currency, digits = build.execute(
            "select watermark, reporting_currency, reporting_digits from lake.run_settings"
        ).fetchall()[0]
        names = "campaign_id, influencer_id, metric, starts_on, ends_on"
        counted = build.execute(f"select {names}, day, amount from intermediate.int_target_days").fetchall()
        rows = build.execute(
            f"select {names}, target, actual, expected, projected, projected_low, projected_high, verdict, sentence, "
            "timezone from fct_pacing inner join dim_campaign using (campaign_id)"
        ).fetchall()
    verdicts = set()
    for *key, target, actual, expected, projected, low, high, verdict, sentence, timezone in rows:
        by_day = {day: amount for *of, day, amount in counted if of == key}
        asked = Target(key[0], key[1], key[2], target, key[3], key[4])
        found = progress(asked, by_day, watermark, timezone, currency, digits)
        assert (found.verdict, found.sentence, found.actual) == (verdict, sentence, actual)
        for mine, theirs in ((found.expected, expected), (found.projected, projected)):
            assert (mine is None) == (theirs is None)
            assert mine is None or abs(mine - theirs) <= Decimal("0.0002")
        for mine, theirs in ((found.projected_low, low), (found.projected_high, high)):
            assert mine is None or float(mine) == pytest.approx(float(theirs), rel=1e-5)
        verdicts.add(verdict)
    assert len(verdicts) >= 3
