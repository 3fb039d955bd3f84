"""Shares of a month and the credits that dbt splits by them, against the same worked out in fractions."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.shares import split
from pipelines.warehouse.build import BuildSettings, build
from pipelines.warehouse.data_driven import LARGEST_WHOLE, whole_parts
from pipelines.warehouse.markov import End, removal_effects
from pipelines.warehouse.shapley import shapley_values
from tests.warehouse.tokyo_world import reference_tables, resolved_clicks, revision, write_lake

ZONES = {"east": "Asia/Tokyo", "west": "America/Los_Angeles"}
INFLUENCERS = ("ana", "ben", "cy", "dan", "eve")
MONEY = ("gross_minor", "amount_minor", "gross_reporting_minor", "amount_reporting_minor")
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)  # both campaigns' orders fall on both sides of their months
MARTS = ("fct_credits", "fct_model_shares", "fct_transitions")


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        pytest.param([Fraction(1, 6), Fraction(5, 6)], [1, 5], id="a common denominator"),
        pytest.param([Fraction(3, 4), Fraction(1, 2)], [3, 2], id="they need not sum to one"),
        pytest.param([Fraction(0), Fraction(0)], [0, 0], id="nothing to share"),
        pytest.param([Fraction(7), Fraction(0)], [1, 0], id="all to one"),
        pytest.param(
            [Fraction(1, 3**80), Fraction(1)],
            [1, LARGEST_WHOLE // 2],
            id="too wide: rounded, and what weighs keeps a part",
        ),
        pytest.param([Fraction(1, 3**80), Fraction(1, 3**80)], [1, 1], id="equal weights are equal parts"),
    ],
)
def test_parts_are_in_proportion(weights, parts):
    assert list(whole_parts({str(i): weight for i, weight in enumerate(weights)}).values()) == parts


@given(st.lists(st.fractions(0, 1), min_size=1, max_size=8))
def test_parts_are_within_half_a_part_of_the_weights(weights):
    parts = list(whole_parts({str(i): weight for i, weight in enumerate(weights)}).values())
    assert sum(parts) <= LARGEST_WHOLE
    for part, weight in zip(parts, weights, strict=True):
        assert (part > 0) == (weight > 0)
        if sum(parts):
            assert abs(Fraction(part, sum(parts)) - weight / sum(weights)) <= Fraction(len(parts) ** 2, LARGEST_WHOLE)


def an_order(number: int, chance: random.Random) -> dict:
    ordered_at = MIDNIGHT + timedelta(hours=chance.randint(-40, 40))
    touches = [
        {
            "claim_id": f"o{number}c{place}",
            "kind": chance.choice(["link", "code"]),
            "influencer_id": chance.choice(INFLUENCERS),
            "campaign_id": chance.choice(list(ZONES)),
            "occurred_at": ordered_at - timedelta(hours=chance.randint(0, 3)),
        }
        for place in range(chance.randint(0, 5))
    ]
    gross = chance.choice([0, 1, 3, 9, 9_999, 10**15 + 7, chance.randint(0, 10**6)])
    net = chance.randint(0, gross)
    linear = [
        {"model": "linear", "weight": 0.0, **dict.fromkeys(MONEY, 0)}
        | {name: touch[name] for name in ("kind", "claim_id", "influencer_id", "campaign_id")}
        for touch in touches
    ]
    return revision(
        f"o{number}",
        ordered_at,
        gross,
        net,
        visitor_id=f"v{number}",
        claims=[{**touch, "valid": True, "reason": "outranked"} for touch in touches],
        credits=linear,
        **({"net_reporting_minor": None, "subtotal_reporting_minor": None} if number % 29 == 0 else {}),
    )


def a_click(number: int, chance: random.Random) -> dict:
    return {
        "event_id": f"n{number}",
        "visitor_id": f"v{chance.randint(100, 160)}",
        "influencer_id": chance.choice(INFLUENCERS),
        "campaign_id": chance.choice(list(ZONES)),
        "occurred_at": MIDNIGHT + timedelta(hours=chance.randint(-40, 40)),
    }


def claimed_clicks(order: dict) -> list[dict]:
    return [
        {"event_id": touch["claim_id"], "visitor_id": order["visitor_id"]}
        | {name: touch[name] for name in ("influencer_id", "campaign_id", "occurred_at")}
        for touch in order["claims"]
        if touch["kind"] == "link"
    ]


@pytest.fixture(scope="module")
def world() -> tuple[list[dict], list[dict]]:
    """Orders of two campaigns in two months, and clicks that led to none."""
    chance = random.Random(6)
    return [an_order(number, chance) for number in range(120)], [a_click(number, chance) for number in range(150)]


def build_world(root, orders, clicks):
    write_lake(root, order_attributions=orders)
    campaigns = [
        {
            "campaign_id": name,
            "name": name,
            "timezone": zone,
            "currency": "USD",
            "starts_at": MIDNIGHT,
            "ends_at": MIDNIGHT,
        }
        for name, zone in ZONES.items()
    ]
    people = [{"influencer_id": name, "handle": name, "name": name, "platform": "blog"} for name in INFLUENCERS]
    reference = reference_tables({"campaigns": campaigns, "influencers": people})
    settings = BuildSettings("USD", lateness_days=7, watermark=MIDNIGHT)
    build(root, reference, resolved_clicks(clicks), settings, MIDNIGHT)
    with duckdb.connect(str(root / "warehouse" / "build.duckdb"), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return {mart: connection.sql(f"select * from {mart} order by all").to_arrow_table() for mart in MARTS}


@pytest.fixture(scope="module")
def marts(world, tmp_path_factory) -> dict[str, pa.Table]:
    orders, clicks = world
    every_click = clicks + [click for order in orders for click in claimed_clicks(order)]
    return build_world(tmp_path_factory.mktemp("data-driven"), orders, every_click)


def month_of(campaign: str, moment: datetime) -> tuple:
    return campaign, moment.astimezone(ZoneInfo(ZONES[campaign])).date().replace(day=1)


def journey(order: dict) -> list[dict]:
    return sorted(order["claims"], key=lambda touch: (touch["occurred_at"], touch["claim_id"], touch["kind"]))


def periods(world) -> tuple[dict, dict]:
    """Each campaign and month: its steps from state to state, and its paths with what they earned."""
    orders, clicks = world
    steps, earned = defaultdict(Counter), defaultdict(list)
    paths = []
    for order in orders:
        touches = journey(order)
        if touches:
            period = month_of(touches[-1]["campaign_id"], order["ordered_at"])
            earned[period].append(([t["influencer_id"] for t in touches], order["net_reporting_minor"] or 0))
            paths.append((period, touches, End.CONVERSION))
    visits = defaultdict(list)
    for click in clicks:
        visits[click["visitor_id"], month_of(click["campaign_id"], click["occurred_at"])[1]].append(click)
    for (_, month), its in visits.items():
        its = sorted(its, key=lambda click: (click["occurred_at"], click["event_id"]))
        paths.append(((its[-1]["campaign_id"], month), its, End.NULL))
    for period, touches, end in paths:
        steps[period].update(pairwise([End.START, *(touch["influencer_id"] for touch in touches), end]))
    return steps, earned


def test_the_transitions_are_those_of_the_paths(world, marts):
    steps, _ = periods(world)
    published = Counter()
    for row in marts["fct_transitions"].to_pylist():
        key = row["campaign_id"], row["month"], row["from_state"], row["to_state"]
        published[key] = row["transitions"]
    counted = Counter()
    for (campaign, month), its in steps.items():
        for pair, count in its.items():
            names = [f"({state.value})" if isinstance(state, End) else state for state in pair]
            counted[campaign, month, *names] = count
    assert published == counted
    assert len(steps) == 4


def test_every_order_is_split_exactly_by_its_influencers_shares(world, marts):
    orders, _ = world
    steps, earned = periods(world)
    published = {
        (row["order_id"], row["model"], row["influencer_id"]): (
            row["claim_id"], row["campaign_id"], row["weight"], row["gross_minor"], row["amount_minor"],
            row["net_revenue"] if row["net_revenue"] is None else int(row["net_revenue"] * 100),
        )
        for row in marts["fct_credits"].to_pylist()
        if row["model"] in ("markov", "shapley")
    }  # fmt: skip
    expected = {}
    for order in orders:
        touches = journey(order)
        first = {touch["influencer_id"]: touch for touch in reversed(touches)}
        claimants = [touch for touch in touches if first[touch["influencer_id"]] is touch]
        money = order["subtotal_minor"], order["net_minor"], order["net_reporting_minor"]
        if not touches:
            for model in ("markov", "shapley"):
                expected[order["order_id"], model, None] = (None, None, 1.0, *money)
            continue
        period = month_of(touches[-1]["campaign_id"], order["ordered_at"])
        for model, weights in (
            ("markov", removal_effects(steps[period])),
            ("shapley", shapley_values(earned[period])),
        ):
            mine = [weights[touch["influencer_id"]] for touch in claimants]
            mine = mine if any(mine) else [Fraction(1)] * len(mine)
            common = 1
            for weight in mine:
                common *= weight.denominator
            parts = [int(weight * common) for weight in mine]
            splits = [[None] * len(parts) if amount is None else split(amount, parts) for amount in money]
            for place, touch in enumerate(claimants):
                key = order["order_id"], model, touch["influencer_id"]
                weight = float(mine[place] / sum(mine))
                shares = [its[place] for its in splits]
                expected[key] = (touch["claim_id"], touch["campaign_id"], weight, *shares)
    assert {key: row[:2] + row[3:] for key, row in published.items()} == {
        key: row[:2] + row[3:] for key, row in expected.items()
    }
    assert {key: row[2] for key, row in published.items()} == pytest.approx({k: r[2] for k, r in expected.items()})


def test_shares_sum_to_one_and_shapley_values_to_the_orders_net(world, marts):
    _, earned = periods(world)
    summed, values = defaultdict(float), defaultdict(int)
    for row in marts["fct_model_shares"].to_pylist():
        period = row["campaign_id"], row["month"]
        summed[period, row["model"]] += row["share"]
        values[period] += int((row["shapley_value"] or 0) * 100)
    assert list(summed.values()) == pytest.approx([1] * len(summed))
    assert values == {period: sum(net for _, net in paths) for period, paths in earned.items()}


def test_the_order_of_arrival_changes_nothing(world, marts, tmp_path):
    orders, clicks = world
    chance = random.Random(7)
    every_click = clicks + [click for order in orders for click in claimed_clicks(order)]
    shuffled = [
        order | {name: chance.sample(order[name], len(order[name])) for name in ("claims", "credits")}
        for order in chance.sample(orders, len(orders))
    ]
    again = build_world(tmp_path, shuffled, chance.sample(every_click, len(every_click)))
    assert all(again[mart].equals(marts[mart]) for mart in MARTS)
