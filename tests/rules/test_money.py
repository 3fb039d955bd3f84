"""Money: texts to minor units, and amounts of one currency in another."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.failures import Reason
from pipelines.rules.money import BadMoney, Exchange, minor_digits, to_minor


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        pytest.param("USD", 2, id="dollar"),
        pytest.param("JPY", 0, id="yen"),
        pytest.param("KWD", 3, id="dinar"),
        pytest.param("HUF", 2, id="forint: two by the standard, whatever shops print"),
        pytest.param("CLF", 4, id="unidad de fomento"),
        pytest.param("XAU", None, id="gold has no minor unit"),
        pytest.param("usd", None, id="lower case"),
        pytest.param("ABC", None, id="no such code"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_minor_digits(currency, digits):
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        pytest.param("19.90", "USD", 1990, id="two decimals"),
        pytest.param("19.9", "USD", 1990, id="one decimal"),
        pytest.param("19", "USD", 1900, id="none"),
        pytest.param("0", "USD", 0, id="nothing"),
        pytest.param("0.01", "USD", 1, id="a cent"),
        pytest.param("500", "JPY", 500, id="yen"),
        pytest.param("1.250", "KWD", 1250, id="dinar"),
        pytest.param("1.2", "KWD", 1200, id="dinar with one decimal"),
        pytest.param("999999999999999.99", "USD", 99999999999999999, id="fifteen digits"),
        pytest.param("922337203685477.5807", "CLF", 2**63 - 1, id="the largest that is stored"),
    ],
)
def test_amounts(text, currency, minor):
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        pytest.param("1.001", "USD", Reason.TOO_MANY_DECIMALS, id="three decimals of a dollar"),
        pytest.param("1.000", "USD", Reason.TOO_MANY_DECIMALS, id="even if the third is 0"),
        pytest.param("1.0", "JPY", Reason.TOO_MANY_DECIMALS, id="a decimal of a yen"),
        pytest.param("", "USD", Reason.BAD_MONEY, id="nothing"),
        pytest.param("-1", "USD", Reason.BAD_MONEY, id="negative"),
        pytest.param("+1", "USD", Reason.BAD_MONEY, id="a plus sign"),
        pytest.param("1,50", "USD", Reason.BAD_MONEY, id="a comma"),
        pytest.param(".5", "USD", Reason.BAD_MONEY, id="no digit before the point"),
        pytest.param("5.", "USD", Reason.BAD_MONEY, id="none behind it"),
        pytest.param("01", "USD", Reason.BAD_MONEY, id="a leading zero"),
        pytest.param("1e3", "USD", Reason.BAD_MONEY, id="an exponent"),
        pytest.param("1 ", "USD", Reason.BAD_MONEY, id="a space"),
        pytest.param("1\n", "USD", Reason.BAD_MONEY, id="a line feed"),
        pytest.param("１", "USD", Reason.BAD_MONEY, id="a full-width digit"),
        pytest.param("1" * 16, "USD", Reason.BAD_MONEY, id="sixteen digits"),
        pytest.param("1", "XAU", Reason.UNKNOWN_CURRENCY, id="gold"),
    ],
)
def test_what_is_no_amount(text, currency, reason):
    with pytest.raises(BadMoney) as refused:
        to_minor(text, currency)
    assert refused.value.reason is reason


@given(st.integers(0, 10**17 - 1), st.sampled_from(["USD", "HUF", "EUR"]))
def test_an_amount_written_out_is_read_back(minor, currency):
    assert to_minor(f"{minor // 100}.{minor % 100:02}", currency) == minor


DAY = 20_000
RATES = {
    "EUR": [(DAY, Decimal("1.10")), (DAY - 5, Decimal("1.00")), (DAY + 5, Decimal("1.20"))],
    "JPY": [(DAY, Decimal("0.0067"))],
    "KWD": [(DAY, Decimal("3.25"))],
}


@pytest.mark.parametrize(
    ("minor", "currency", "day", "reporting"),
    [
        pytest.param(1000, "EUR", DAY, 1100, id="the day's own rate"),
        pytest.param(1000, "EUR", DAY + 4, 1100, id="the latest before the day"),
        pytest.param(1000, "EUR", DAY + 5, 1200, id="a new rate from its day on"),
        pytest.param(1000, "EUR", DAY - 1, 1000, id="an earlier one"),
        pytest.param(1000, "EUR", DAY - 6, None, id="no rate yet"),
        pytest.param(1000, "GBP", DAY, None, id="no rate at all"),
        pytest.param(1000, "USD", 0, 1000, id="the reporting currency needs none"),
        pytest.param(500, "JPY", DAY, 335, id="from no decimals to two"),
        pytest.param(1250, "KWD", DAY, 406, id="from three decimals to two: 406.25 down"),
        pytest.param(2, "KWD", DAY, 1, id="0.65 up"),
        pytest.param(5, "EUR", DAY, 6, id="5.5 up to the even 6"),
        pytest.param(15, "EUR", DAY, 16, id="16.5 down to the even 16"),
        pytest.param(0, "EUR", DAY, 0, id="nothing"),
    ],
)
def test_amounts_in_the_reporting_currency(minor, currency, day, reporting):
    assert Exchange("USD", RATES).reporting_minor(minor, currency, day) == reporting


def test_a_rate_of_the_reporting_currency_itself_is_not_used():
    assert Exchange("USD", {"USD": [(0, Decimal(2))]}).reporting_minor(100, "USD", 5) == 100


def test_a_reporting_currency_that_is_none_is_refused():
    with pytest.raises(BadMoney, match="'DOLLAR' is not ISO 4217"):
        Exchange("DOLLAR", {})


@given(
    st.integers(0, 10**15),
    st.decimals("0.000001", "99999", places=6, allow_nan=False),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_rounding_is_half_even_of_the_exact_product(minor, rate, currency, reporting):
    converted = Exchange(reporting, {currency: [(0, rate)]}).reporting_minor(minor, currency, 0)
    if currency == reporting:
        assert converted == minor
        return
    units = Decimal(minor).scaleb(-minor_digits(currency)) * rate
    assert converted == int(units.scaleb(minor_digits(reporting)).quantize(Decimal(1), ROUND_HALF_EVEN))
