"""Suspicion: which valid clicks of an order look like no honest visit, and what the three policies make of them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.attribution import Rules
from pipelines.rules.claims import Claim, Click
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, order_state
from pipelines.rules.suspicion import suspicions

SECOND = 1_000_000
HOUR = 3_600 * SECOND
NOON = 20_000 * 24 * HOUR
ROSTER = CodeRoster([CodeAssignment("alex", "alex", "spring")])


def link(claim_id, at, who="alex", reason=None):
    return Claim("link", claim_id, who, "spring", None, f"l-{who}", at, reason)


def code(who, at=NOON):
    return Claim("code", f"r-{who}", who, "spring", who, None, at, None)


def burst(count, gap, who="alex", before=HOUR):
    return [link(f"{who}{n}", NOON - before + n * gap, who) for n in range(count)]


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        pytest.param([], {}, id="no claim"),
        pytest.param(burst(5, 2_500_000), {f"alex{n}": "burst" for n in (1, 2, 3, 4)}, id="five within ten seconds"),
        pytest.param(burst(5, 2_500_001), {}, id="within a little more"),
        pytest.param(burst(4, SECOND), {}, id="four are a nervous finger"),
        pytest.param(burst(7, 2 * SECOND), {f"alex{n}": "burst" for n in range(1, 7)}, id="a long burst is one"),
        pytest.param([*burst(3, SECOND), *burst(3, SECOND, "bea")], {}, id="through two links"),
        pytest.param([*burst(4, SECOND), link("bot", NOON - HOUR, reason="bot")], {}, id="a bot's is no valid click"),
        pytest.param([link("late", NOON - 10 * SECOND), code("bea")], {"late": "injected"}, id="beside another's code"),
        pytest.param([link("late", NOON - 10 * SECOND - 1), code("bea")], {}, id="in time to pay"),
        pytest.param([link("late", NOON), code("alex")], {}, id="beside the own code"),
        pytest.param(
            [link("late", NOON), link("early", NOON - HOUR, "bea")], {"late": "injected"}, id="after another's click"
        ),
        pytest.param([link("late", NOON), link("early", NOON - HOUR)], {}, id="after the own click"),
        pytest.param([link("late", NOON)], {}, id="alone: clocks differ"),
    ],
)
def test_what_is_suspicious(claims, found):
    assert suspicions(claims, NOON) == found


@given(
    st.lists(
        st.builds(
            lambda n, at, who: link(f"c{n}", NOON - at * SECOND, who),
            st.integers(0, 99),
            st.integers(0, 40),
            st.sampled_from(["alex", "bea"]),
        ),
        max_size=12,
        unique_by=lambda claim: claim.claim_id,
    ).flatmap(lambda claims: st.tuples(st.just(claims), st.permutations(claims)))
)
def test_it_depends_on_the_set_of_claims_alone_and_spares_a_click_of_somebody(drawn):
    claims, permuted = drawn
    found = suspicions(claims, NOON)
    assert suspicions(permuted, NOON) == found
    assert not claims or len(found) < len(claims)


def attributed(suspicious_clicks, *claims, codes=()):
    rules = Rules(ROSTER, Exchange("USD", {}), {}, "link_wins", 30 * 24 * HOUR, HOUR, "none", suspicious_clicks)
    placed = OrderEvent("o", "e", NOON, "placed", currency="USD", subtotal_minor=100, discount_minor=0, codes=codes)
    clicks = [
        Click(
            claim.claim_id, claim.occurred_at, LinkAssignment(claim.link_id, claim.influencer_id, "spring"), None, False
        )
        for claim in claims
    ]
    return rules.attribute(order_state([placed]), [], clicks)


INJECTED = (link("early", NOON - HOUR, "bea"), link("late", NOON - SECOND))


@pytest.mark.parametrize(
    ("policy", "winner", "flags", "reason"),
    [
        pytest.param("count", "late", (), "won", id="counted as any other"),
        pytest.param("flag", "late", ("suspicious_click",), "won", id="the order is flagged"),
        pytest.param("exclude", "early", (), "injected", id="the click claims nothing, and says why"),
    ],
)
def test_the_three_policies(policy, winner, flags, reason):
    attribution = attributed(policy, *INJECTED)
    assert attribution.verdict.winner.claim_id == winner
    assert attribution.order.flags == flags
    assert {claim.claim_id: attribution.verdict.reason(claim) for claim in attribution.claims}["late"] == reason


def test_an_order_is_flagged_for_the_click_that_won_alone():
    claims = [*burst(5, SECOND), link("last", NOON - 60 * SECOND, "bea")]
    assert attributed("flag", *claims).order.flags == ()


@pytest.mark.parametrize("policy", ["count", "flag"])
def test_nobodys_money_moves_unless_suspicious_clicks_are_excluded(policy):
    asked, usual = attributed(policy, *INJECTED, codes=["alex"]), attributed("count", *INJECTED, codes=["alex"])
    assert asked.credits == usual.credits
    assert [msgspec.structs.asdict(claim) for claim in asked.claims] == [
        msgspec.structs.asdict(claim) for claim in usual.claims
    ]
