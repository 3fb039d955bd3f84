"""The code that the hostile world leaks is found, and nobody honest is suspected."""

from decimal import Decimal

import pytest

from pipelines.rules.codes import normalise_code
from tests.warehouse.trust_world import TrustWorld, trust_world


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> TrustWorld:
    return trust_world(tmp_path_factory)


def test_the_leaked_code_is_the_one_that_is_suspected(world):
    leaked = normalise_code(world.materials.codes[world.materials.leaked].code)
    used = world.rows("select count(distinct code) from fct_code_leaks")[0][0]
    assert used > 10
    assert world.rows("select distinct code from fct_code_leaks where is_suspect") == [(leaked,)]


def test_it_is_suspected_within_days_and_not_before(world):
    leaked_on = world.materials.leaked_at.date()
    suspected_on = world.rows("select min(day) from fct_code_leaks where is_suspect")[0][0]
    assert 0 <= (suspected_on - leaked_on).days <= 3


def test_the_evidence_counts_what_the_orders_say(world):
    """Counted anew from the claims: strangers came without a click of the influencer."""
    code, influencer, day, week_uses, without, evidence = world.rows(
        "select code, influencer_id, day, week_uses, week_uses_without_click, evidence from fct_code_leaks"
        " where is_suspect order by score desc, day limit 1"
    )[0]
    of_week = (
        "select distinct order_id from fct_claims inner join fct_orders using (order_id, ordered_at)"
        f" inner join dim_campaign using (campaign_id) where code = '{code}' and influencer_id = '{influencer}'"
        f" and cast(timezone(timezone, ordered_at) as date) between date '{day}' - 6 and date '{day}'"
    )
    uses = {order_id for (order_id,) in world.rows(of_week)}
    clicked = world.rows(
        f"select distinct order_id from fct_claims where kind = 'link' and influencer_id = '{influencer}'"
    )
    known = world.current.filter(world.current["visitor_id"].is_not_null())["order_id"].to_list()
    assert len(uses) == week_uses
    assert len((uses & set(known)) - {order_id for (order_id,) in clicked}) == without
    assert evidence.startswith(f"{week_uses} uses in seven days")


def test_the_return_without_the_leak_leaves_out_what_the_code_won(world):
    doubted, roi, without, cost, net = world.rows(
        "select sum(revenue_won), any_value(leaks.roi_pct), any_value(roi_pct_without), any_value(cost_total),"
        " any_value(net_revenue) from fct_code_leaks as leaks"
        " inner join fct_influencer_roi as roi using (influencer_id, campaign_id)"
        " where is_suspect and model = 'policy'"
    )[0]
    assert doubted > 0
    assert roi == pytest.approx(float(100 * (net - cost) / cost))
    assert without == pytest.approx(float(100 * (net - doubted - cost) / cost))
    assert isinstance(doubted, Decimal)
