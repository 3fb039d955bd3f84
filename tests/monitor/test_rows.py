"""Filtering, sorting and adding up a campaign's influencers; the signals and targets that are its own."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.monitor.rows import options, pacing_of, reckoning, shown_rows, signals_of, totals
from pipelines.monitor.view import SORTS, View
from pipelines.rules.models import MODELS
from tests.monitor.snapshots import empty_snapshot, influencer, snapshot

EVERY, SPRING, RUN = snapshot().campaigns


@given(sort=st.sampled_from(SORTS), model=st.sampled_from(MODELS), order=st.sampled_from(["asc", "desc"]))
def test_rows_are_sorted_and_what_is_unknown_comes_last(sort, model, order):
    rows = shown_rows(EVERY, View(sort=sort, model=model, order=order))
    values = [getattr(row, sort) for row in rows]
    known = [value.casefold() if isinstance(value, str) else value for value in values if value is not None]
    assert known == sorted(known, reverse=order == "desc")
    assert None not in values[: len(known)]
    assert {row.influencer_id for row in rows} == {row.influencer_id for row in EVERY.influencers[model]}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(tier="mid"), {"fitwithjonas", "marathon_mia"}),
        (View(tier="mid", platform="tiktok"), {"fitwithjonas"}),
        (View(content_type="reel"), {"emma.bakes"}),
        (View(q="KELLER"), {"fitwithjonas"}),
        (View(q="inf-00"), {row.handle for row in EVERY.influencers["policy"]}),
        (View(tier="none such"), set()),
    ],
)
def test_a_filter_lets_through_what_fits(view, expected):
    assert {row.handle for row in shown_rows(EVERY, view)} == expected


def test_rows_add_up():
    rows = EVERY.influencers["linear"]
    whole = totals(rows)
    assert whole.net_revenue == sum(row.net_revenue for row in rows)
    assert whole.orders == pytest.approx(sum(row.orders for row in rows))
    assert whole.roi_pct == pytest.approx(float(whole.profit / whole.cost * 100))
    assert whole.roas == pytest.approx(float(whole.net_revenue / whole.cost))


def test_a_sum_says_nothing_of_a_profit_that_not_every_row_knows():
    whole = totals([influencer(0), influencer(1, cost=None, profit=None)])
    assert (whole.cost, whole.profit, whole.roi_pct, whole.roas, whole.cpa) == (None,) * 5


def test_of_no_rows_nothing_is_known():
    whole = totals([])
    assert (whole.net_revenue, whole.orders, whole.emv, whole.conversion_rate, whole.roi_pct) == (
        0,
        0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("campaign", [EVERY, SPRING, RUN], ids=lambda one: one.name)
def test_what_is_credited_here_elsewhere_and_to_nobody_makes_all_orders(campaign, model):
    told = reckoning(snapshot(), campaign, model)
    assert told.adds_up
    assert told.here + told.elsewhere + told.sums.unattributed == told.sums.total


def test_a_cent_too_many_does_not_add_up():
    made = snapshot()
    sums = made.honesty.sums["policy"]
    wrong = replace(made.honesty, sums={"policy": replace(sums, credited=sums.credited + Decimal("0.01"))})
    assert not reckoning(replace(made, honesty=wrong), EVERY, "policy").adds_up


def test_without_orders_there_is_nothing_to_reckon():
    empty = empty_snapshot()
    assert reckoning(empty, empty.campaigns[0], "policy") is None


def test_a_signal_of_no_campaign_may_be_anybody_s():
    assert [signal.subject for signal in signals_of(snapshot(), SPRING)] == ["EMMA20", "ALEX2O", "JONAS15"]
    assert [signal.subject for signal in signals_of(snapshot(), RUN)] == ["ALEX2O"]
    assert signals_of(snapshot(), EVERY) == snapshot().signals


def test_what_is_behind_comes_first_and_all_campaigns_show_no_influencer_s_own():
    assert pacing_of(snapshot(), SPRING)[0].verdict == "behind"
    assert {one.influencer_id for one in pacing_of(snapshot(), EVERY)} == {None}
    assert len(pacing_of(snapshot(), EVERY)) == 3


def test_a_filter_offers_what_there_is():
    assert options(EVERY, "tier") == ("macro", "mega", "micro", "mid", "nano")
    assert None not in options(EVERY, "content_type")
