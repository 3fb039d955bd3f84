"""Amounts are written with the digits that their currency has."""

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
