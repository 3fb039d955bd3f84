"""What nobody recognised, with the money at stake: codes that no row has, and clicks that no link claims."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.columnar.repeats import one_message_each
from pipelines.rules.codes import normalise_code
from pipelines.simulate.materials import spellings
from pipelines.stores.lake import Lake
from tests.warehouse.trust_world import TrustWorld, trust_world

WINDOW = timedelta(days=30)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> TrustWorld:
    return trust_world(tmp_path_factory)


def slips(one: str, other: str) -> int:
    """The optimal string alignment distance, as Damerau and Levenshtein count slips."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, start=1):
        rows.append([i])
        for j, their in enumerate(other, start=1):
            least = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (letter != their))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == their:
                least = min(least, rows[i - 2][j - 2] + 1)
            rows[i].append(least)
    return rows[-1][-1]


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
    """Each code's own misspelling is taken back to it, unless another code is as near."""
    own = {code.code for code in world.materials.codes}
    mistyped = {normalise_code(spellings(code)[-1]): code for code in own}
    told = dict(world.rows("select code, nearest_code from fct_unknown_codes"))
    asked = {code: mistyped[code] for code in told.keys() & mistyped.keys()}
    assert asked
    for code, meant in asked.items():
        distances = {known: slips(code, normalise_code(known)) for known in own}
        if distances[meant] > min(2, len(code) // 4):
            assert told[code] is None
        else:
            assert distances[told[code]] == min(distances.values())


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
