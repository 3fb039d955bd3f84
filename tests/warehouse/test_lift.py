"""The interval of a lift: as wide as it says, the same for the same days, and none where the days say nothing."""

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from pipelines.warehouse.lift import CONFIDENCE, LIFT_INTERVALS, lift_interval, lift_intervals
from tests.warehouse.trust_world import TrustWorld, trust_world

WORLDS = 300
BEFORE, DURING = 28, 42  # days
RATE, LIFT = 20, 0.5


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> TrustWorld:
    return trust_world(tmp_path_factory)


def share_that_holds_the_truth(draw) -> float:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(WORLDS):
        low, high = lift_interval(draw(rng, RATE, BEFORE), draw(rng, RATE * (1 + LIFT), DURING))
        held += low <= 100 * LIFT <= high
    return held / WORLDS


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda rng, rate, days: rng.poisson(rate, days), id="days differ by chance alone"),
        pytest.param(lambda rng, rate, days: rng.poisson(rng.gamma(4, rate / 4, days)), id="days differ by more"),
    ],
)
def test_about_as_many_intervals_hold_the_truth_as_they_promise(draw):
    assert abs(share_that_holds_the_truth(draw) - CONFIDENCE) < 0.04


def test_the_same_days_give_the_same_interval():
    before, during = [3, 5, 2, 8, 4, 6, 1], [9, 7, 8, 6, 12, 4, 9]
    low, high = lift_interval(before, during)
    assert lift_interval(before, during) == (low, high)
    assert low < 100 * (sum(during) / sum(before) - 1) < high


def test_what_is_counted_in_other_units_is_lifted_alike():
    before, during = [3, 5, 2, 8, 4, 6, 1], [9, 7, 8, 6, 12, 4, 9]
    cents = lift_interval([100 * day for day in before], [100 * day for day in during])
    assert cents == pytest.approx(lift_interval(before, during))


@pytest.mark.parametrize(
    ("before", "during"),
    [
        pytest.param([], [1, 2, 3], id="no day before"),
        pytest.param([1, 2, 3], [4], id="one day"),
        pytest.param([0, 0, 0, 0], [1, 2, 3, 4], id="nothing before"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], id="every day the same"),
        pytest.param([0] * 13 + [10], [1, 2, 3] * 5, id="all on one day"),
    ],
)
def test_days_that_say_too_little_have_no_interval(before, during):
    assert lift_interval(before, during) is None


def test_each_campaign_and_influencer_has_its_own():
    days = [date(2026, 3, 1) + timedelta(days=day) for day in range(20)]
    rows = [
        {"campaign_id": "c", "influencer_id": who, "period": "before" if n < 10 else "during", "day": day}
        | {"orders": 5 + n % 3 + (n >= 10) * more, "net_minor": 100}
        for who, more in ((None, 5), ("ana", 0))
        for n, day in enumerate(days)
    ]
    found = lift_intervals(pa.Table.from_pylist(rows[::-1]), LIFT_INTERVALS.empty_table())
    whole, ana = found.to_pylist()
    assert (whole["influencer_id"], ana["influencer_id"]) == (None, "ana")
    assert whole["orders_lift_low"] > 0 > ana["orders_lift_low"]
    assert ana["orders_lift_high"] > 0
    assert (whole["revenue_lift_low"], whole["revenue_lift_high"]) == (None, None)
    marked = pa.Table.from_pylist([row | {"orders_lift_low": -42.0} for row in found.to_pylist()], found.schema)
    for changed in (0, 1):  # what was found in the same days is not sought again
        again = [row | {"orders": row["orders"] + changed * (row["influencer_id"] is None)} for row in rows]
        kept = lift_intervals(pa.Table.from_pylist(again), marked)
        assert [low == -42 for low in kept["orders_lift_low"].to_pylist()] == [not changed, True]


def test_a_campaign_is_compared_by_all_orders_of_its_own_days(world):
    campaigns = world.rows("select campaign_id, timezone, starts_at, ends_at from dim_campaign")
    told = {
        campaign: counts
        for campaign, *counts in world.rows(
            "select campaign_id, orders_before, orders_during, orders_after, days_during from fct_lift"
            " where influencer_id is null"
        )
    }
    watermark = world.rows("select watermark from lake.run_settings")[0][0]
    first = world.current["ordered_at"].min()
    for campaign, timezone, starts_at, ends_at in campaigns:
        zone = ZoneInfo(timezone)
        starts, ends = starts_at.astimezone(zone).date(), (ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        baseline = timedelta(days=14)
        whole = (first.astimezone(zone).date() + timedelta(days=1), watermark.astimezone(zone).date())
        counted: Counter[str] = Counter()
        for ordered_at in world.current["ordered_at"]:
            day = ordered_at.astimezone(zone).date()
            if whole[0] <= day < whole[1]:
                counted["before"] += starts - baseline <= day < starts
                counted["during"] += starts <= day <= ends
                counted["after"] += ends < day <= ends + baseline
        days = (min(ends + timedelta(days=1), whole[1]) - max(starts, whole[0])).days
        assert told[campaign] == [counted["before"], counted["during"], counted["after"], days]


def test_without_enough_data_there_is_no_number(world):
    verdicts = world.rows(
        "select verdict = 'not enough data', orders_lift_pct is null, orders_lift_low_pct is null,"
        " least(days_before, days_during) >= 7 and least(orders_before, orders_during) >= 10, count(*)"
        " from fct_lift group by all order by all"
    )
    assert [row[:4] for row in verdicts] == [(False, False, False, True), (True, True, True, False)]
