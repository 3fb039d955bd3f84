"""Claims: what voids one, whom each policy pays, and which of them are touches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.claims import Claim, Click, claims_of, journey_of, verdict_of
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment, LinkReason
from pipelines.rules.orders import OrderEvent, Redemption, order_state

NOW = 1_000
ROSTER = CodeRoster(
    [
        CodeAssignment("ALEX", "alex", "spring"),
        CodeAssignment("LATE", "bea", "spring", valid_from=NOW + 1),
        CodeAssignment("OVER", "carl", "spring", valid_to=NOW),
        CodeAssignment("LEAK", "dana", "spring", compromised_at=NOW),
        CodeAssignment("MINE", "self", "spring"),
        CodeAssignment("LEAKMINE", "self", "spring", compromised_at=NOW),
    ]
)
OWN_CUSTOMER = {"self": "c-self", "alex": "c-alex"}
LINK = LinkAssignment("l-alex", "alex", "spring")
OWN_LINK = LinkAssignment("l-self", "self", "spring")


def order(customer_id="c-self"):
    event = OrderEvent("o", "e", NOW, "placed", currency="USD", subtotal_minor=100, customer_id=customer_id)
    return order_state([event])


def redeemed(code, event_id="r", at=NOW):
    return Redemption(event_id, at, code)


def clicked(link=LINK, reason=None, is_bot=False, event_id="c", at=NOW - 1):
    return Click(event_id, at, link, reason, is_bot)


@pytest.mark.parametrize(
    ("code", "influencer", "reason"),
    [
        pytest.param("alex", "alex", None, id="valid"),
        pytest.param("nobody", None, "unknown_code", id="unknown"),
        pytest.param("late", None, "code_not_started", id="not started"),
        pytest.param("over", None, "code_expired", id="expired"),
        pytest.param("leak", "dana", "code_compromised", id="compromised, and still its owner's"),
        pytest.param("mine", "self", "self_purchase", id="the influencer's own purchase"),
        pytest.param("leakmine", "self", "code_compromised", id="compromised goes before self-purchase"),
    ],
)
def test_a_redeemed_code(code, influencer, reason):
    [claim] = claims_of(order(), [redeemed(code)], [], ROSTER, OWN_CUSTOMER)
    assert (claim.kind, claim.claim_id, claim.code, claim.link_id) == ("code", "r", code, None)
    assert (claim.influencer_id, claim.reason) == (influencer, reason)
    assert claim.campaign_id == (influencer and "spring")


@pytest.mark.parametrize(
    ("click", "influencer", "reason"),
    [
        pytest.param(clicked(), "alex", None, id="valid"),
        pytest.param(clicked(None, LinkReason.AMBIGUOUS), None, "ambiguous_link", id="ambiguous"),
        pytest.param(clicked(None, LinkReason.NOT_VALID), None, "link_not_valid", id="not valid then"),
        pytest.param(clicked(is_bot=True), "alex", "bot", id="a bot's, and still the row's influencer"),
        pytest.param(clicked(OWN_LINK), "self", "self_purchase", id="the influencer's own purchase"),
        pytest.param(clicked(OWN_LINK, is_bot=True), "self", "bot", id="bot goes before self-purchase"),
        pytest.param(clicked(None, LinkReason.NOT_VALID, True), None, "link_not_valid", id="and the row before bot"),
    ],
)
def test_a_click(click, influencer, reason):
    [claim] = claims_of(order(), [], [click], ROSTER, OWN_CUSTOMER)
    assert (claim.kind, claim.claim_id, claim.code) == ("link", "c", None)
    assert (claim.influencer_id, claim.reason) == (influencer, reason)
    assert claim.link_id == (click.link and click.link.link_id)


@pytest.mark.parametrize(
    ("customer_id", "reason"),
    [
        pytest.param("c-self", "self_purchase", id="the buyer is the influencer"),
        pytest.param("c-alex", None, id="the buyer is another influencer"),
        pytest.param(None, None, id="the buyer is unknown"),
    ],
)
def test_self_purchase_voids_the_buyer_s_own_claims_alone(customer_id, reason):
    [claim] = claims_of(order(customer_id), [redeemed("mine")], [], ROSTER, OWN_CUSTOMER)
    assert claim.reason == reason


def test_claims_are_in_order_of_time_then_id_then_kind():
    found = claims_of(
        order(None),
        [redeemed("alex", "b", 5), redeemed("alex", "a", 6)],
        [clicked(event_id="b", at=5), clicked(event_id="a", at=5)],
        ROSTER,
        {},
    )
    assert [(c.occurred_at, c.claim_id, c.kind) for c in found] == [
        (5, "a", "link"),
        (5, "b", "code"),
        (5, "b", "link"),
        (6, "a", "code"),
    ]


def code(who, at=10, claim_id="k", reason=None, policy=None, text=None):
    return Claim("code", claim_id, who, "spring", text or who, None, at, reason, policy)


def link(who, at=1, claim_id="c", reason=None):
    return Claim("link", claim_id, who, "spring", None, f"l-{who}", at, reason)


A_CODE, B_CODE = code("a", 10, "ka"), code("b", 11, "kb")
A_CLICK, B_CLICK = link("a", 1, "ca"), link("b", 2, "cb")
BOTH = [A_CLICK, B_CLICK, A_CODE, B_CODE]


@pytest.mark.parametrize(
    ("policy", "claims", "reasons"),
    [
        pytest.param("code_wins", [A_CODE, B_CLICK], "won outranked", id="code_wins, code and click"),
        pytest.param("code_wins", [A_CLICK, B_CLICK], "outranked won", id="code_wins, clicks alone"),
        pytest.param("code_wins", [A_CODE, B_CODE], "won outranked", id="code_wins, two codes"),
        pytest.param("link_wins", [A_CODE, A_CLICK], "outranked won", id="link_wins, code and click"),
        pytest.param("link_wins", [A_CODE, B_CODE], "won outranked", id="link_wins, codes alone"),
        pytest.param("if_involved", [A_CODE, A_CLICK], "won outranked", id="if_involved, its influencer clicked"),
        pytest.param("if_involved", [A_CODE, B_CLICK], "not_involved won", id="if_involved, another clicked"),
        pytest.param("if_involved", [A_CODE], "not_involved", id="if_involved, nobody clicked: nobody is paid"),
        pytest.param("if_involved", [A_CODE, B_CODE, B_CLICK], "not_involved outranked won", id="if_involved, a later"),
        pytest.param("if_involved", BOTH, "outranked outranked won outranked", id="if_involved, all of both"),
        pytest.param("if_winner", [A_CODE, A_CLICK], "not_involved won", id="if_winner, a code never wins"),
        pytest.param("if_winner", [A_CODE], "not_involved", id="if_winner, a code alone: nobody is paid"),
        pytest.param("if_winner", BOTH, "outranked won not_involved not_involved", id="if_winner, all of both"),
        pytest.param("code_wins", [code("a", reason="bot"), B_CLICK], "bot won", id="what is void keeps its reason"),
        pytest.param(
            "if_involved",
            [A_CODE, link("a", reason="bot")],
            "not_involved bot",
            id="if_involved, a void click involves nobody",
        ),
        pytest.param("code_wins", [], "", id="no claim"),
    ],
)
def test_each_claim_s_reason_under_a_policy(policy, claims, reasons):
    verdict = verdict_of(claims, policy)
    assert [str(verdict.reason(claim)) for claim in claims] == reasons.split()


@pytest.mark.parametrize(
    ("own", "workspace", "decides"),
    [
        pytest.param("link_wins", "code_wins", "link_wins", id="the leading code's own policy"),
        pytest.param(None, "link_wins", "link_wins", id="the workspace's without one"),
    ],
)
def test_the_policy_that_decides(own, workspace, decides):
    claims = [code("a", 10, policy=own), code("b", 11, policy="if_winner"), A_CLICK]
    assert verdict_of(claims, workspace).policy == decides


def test_the_policy_of_a_void_code_does_not_decide():
    claims = [code("a", 10, policy="if_winner", reason="code_compromised"), B_CODE]
    verdict = verdict_of(claims, "code_wins")
    assert (verdict.policy, verdict.winner) == ("code_wins", B_CODE)


@pytest.mark.parametrize(
    ("codes", "leading"),
    [
        pytest.param([code("a", 10), code("b", 9)], "b", id="the earliest"),
        pytest.param([code("b", 9, "k1"), code("a", 9, "k2")], "a", id="at one instant the lesser code"),
        pytest.param([code("x", 9, "k2", text="same"), code("y", 9, "k1", text="same")], "y", id="then the lesser id"),
    ],
)
def test_the_leading_code(codes, leading):
    assert verdict_of(codes, "code_wins").winner.influencer_id == leading


@pytest.mark.parametrize(
    ("clicks", "last"),
    [
        pytest.param([link("a", 2), link("b", 1)], "a", id="the latest"),
        pytest.param([link("a", 1, "c1"), link("b", 1, "c2")], "b", id="at one instant the greater id"),
        pytest.param([link("a", 1), link("b", 2, reason="bot")], "a", id="a void click is passed over"),
    ],
)
def test_the_last_click(clicks, last):
    assert verdict_of(clicks, "code_wins").winner.influencer_id == last


def test_a_policy_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'first_wins' is no policy"):
        verdict_of([A_CODE], "first_wins")


@pytest.mark.parametrize(
    ("claims", "touches"),
    [
        pytest.param([link("a", 1, "c1"), link("a", 2, "c2")], ["c1", "c2"], id="every click"),
        pytest.param([code("a", 1, "k1"), code("a", 2, "k2")], ["k1"], id="a code redeemed twice is one touch"),
        pytest.param([code("a", 1, "k1"), code("a", 2, "k2", text="a2")], ["k1", "k2"], id="two codes of one owner"),
        pytest.param([code("a", 1, "k1", reason="bot"), code("a", 2, "k2")], ["k2"], id="the first valid redemption"),
        pytest.param([link("a", reason="bot")], [], id="no void claim"),
    ],
)
def test_the_journey(claims, touches):
    assert [touch.claim_id for touch in journey_of(claims)] == touches


claims_at_random = st.lists(
    st.builds(
        lambda kind, who, at, n, reason: code(who, at, f"k{n}", reason) if kind else link(who, at, f"c{n}", reason),
        st.booleans(),
        st.sampled_from("abc"),
        st.integers(0, 5),
        st.integers(0, 50),
        st.sampled_from([None, None, "bot"]),
    ),
    max_size=6,
    unique_by=lambda claim: claim.claim_id,
)
policies = st.sampled_from(["code_wins", "link_wins", "if_involved", "if_winner"])


@given(claims_at_random, policies, st.randoms())
def test_a_verdict_does_not_depend_on_the_order_of_the_claims(claims, policy, random):
    shuffled = random.sample(claims, len(claims))
    verdict, other = verdict_of(claims, policy), verdict_of(shuffled, policy)
    assert verdict.winner == other.winner
    assert {c.claim_id: verdict.reason(c) for c in claims} == {c.claim_id: other.reason(c) for c in claims}


@given(claims_at_random, policies)
def test_exactly_the_winner_has_won_and_it_is_valid(claims, policy):
    verdict = verdict_of(claims, policy)
    won = [claim for claim in claims if verdict.reason(claim) == "won"]
    assert won == ([verdict.winner] if verdict.winner else [])
    assert all(claim.reason is None for claim in won)
