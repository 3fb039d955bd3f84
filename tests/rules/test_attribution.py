"""An order's attribution: each model's exact split of its money, in both currencies."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.attribution import Rules
from pipelines.rules.claims import Click
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.models import PATH_MODELS
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, Redemption, order_state

DAY = 86_400_000_000  # microseconds
TODAY = 20_000
NOON = TODAY * DAY + DAY // 2
CODES = CodeRoster([CodeAssignment("ALEX", "alex", "spring"), CodeAssignment("BEA", "bea", "spring")])
RATES = {"EUR": [(TODAY, Decimal("1.10")), (TODAY + 1, Decimal(9))], "JPY": [(TODAY + 1, Decimal("0.007"))]}


def rules(path_transform="none", policy="code_wins", reporting_currency="USD", half_life=7 * DAY):
    return Rules(
        codes=CODES,
        exchange=Exchange(reporting_currency, RATES),
        own_customer={},
        policy=policy,
        window=30 * DAY,
        half_life=half_life,
        path_transform=path_transform,
    )


def order(net=1_000, currency="USD", at=NOON, discount=0, **said):
    placed = OrderEvent(
        "o", "e", at, "placed", currency=currency, subtotal_minor=net + discount, discount_minor=discount, **said
    )
    return order_state([placed])


def clicks(*people, last_at=NOON - DAY):
    """One click a day of each one's link, the last at `last_at`."""
    first_at = last_at - (len(people) - 1) * DAY
    return [
        Click(f"c{i}", first_at + i * DAY, LinkAssignment(f"l-{who}", who, "spring"), None, False)
        for i, who in enumerate(people)
    ]


def amounts(attribution, model):
    return [credit.amount_minor for credit in attribution.credits if credit.model == model]


def people(attribution, model):
    return [credit.touch.influencer_id for credit in attribution.credits if credit.model == model]


@pytest.mark.parametrize(
    ("model", "split"),
    [
        pytest.param("policy", [1_000], id="policy: all to the winner"),
        pytest.param("first", [1_000, 0, 0], id="first: a credit for each touch, also of nothing"),
        pytest.param("last", [0, 0, 1_000], id="last"),
        pytest.param("linear", [334, 333, 333], id="linear"),
        pytest.param("position", [400, 200, 400], id="position"),
        pytest.param("time_decay", [301, 332, 367], id="time_decay"),
    ],
)
def test_the_credits_of_three_clicks(model, split):
    assert amounts(rules().attribute(order(), [], clicks("alex", "bea", "carl")), model) == split


def test_a_single_touch_gets_all_of_every_model():
    attribution = rules().attribute(order(), [Redemption("r", NOON, "alex")], [])
    given_to = [
        (c.model, c.weight, c.gross_minor, c.amount_minor, c.amount_reporting_minor) for c in attribution.credits
    ]
    assert given_to == [(model, 1.0, 1_000, 1_000, 1_000) for model in ("policy", *PATH_MODELS)]


def test_without_a_valid_claim_nobody_is_credited_and_the_order_keeps_its_money():
    attribution = rules().attribute(order(), [Redemption("r", NOON, "nobody")], [])
    assert attribution.credits == []
    assert (attribution.net_reporting_minor, len(attribution.claims)) == (1_000, 1)


def test_a_policy_without_a_winner_leaves_the_path_models_their_credits():
    attribution = rules(policy="if_winner").attribute(order(), [Redemption("r", NOON, "alex")], [])
    assert [c.model for c in attribution.credits] == list(PATH_MODELS)


def test_a_code_redeemed_twice_is_one_touch_at_its_first_redemption():
    sent = [Redemption("r2", NOON + 1, "alex"), Redemption("r1", NOON, "alex")]
    attribution = rules().attribute(order(), sent, clicks("bea"))
    assert [c.touch.claim_id for c in attribution.credits if c.model == "linear"] == ["c0", "r1"]
    assert len(attribution.claims) == 3


def test_a_redemption_after_the_order_is_as_young_as_one_at_its_time():
    sent = [Redemption("r", NOON + 5 * DAY, "alex")]
    assert amounts(rules().attribute(order(), sent, clicks("bea", last_at=NOON)), "time_decay") == [500, 500]


def test_touches_beyond_all_half_lives_get_a_credit_of_weight_nothing():
    attribution = rules(half_life=1).attribute(order(), [], clicks("alex", "bea"))
    decayed = [(c.weight, c.amount_minor) for c in attribution.credits if c.model == "time_decay"]
    assert decayed == [(0.0, 0), (1.0, 1_000)]


@pytest.mark.parametrize(
    ("transform", "linear"),
    [
        pytest.param("none", ["alex", "alex", "bea", "alex"], id="none"),
        pytest.param("collapse_repeats", ["alex", "bea", "alex"], id="collapse_repeats"),
        pytest.param("unique", ["alex", "bea"], id="unique"),
    ],
)
def test_a_path_transform_applies_to_all_models_but_policy(transform, linear):
    attribution = rules(transform).attribute(order(), [], clicks("alex", "alex", "bea", "alex"))
    assert [people(attribution, model) for model in PATH_MODELS] == [linear] * len(PATH_MODELS)
    assert [c.touch.claim_id for c in attribution.credits if c.model == "policy"] == ["c3"]


@pytest.mark.parametrize(
    ("at", "currency", "net", "reporting"),
    [
        pytest.param(NOON, "EUR", 1_000, 1_100, id="the rate of the order's day"),
        pytest.param((TODAY + 1) * DAY - 1, "EUR", 1_000, 1_100, id="to the day's last microsecond in UTC"),
        pytest.param((TODAY + 1) * DAY, "EUR", 1_000, 9_000, id="the next day's from its first"),
        pytest.param(NOON, "JPY", 1_000, None, id="no rate yet"),
        pytest.param(NOON, "GBP", 1_000, None, id="no rate at all"),
        pytest.param((TODAY + 1) * DAY, "EUR", 2**62, None, id="beyond 64 bits"),
    ],
)
def test_reporting_amounts(at, currency, net, reporting):
    attribution = rules().attribute(order(net, currency, at), [], clicks("alex", "bea", last_at=at))
    assert (attribution.net_reporting_minor, attribution.subtotal_reporting_minor) == (reporting, reporting)
    linear = [c.amount_reporting_minor for c in attribution.credits if c.model == "linear"]
    assert (None if reporting is None else sum(linear)) == reporting
    assert (linear == [None, None]) is (reporting is None)


def test_gross_is_the_subtotal_and_split_alike():
    attribution = rules().attribute(order(net=1_000, discount=1), [], clicks("alex", "bea"))
    linear = [(c.gross_minor, c.amount_minor) for c in attribution.credits if c.model == "linear"]
    assert linear == [(501, 500), (500, 500)]


def test_a_cancelled_order_splits_nothing_and_keeps_its_gross():
    events = [
        OrderEvent("o", "e1", NOON, "placed", currency="USD", subtotal_minor=1_000),
        OrderEvent("o", "e2", NOON + 1, "cancelled"),
    ]
    attribution = rules().attribute(order_state(events), [], clicks("alex", "bea"))
    assert [(c.gross_minor, c.amount_minor) for c in attribution.credits if c.model == "linear"] == [(500, 0), (500, 0)]


journeys = st.lists(st.sampled_from(["alex", "bea", "carl"]), max_size=7)
redeemed = st.lists(st.sampled_from(["alex", "bea", "nobody"]), max_size=3)
transforms = st.sampled_from(["none", "collapse_repeats", "unique"])
policies = st.sampled_from(["code_wins", "link_wins", "if_involved", "if_winner"])
money = st.integers(0, 10**13)


@given(journeys, redeemed, transforms, policies, money, money, st.sampled_from(["USD", "EUR", "GBP"]))
def test_each_model_s_credits_sum_to_the_order(path, typed, transform, policy, net, discount, currency):
    sent = [Redemption(f"r{i}", NOON + i, code) for i, code in enumerate(typed)]
    attribution = rules(transform, policy).attribute(order(net, currency, discount=discount), sent, clicks(*path))
    expected = {
        "gross_minor": net + discount,
        "amount_minor": net,
        "gross_reporting_minor": attribution.subtotal_reporting_minor,
        "amount_reporting_minor": attribution.net_reporting_minor,
    }
    for model in {c.model for c in attribution.credits}:
        credits_of_model = [c for c in attribution.credits if c.model == model]
        for column, whole in expected.items():
            shares = [getattr(c, column) for c in credits_of_model]
            assert shares == [None] * len(shares) if whole is None else sum(shares) == whole
        assert abs(sum(Fraction(c.weight) for c in credits_of_model) - 1) < Fraction(1, 10**12)


@given(journeys, redeemed, policies, st.randoms())
def test_the_order_in_which_claims_are_handed_over_changes_nothing(path, typed, policy, random):
    sent = [Redemption(f"r{i}", NOON + i % 2, code) for i, code in enumerate(typed)]
    seen = clicks(*path)
    one = rules(policy=policy).attribute(order(), sent, seen)
    other = rules(policy=policy).attribute(order(), random.sample(sent, len(sent)), random.sample(seen, len(seen)))
    assert (one.claims, one.credits, one.verdict.winner) == (other.claims, other.credits, other.verdict.winner)


@given(journeys.filter(bool), transforms)
def test_every_path_model_credits_the_same_touches(path, transform):
    attribution = rules(transform).attribute(order(), [], clicks(*path))
    touches = [[c.touch.claim_id for c in attribution.credits if c.model == model] for model in PATH_MODELS]
    assert touches == [touches[0]] * len(PATH_MODELS)
    assert touches[0]
