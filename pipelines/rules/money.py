"""Money: texts to minor units, and amounts of one currency in another."""

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache

import iso4217

from pipelines.failures import Reason

MONEY = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]+)?", re.ASCII)
LARGEST_MINOR = 2**63 - 1  # that the lake can store


class BadMoney(ValueError):
    """A text is no amount of its currency; `reason` is a slug of `failures.Reason`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@cache
def minor_digits(currency: str) -> int | None:
    """How many digits follow the decimal point of a currency (ISO 4217); None if it is no such currency.

    Units without a minor unit of their own (gold, test codes) are no currencies to pay in.
    """
    try:
        return iso4217.Currency(currency).exponent
    except ValueError:
        return None


def to_minor(text: str, currency: str) -> int:
    """The amount in minor units of `currency`, exactly; raises BadMoney."""
    digits = minor_digits(currency)
    if digits is None:
        raise BadMoney(Reason.UNKNOWN_CURRENCY, f"{currency!r} is no ISO 4217 currency")
    if MONEY.fullmatch(text) is None:
        raise BadMoney(Reason.BAD_MONEY, f"{text[:40]!r} is no amount: digits, and a point before the decimals")
    whole, _, decimals = text.partition(".")
    if len(decimals) > digits:
        raise BadMoney(Reason.TOO_MANY_DECIMALS, f"{text[:40]!r} has {len(decimals)} decimals, {currency} has {digits}")
    return int(whole + decimals.ljust(digits, "0"))


class Exchange:
    """Rates into the reporting currency as of a day: the latest on or before it.

    `rates`: of each currency (day, rate), the latest first.
    """

    def __init__(self, reporting_currency: str, rates: dict[str, list[tuple[int, Decimal]]]) -> None:
        """`rates`: per currency (day as days since 1970-01-01, value of one unit in the reporting currency)."""
        digits = minor_digits(reporting_currency)
        if digits is None:
            raise BadMoney(Reason.UNKNOWN_CURRENCY, f"the reporting currency {reporting_currency!r} is not ISO 4217")
        self._reporting = reporting_currency
        self._digits = digits
        self.rates = {currency: sorted(rows, reverse=True) for currency, rows in rates.items()}
        self._factors: dict[tuple[str, int], Fraction | None] = {}

    def reporting_minor(self, minor: int, currency: str, day: int) -> int | None:
        """The amount in minor units of the reporting currency, rounded half-even; None without a rate."""
        if currency == self._reporting:
            return minor
        factor = self._factor(currency, day)
        return None if factor is None else round(minor * factor)  # round() of a Fraction is half-even

    @property
    def reporting_currency(self) -> str:
        return self._reporting

    def differing(self, other: "Exchange") -> list[str]:
        """The currencies of which the other has other rates."""
        currencies = sorted({*self.rates, *other.rates})
        return [one for one in currencies if self.rates.get(one) != other.rates.get(one)]

    def _factor(self, currency: str, day: int) -> Fraction | None:
        key = (currency, day)
        if key not in self._factors:
            rate = next((rate for since, rate in self.rates.get(currency, ()) if since <= day), None)
            shift = Fraction(10) ** (self._digits - (minor_digits(currency) or 0))
            self._factors[key] = None if rate is None else Fraction(rate) * shift
        return self._factors[key]


def from_minor(minor: int, digits: int) -> Decimal:
    """The amount of so many minor units, of which a unit has 10 to the power of `digits`."""
    return Decimal(minor).scaleb(-digits)


def exact(minor: int, currency: str) -> Decimal:
    """Minor units as an amount with all the decimals of its currency."""
    return from_minor(minor, minor_digits(currency) or 0)
