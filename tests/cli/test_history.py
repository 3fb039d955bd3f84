"""Two real publications, and what moved between them: as the published marts have it, and why."""

import json
from decimal import Decimal

import duckdb
import pytest

from tests.warehouse.approved import approved

REFUND = '{"event_id":"e2","occurred_at":"2026-03-11T10:00:00Z","order_id":"ORD-1","kind":"refunded",'
REFUND += '"refund_amount":"10.00"}'
LATE = '{"event_id":"e3","occurred_at":"2026-03-11T10:00:00Z","order_id":"ORD-2","kind":"placed","visitor_id":"v1",'
LATE += '"currency":"EUR","subtotal":"30.00"}'


@pytest.fixture
def published_twice(codetrail_here, shop):
    here = ("--workspace", shop)
    with (shop / "topics" / "orders.ndjson").open("a") as file:
        file.write(f"{REFUND}\n{LATE}\n")
    costs = shop / "reference" / "costs.csv"
    costs.write_text(costs.read_text().replace("20.00", "25.00"))
    for command in ("run", "build", "publish"):
        if command == "publish":
            approved(shop)
        ended = codetrail_here(*here, command)
        assert ended.code == 0, ended.err
    return shop


def marts_of(shop, version):
    folder = shop / "published" / "versions" / f"{version:06d}"
    query = f"select influencer_id, net_revenue, cost_total - commission from '{folder}/fct_influencer_roi.parquet'"
    rows = duckdb.sql(f"{query} where model = 'policy'").fetchall()
    return {who: (net, cost) for who, net, cost in rows}


def test_what_moved_is_what_the_marts_say_and_why(codetrail_here, published_twice, listing):
    before = listing(published_twice)
    ended = codetrail_here("--workspace", published_twice, "diff", "1", "2", "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    then, now = marts_of(published_twice, 1), marts_of(published_twice, 2)
    told = {row["influencer_id"]: row for row in found["influencers"]}
    for who, row in told.items():
        assert (Decimal(row["before"]), Decimal(row["after"])) == (then[who][0], now[who][0])
        assert sum(Decimal(cause["amount"]) for cause in row["causes"]) == now[who][0] - then[who][0]
    assert {(who, cause["cause"]) for who, row in told.items() for cause in row["causes"]} == {
        ("ana", "refund"),
        ("ben", "new order"),
    }
    (spent,) = found["spending"]
    assert (spent["influencer_id"], Decimal(spent["costs_after"]) - Decimal(spent["costs_before"])) == ("ana", 5)
    assert Decimal(spent["costs_after"]) == now["ana"][1]
    assert [(part["name"], Decimal(part["amount"])) for part in spent["cost_categories"]] == [("fee", 5)]
    assert sum(Decimal(part["amount"]) for part in spent["commission_causes"]) == Decimal(
        spent["commission_after"]
    ) - Decimal(spent["commission_before"])
    back = json.loads(codetrail_here("--workspace", published_twice, "diff", "2", "1", "--json").out)
    assert {row["influencer_id"]: -Decimal(row["difference"]) for row in back["influencers"]} == {
        who: Decimal(row["difference"]) for who, row in told.items()
    }
    page = codetrail_here("--workspace", published_twice, "diff", "1", "2").out
    assert "refund" in page
    assert "costs" in page
    assert listing(published_twice) == before
