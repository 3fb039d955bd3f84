"""What nobody recognised, with the money at stake: codes that no row has, and clicks that no link claims."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.columnar.repeats import one_message_each
from pipelines.rules.codes import normalise_code
from pipelines.rules.spelling import Speller, distance
from pipelines.simulate.materials import spellings
from pipelines.stores.lake import Lake
from tests.warehouse.trust_world import TrustWorld, trust_world

WINDOW = timedelta(days=30)
ASKED = "select code, nearest_code, edit_distance from fct_unknown_codes"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> TrustWorld:
    return trust_world(tmp_path_factory)


def test_unknown_codes_are_the_claims_that_no_row_answers(world):
    claims = Counter(
        claim["code"] for order in world.current["claims"] for claim in order if claim["reason"] == "unknown_code"
    )
    assert dict(world.rows("select code, uses from fct_unknown_codes")) == claims
    assert len(claims) > 5


def test_money_at_stake_is_that_of_orders_nobody_won(world):
    nobodys: Counter[str] = Counter()
    for order in world.current.filter(pl.col("winner_claim_id").is_null()).iter_rows(named=True):
        for code in {claim["code"] for claim in order["claims"] if claim["reason"] == "unknown_code"}:
            nobodys[code] += order["net_reporting_minor"]
    told = world.rows("select code, unattributed_net_revenue from fct_unknown_codes where unattributed_net_revenue > 0")
    assert dict(told) == {code: Decimal(minor).scaleb(-2) for code, minor in nobodys.items() if minor}


def test_a_mistyped_code_is_asked_about(world):
    """Each code's own misspelling is taken back to it, unless another code is as near; as the live page does."""
    speller = Speller({normalise_code(code.code): code.code for code in world.materials.codes})
    mistyped = {normalise_code(spellings(code.code)[-1]) for code in world.materials.codes}
    told = {code: (near, slips) for code, near, slips in world.rows(ASKED)}
    assert told.keys() & mistyped
    assert {near for near, _ in told.values()} - {None}
    for code, (near, slips) in told.items():
        assert near == speller.nearest(code)
        assert slips == (None if near is None else distance(code, normalise_code(near)))


def test_a_code_that_resembles_none_is_not_guessed_at(world):
    assert ("freeship", None) in world.rows("select code, suggestion from fct_unknown_codes")


def test_every_click_that_is_nobodys_is_listed_by_what_it_named(world):
    lake = Lake(world.root / "lake")
    landed = one_message_each(lake.read("clicks"), "event_id", "visitor_id")
    somebodys = world.rows("select count(*) from lake.resolved_clicks where reason is null")[0][0]
    listed = world.rows("select sum(clicks) from fct_unresolved_clicks")[0][0]
    assert listed + somebodys == len(landed)
    newsletter = landed.filter(pl.col("utm_source") == "newsletter")
    assert world.rows(
        "select clicks, visitors from fct_unresolved_clicks where reason = 'no_link' and utm_source = 'newsletter'"
    ) == [(len(newsletter), newsletter.filter(~pl.col("is_bot"))["visitor_id"].n_unique())]
    assert {reason for (reason,) in world.rows("select reason from fct_unresolved_clicks")} >= {
        *("no_link", "ambiguous_link")
    }


def test_orders_at_stake_followed_such_a_click(world):
    clicks = one_message_each(Lake(world.root / "lake").read("clicks"), "event_id", "visitor_id")
    shared = clicks.filter((pl.col("utm_content") == "collab") & ~pl.col("is_bot"))
    nobodys = world.current.filter(pl.col("winner_claim_id").is_null())
    near = nobodys.join(shared, on="visitor_id").filter(
        pl.col("occurred_at").is_between(pl.col("ordered_at") - WINDOW, pl.col("ordered_at"))
    )
    expected = near.unique("order_id")
    assert world.rows("select orders, net_revenue from fct_unresolved_clicks where reason = 'ambiguous_link'") == [
        (len(expected), Decimal(expected["net_reporting_minor"].sum()).scaleb(-2))
    ]
