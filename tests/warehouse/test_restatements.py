"""What moved since the last publication, and why: against the lake as it stood then and as it stands now."""

import shutil
from collections import Counter
from decimal import Decimal

import polars as pl
import pytest

from pipelines.warehouse.suites import expectations_dir, load_suites
from tests.warehouse.broken import broken, open_to_damage
from tests.warehouse.trust_world import TrustWorld, trust_world

OWNER = "winner_influencer_id"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> TrustWorld:
    return trust_world(tmp_path_factory)


def totals(orders: pl.DataFrame) -> dict[str | None, Decimal]:
    """What each influencer, and nobody (None), had earned."""
    summed = orders.group_by(OWNER).agg(pl.col("net_reporting_minor").sum())
    return {owner: Decimal(minor).scaleb(-2) for owner, minor in summed.iter_rows()}


def moved(world: TrustWorld, where: str) -> dict[str | None, Decimal]:
    """What came to each influencer, and to nobody, less what went."""
    came = world.rows(f"select to_influencer_id, sum(to_net) from fct_restatements where {where} group by 1")
    went = world.rows(f"select from_influencer_id, sum(from_net) from fct_restatements where {where} group by 1")
    sums: Counter[str | None] = Counter(dict(came))
    sums.subtract(dict(went))
    return dict(sums)


def different(found: dict[str | None, Decimal], expected: dict[str | None, Decimal]) -> dict[str | None, Decimal]:
    gaps = {owner: found.get(owner, 0) - expected.get(owner, 0) for owner in found.keys() | expected.keys()}
    return {owner: gap for owner, gap in gaps.items() if gap}


def test_what_was_published_is_where_the_changes_begin(world):
    assert different(moved(world, "version_to = 1"), totals(world.published)) == {}
    assert world.rows("select distinct version_from, cause from fct_restatements where version_to = 1") == [
        (None, "new order")
    ]


def test_what_moved_since_is_the_difference_of_both_for_each_influencer(world):
    then, now = totals(world.published), totals(world.current)
    since = moved(world, "version_to is null")
    assert different(since, {owner: now.get(owner, 0) - then.get(owner, 0) for owner in now | then}) == {}
    assert different(moved(world, "true"), now) == {}


def test_exactly_the_orders_that_moved_have_a_row(world):
    says = ["order_id", OWNER, "winner_campaign_id", "net_reporting_minor"]
    then, now = (set(orders.select(says).iter_rows()) for orders in (world.published, world.current))
    expected = {row[0] for row in then ^ now}
    told = world.rows("select order_id from fct_restatements where version_to is null")
    assert sorted(order_id for (order_id,) in told) == sorted(expected)
    assert world.rows("select distinct version_from from fct_restatements where version_to is null") == [(1,)]


def test_every_cause_is_what_the_orders_say(world):
    before = {row["order_id"]: row for row in world.published.to_dicts()}
    after = {row["order_id"]: row for row in world.current.to_dicts()}
    told = world.rows("select order_id, cause, causes, delta from fct_restatements where version_to is null")
    assert {cause for _, cause, _, _ in told} >= {"new order", "refund", "amendment", "late click or code"}
    for order_id, cause, causes, delta in told:
        was, now = before.get(order_id), after[order_id]
        assert cause in causes
        assert (cause == "new order") == (was is None)
        if was is None:
            assert delta == Decimal(now["net_reporting_minor"]).scaleb(-2)
            continue
        assert ("cancellation" in causes) == (was["is_cancelled"] != now["is_cancelled"])
        assert ("refund" in causes) == (was["refunded_minor"] != now["refunded_minor"])
        assert ("amendment" in causes) >= (was["subtotal_minor"] != now["subtotal_minor"])
        owners = [(of[OWNER], of["winner_campaign_id"]) for of in (was, now)]
        assert ("late click or code" in causes) == (owners[0] != owners[1])


def test_a_suite_finds_a_change_that_was_lost(world, tmp_path):
    copy = tmp_path / "build.duckdb"
    shutil.copy(world.root / "warehouse" / "build.duckdb", copy)
    suites = [suite for suite in load_suites(expectations_dir()) if suite.table == "fct_restatements"]
    with open_to_damage(copy) as connection:
        assert broken(connection, suites) == {}
        connection.execute(
            "delete from fct_restatements where order_id = ("
            " select min(order_id) from fct_restatements where cause = 'refund') and cause = 'refund'"
        )
        found = broken(connection, suites)
    assert found["fct_restatements: an order's deltas sum to its net"] == 1
    assert "fct_restatements: each influencer's moves sum to what is theirs now" in found
