"""Who wins: the workspace's policy, the leading code's own, codes a second apart, clicks a day apart."""

from pipelines.rules.attribution import Rules
from pipelines.rules.claims import Click
from pipelines.rules.codes import CodeAssignment, CodeRoster, normalise_code
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, Redemption, order_state

TABLE = "precedence.csv"
SECOND = 1_000_000  # microseconds
DAY = 86_400 * SECOND
ORDERED_AT = 20_000 * DAY


def names(cell):
    return cell.split(",") if cell else []


def attribute(row):
    codes, clicks = names(row["codes_in_redeemed_order"]), names(row["clicks_oldest_first"])
    own_policies = {codes[0]: row["leading_code_policy"] or None} if codes else {}
    roster = CodeRoster(CodeAssignment(f"CODE-{n}", n, "spring", credit_policy=own_policies.get(n)) for n in "ABC")
    rules = Rules(
        codes=roster,
        exchange=Exchange("USD", {}),
        own_customer={},
        policy=row["workspace_policy"],
        window=30 * DAY,
        half_life=7 * DAY,
        path_transform="none",
    )
    order = order_state([OrderEvent("o", "e", ORDERED_AT, "placed", currency="USD", subtotal_minor=10_000)])
    redeemed = [
        Redemption(f"r{i}", ORDERED_AT + i * SECOND, normalise_code(f"CODE-{name}")) for i, name in enumerate(codes)
    ]
    clicked = [
        Click(f"c{i}", ORDERED_AT - (len(clicks) - i) * DAY, LinkAssignment(f"l-{name}", name, "spring"), None, False)
        for i, name in enumerate(clicks)
    ]
    return rules.attribute(order, redeemed, clicked)


def test_the_winner(row):
    attribution = attribute(row)
    winner = attribution.verdict.winner
    assert attribution.verdict.policy == row["policy_used"]
    assert (winner.influencer_id if winner else "") == row["winner"]
    assert (winner.kind if winner else "") == row["winner_kind"]


def test_policy_credits_the_winner_with_all_and_nobody_without_one(row):
    attribution = attribute(row)
    paid = [(c.touch.influencer_id, c.amount_minor) for c in attribution.credits if c.model == "policy"]
    assert paid == ([(row["winner"], 10_000)] if row["winner"] else [])
