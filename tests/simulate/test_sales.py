"""Amounts are written with the digits that their currency has."""

import csv
import json

import polars as pl
import pytest

from pipelines.rules.money import to_minor
from pipelines.simulate.sales import CURRENCIES, money


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("minor", [0, 1, 10, 999, 1000, 123_456_789])
def test_an_amount_reads_back_in_minor_units(currency, minor):
    digits, _ = CURRENCIES[currency]
    text = pl.DataFrame({"amount": [minor], "digits": [digits]}).select(money("amount")).item()
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        pytest.param("USD", "19.90", id="dollars have two decimals"),
        pytest.param("JPY", "1990", id="yen have none"),
        pytest.param("KWD", "1.990", id="dinars have three"),
    ],
)
def test_1990_minor_units(currency, text):
    frame = pl.DataFrame({"amount": [1990], "digits": [CURRENCIES[currency][0]]})
    assert frame.select(money("amount")).item() == text


def test_who_answers_mostly_names_who_brought_the_order(worlds):
    workspace, _ = worlds["none"]
    with (workspace / "reference" / "influencers.csv").open(encoding="utf-8", newline="") as file:
        names = {row["influencer_id"]: (row["handle"], row["name"]) for row in csv.DictReader(file)}
    with (workspace / "truth" / "credits.csv").open(encoding="utf-8", newline="") as file:
        brought_by = {row["order_id"]: row["influencer_id"] for row in csv.DictReader(file)}
    named = []
    for line in (workspace / "topics" / "orders.ndjson").read_text(encoding="utf-8").splitlines():
        order = json.loads(line)
        owner = brought_by[order["order_id"]]
        if owner and order["kind"] == "placed" and "survey_answer" in order:
            named.append(any(name in order["survey_answer"] for name in names[owner]))
    assert len(named) / 2 < sum(named) < len(named)
