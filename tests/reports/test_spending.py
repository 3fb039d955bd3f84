"""What an influencer is owed and costs more than before: the causes and the categories add up, to the minor unit."""

from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.reports.spending import CATEGORIES, spending

MONTH = "2026-03-01"


def entry(order_id, cause, minor, who="ana", plan="p"):
    return (who, "spring", order_id, MONTH, cause, plan, None if minor is None else Decimal(minor) / 100)


def publish(root, number, entries, orders, costs=(), unpriced=()):
    """The marts of a version as far as they are compared; `costs`: (influencer, category, minor units)."""
    folder = root / "published" / "versions" / f"{number:06d}"
    folder.mkdir(parents=True)
    owed, spent = defaultdict(Decimal), defaultdict(lambda: [Decimal(0)] * len(CATEGORIES))
    for who, *_, amount in entries:
        owed[who] += amount or 0
    for who, category, minor in costs:
        spent[who][CATEGORIES.index(category)] += Decimal(minor) / 100
    amounts = ", ".join(f"cost_{category} decimal(38, 4)" for category in CATEGORIES)
    tables = {
        "fct_commissions": (
            "influencer_id varchar, campaign_id varchar, order_id varchar, month date, cause varchar, plan_id varchar, "
            "commission decimal(38, 4)",
            entries,
        ),
        "fct_orders": ("order_id varchar", [(order,) for order in orders]),
        "fct_influencer_roi": (
            f"influencer_id varchar, campaign_id varchar, model varchar, commission decimal(38, 4), {amounts}, "
            "cost_total decimal(38, 4)",
            [
                (
                    who,
                    "spring",
                    "policy",
                    owed[who],
                    *spent[who],
                    None if who in unpriced else owed[who] + sum(spent[who]),
                )
                for who in sorted({*owed, *spent, *unpriced})
            ],
        ),
    }
    with duckdb.connect() as connection:
        for name, (columns, rows) in tables.items():
            connection.execute(f"create table {name} ({columns})")
            for row in rows:
                connection.execute(f"insert into {name} values ({', '.join('?' * len(row))})", row)
            connection.table(name).write_parquet(str(folder / f"{name}.parquet"))


def causes_between(root, before, after, orders_before, orders_after):
    publish(root, 1, before, orders_before)
    publish(root, 2, after, orders_after)
    return {
        (row.influencer_id, part.name): part.amount for row in spending(root, 1, 2) for part in row.commission_causes
    }


ORDER = entry("o", "order", 500)
STEPS = {
    "a new order": ([], [ORDER], "", "o", {("ana", "new order"): 5}),
    "a new order and its refund": (
        [],
        [ORDER, entry("o", "refund", -200)],
        "",
        "o",
        {("ana", "new order"): 5, ("ana", "refund"): -2},
    ),
    "a refund": ([ORDER], [ORDER, entry("o", "refund", -200)], "o", "o", {("ana", "refund"): -2}),
    "a leaked code": ([ORDER], [ORDER, entry("o", "void", -500)], "o", "o", {("ana", "void"): -5}),
    "no order any more": ([ORDER], [], "o", "", {("ana", "no order any more"): -5}),
    "a late click": (
        [ORDER, entry("o", "refund", -200)],
        [entry("o", "order", 400, "ben"), entry("o", "refund", -100, "ben")],
        "o",
        "o",
        {("ana", "another winner"): -3, ("ben", "another winner"): 3},
    ),
    "another plan": ([ORDER], [entry("o", "order", 700, plan="q")], "o", "o", {("ana", "another plan"): 2}),
    "the month's tiers": ([ORDER], [entry("o", "order", 450)], "o", "o", {("ana", "tiers and rates"): Decimal("-0.5")}),
    "a rate at last": ([entry("o", "order", None)], [ORDER], "o", "o", {("ana", "tiers and rates"): 5}),
    "the cap": ([ORDER], [ORDER, entry(None, "cap", -100)], "o", "o", {("ana", "cap of the month"): -1}),
}


@pytest.mark.parametrize(("before", "after", "was", "now", "expected"), STEPS.values(), ids=STEPS)
def test_each_cause_of_another_commission_has_its_name(tmp_path, before, after, was, now, expected):
    assert causes_between(tmp_path, before, after, was, now) == expected


LEDGER = st.lists(
    st.builds(
        entry,
        st.sampled_from(["o1", "o2", None]),
        st.sampled_from(["order", "refund", "void", "cap"]),
        st.none() | st.integers(-700, 700),
        st.sampled_from(["ana", "ben"]),
        st.sampled_from(["p", "q"]),
    ),
    max_size=6,
)
COSTS = st.lists(
    st.tuples(st.sampled_from(["ana", "ben"]), st.sampled_from(CATEGORIES), st.integers(0, 900)), max_size=4
)
ORDERS = st.sets(st.sampled_from(["o1", "o2"]))


@settings(max_examples=25)
@given(st.tuples(LEDGER, ORDERS, COSTS), st.tuples(LEDGER, ORDERS, COSTS))
def test_the_causes_and_the_categories_add_up_to_the_difference(tmp_path_factory, former, later):
    root = tmp_path_factory.mktemp("spent")
    publish(root, 1, *former)
    publish(root, 2, *later)
    there, back = spending(root, 1, 2), spending(root, 2, 1)
    for row in (*there, *back):
        assert sum(part.amount for part in row.commission_causes) == row.commission_after - row.commission_before
        assert sum(part.amount for part in row.cost_categories) == row.costs_after - row.costs_before
    assert {row.influencer_id for row in there} == {
        who
        for who in ("ana", "ben")
        if _owed(former, who) != _owed(later, who) or _spent(former, who) != _spent(later, who)
    }


def _owed(version, who):
    return sum(amount or 0 for of, *_, amount in version[0] if of == who)


def _spent(version, who):
    return sum(minor for of, _, minor in version[2] if of == who)


def test_costs_without_a_rate_are_split_by_nothing(tmp_path):
    publish(tmp_path, 1, [], [], [("ana", "fee", 100)])
    publish(tmp_path, 2, [], [], [("ana", "fee", 300)], unpriced=["ana"])
    [row] = spending(tmp_path, 1, 2)
    assert (row.costs_before, row.costs_after, row.cost_categories) == (1, None, ())
