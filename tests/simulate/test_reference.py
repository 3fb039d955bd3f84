"""The reference data of a world is what a real team's would be: it loads, and has the hard cases in it."""

import csv
from collections import Counter

import pytest

from pipelines.stores.reference import load_reference

TABLES = (
    *("influencers", "campaigns", "codes", "links", "commission_plans", "costs", "fx_rates", "targets"),
    *("rate_card", "deliverables", "channels", "audience_quality"),
)


@pytest.fixture(scope="module")
def tables(worlds):
    reference = load_reference(worlds["hostile"][0] / "reference", redact_id=str, redact_text=str)
    assert reference.ignored == {}
    return {name: table.to_pylist() for name, table in reference.tables.items()}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_loads_with_rows(tables, table):
    assert tables[table]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("tier", {"nano", "micro", "mid", "macro", "mega"}),
        ("platform", {"instagram", "tiktok", "youtube", "twitch", "blog", "podcast"}),
        ("partnership_type", {"one_off", "ambassador", "affiliate", "gifting", "event"}),
    ],
)
def test_influencers_of_every_kind(tables, column, values):
    assert {row[column] for row in tables["influencers"]} == values


def test_a_stated_tier_agrees_with_the_followers(tables, worlds):
    with (worlds["hostile"][0] / "reference" / "influencers.csv").open(encoding="utf-8", newline="") as file:
        stated = {row["influencer_id"]: row["tier"] for row in csv.DictReader(file)}
    bounds = {"nano": 5_000, "micro": 100_000, "mid": 500_000, "macro": 1_000_000, "mega": 10**9}
    for row in tables["influencers"]:
        by_followers = next(tier for tier, below in bounds.items() if row["followers"] < below)
        assert stated[row["influencer_id"]] in ("", by_followers)


def test_handles_and_spellings_of_codes_are_told_apart(tables):
    assert len({row["handle"] for row in tables["influencers"]}) == len(tables["influencers"])
    owners = Counter(row["code"] for row in tables["codes"])
    assert sorted(owners.values())[-2:] == [1, 2]  # one code, and one only, passes from one to another


def test_campaigns_of_several_zones_and_currencies(tables):
    zones = {row["timezone"] for row in tables["campaigns"]}
    assert {"America/New_York", "Europe/Berlin", "Asia/Tokyo", "Asia/Kuwait", "UTC"} <= zones
    assert {"USD", "EUR", "JPY", "KWD"} <= {row["currency"] for row in tables["campaigns"]}


def test_codes_with_an_end_a_policy_and_a_leak(tables):
    codes = tables["codes"]
    assert sum(row["compromised_at"] is not None for row in codes) == 1
    assert any(row["valid_to"] is not None for row in codes)
    assert {row["credit_policy"] for row in codes} >= {None, "link_wins", "if_involved"}


def test_links_by_id_by_parameters_and_shared_by_mistake(tables):
    by_parameters = Counter(
        tuple(row[f"utm_{name}"] for name in ("source", "medium", "campaign", "content", "term"))
        for row in tables["links"]
    )
    nothing = by_parameters.pop((None,) * 5)
    assert nothing > 10
    assert sorted(by_parameters.values())[-2:] == [1, 2]


def test_costs_of_every_category_and_shape(tables):
    costs = tables["costs"]
    categories = {"fee", "product", "shipping", "agency", "platform", "labour", "boost", "other"}
    assert {row["category"] for row in costs} == categories
    assert any(row["period_start"] is not None for row in costs)
    assert any(row["influencer_id"] is None for row in costs)


def test_one_influencer_costs_and_sells_nothing(worlds, tables):
    with (worlds["hostile"][0] / "truth" / "credits.csv").open(encoding="utf-8", newline="") as file:
        sells = {row["influencer_id"] for row in csv.DictReader(file)}
    costs = {row["influencer_id"] for row in tables["costs"] if row["category"] == "fee"}
    assert "inf-020" in costs - sells


def test_a_rate_for_every_currency_from_before_the_first_order(tables):
    first = {row["currency"]: row["rate_date"].isoformat() for row in reversed(tables["fx_rates"])}
    assert first == dict.fromkeys(("EUR", "GBP", "JPY", "KWD"), "2025-12-01")
