"""Touched: a change is looked for where it can matter, and nowhere else."""

from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines.columnar.touched import touched
from pipelines.rules.attribution import Rules
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.stores.rulebook import Rulebook
from pipelines.stores.tables import CLAIM

DAY = 86_400_000_000
NOON = 20_000 * DAY
CODES = (CodeAssignment("KAI", "kai", "spring"), CodeAssignment("LEA", "lea", "spring"))
LINKS = [LinkAssignment("l-kai", "kai", "spring"), LinkAssignment("l-lea", "lea", "spring")]
CLAIM_TYPES = pl.Struct(
    {field.name: pl.String() for field in CLAIM} | {"occurred_at": pl.Datetime("us", "UTC"), "valid": pl.Boolean()}
)


def book(**changed):
    links = changed.pop("links", LINKS)
    given = {
        "codes": CodeRoster(changed.pop("codes", CODES)),
        "exchange": Exchange(changed.pop("currency", "USD"), changed.pop("rates", {"EUR": [(0, 2)]})),
        "own_customer": {"kai": "customer-kai"},
        "policy": "code_wins",
        "window": 30 * DAY,
        "half_life": 7 * DAY,
        "path_transform": "none",
    }
    return Rulebook(Rules(**(given | changed)), links, "v")


def claim(kind, name, influencer, valid=True):
    return {
        "claim_id": f"{kind}-{name}",
        "kind": kind,
        "influencer_id": influencer,
        "campaign_id": "spring",
        "code": name if kind == "code" else None,
        "link_id": name if kind == "link" else None,
        "occurred_at": datetime(2024, 1, 1, tzinfo=UTC),
        "valid": valid,
        "reason": "won" if valid else "unknown_code",
    }


def order(order_id, *claims, currency="USD", customer=None, policy="code_wins"):
    return {
        "order_id": order_id,
        "ordered_at": NOON,
        "visitor_id": f"visitor-{order_id}",
        "customer_id": customer,
        "currency": currency,
        "policy": policy,
        "claims": list(claims),
        "subtotal_minor": 100,
        "net_minor": 100,
        "subtotal_reporting_minor": 200 if currency == "EUR" else 100,
        "net_reporting_minor": 200 if currency == "EUR" else 100,
    }


ORDERS = [
    order("nobody", customer="customer-kai"),
    order("kai", claim("code", "kai", "kai"), customer="customer-kai"),
    order("both", claim("code", "lea", "lea"), claim("link", "l-kai", "kai")),
    order("unknown", claim("code", "late", None, valid=False)),
    order("euro", claim("link", "l-lea", "lea"), currency="EUR"),
    order("its-own", claim("code", "lea", "lea"), policy="if_winner"),
]
CLICKS = pl.DataFrame(
    [
        {"visitor_id": "visitor-both", "occurred_at": NOON - DAY, "link_id": "l-kai"},
        {"visitor_id": "visitor-nobody", "occurred_at": NOON - 40 * DAY, "link_id": "l-lea"},
        {"visitor_id": "visitor-kai", "occurred_at": NOON - 40 * DAY, "link_id": "nobody's"},
        {"visitor_id": "visitor-euro", "occurred_at": NOON, "link_id": "l-lea"},
    ]
).with_columns(
    *(pl.lit(None, pl.String).alias(f"utm_{name}") for name in ("source", "medium", "campaign", "content", "term"))
)


def clicks_of(visitors):
    return CLICKS.filter(pl.col("visitor_id").is_in(visitors.implode()))


def found(new, **options):
    attributions = pl.DataFrame(ORDERS, schema_overrides={"claims": pl.List(CLAIM_TYPES)})
    return sorted(touched(attributions, book(), new, clicks_of, **options))


KAI, LEA = CODES


@pytest.mark.parametrize(
    ("changed", "orders"),
    [
        ({}, []),
        ({"codes": (*CODES, CodeAssignment("LATE", "kai", "spring"))}, ["unknown"]),
        ({"codes": (*CODES, CodeAssignment("LATE", "kai", "spring", valid_from=NOON + 1))}, ["unknown"]),
        ({"codes": (KAI, CodeAssignment("LEA", "lea", "spring", valid_to=NOON + 1))}, []),
        ({"codes": (KAI, CodeAssignment("LEA", "lea", "spring", compromised_at=NOON))}, ["both", "its-own"]),
        ({"codes": (CodeAssignment("KAI", "lea", "spring"), LEA)}, ["kai"]),
        ({"codes": (CodeAssignment("kai", "kai", "spring"), LEA)}, []),
        ({"links": [LINKS[0], LinkAssignment("l-lea", "kai", "spring")]}, ["euro"]),
        ({"links": LINKS[:1]}, ["euro"]),
        ({"links": [*LINKS, LinkAssignment("nobody's", "kai", "spring")]}, []),
        ({"links": LINKS[::-1]}, []),
        ({"window": 40 * DAY}, ["nobody"]),
        ({"window": DAY - 1}, ["both"]),
        ({"rates": {"EUR": [(0, 3)]}}, ["euro"]),
        ({"rates": {"EUR": [(0, 2), (20_001, 3)]}}, []),
        ({"rates": {"EUR": [(0, 2)], "JPY": [(0, 1)]}}, []),
        ({"own_customer": {}}, ["kai"]),
        ({"own_customer": {"kai": "customer-kai", "lea": "customer-kai"}}, []),
        ({"path_transform": "unique"}, ["both"]),
        ({"suspicious_clicks": "exclude"}, ["both", "euro"]),
        ({"half_life": DAY}, ["both"]),
        ({"policy": "link_wins"}, ["both", "euro", "kai", "nobody", "unknown"]),
        ({"currency": "EUR", "rates": {}}, ["both", "euro", "its-own", "kai", "nobody", "unknown"]),
    ],
)
def test_only_what_a_change_can_touch_is_looked_at(changed, orders):
    assert found(book(**changed)) == orders


def test_another_default_policy_moves_money_only_where_a_code_is_valid():
    assert found(book(policy="if_winner"), money_only=True) == ["both", "kai"]
