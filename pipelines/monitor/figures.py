"""Figures: how a page writes counts, amounts, shares and moments."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.reports.shown import NOTHING

Number = int | float | Decimal


def count(number: Number | None) -> str:
    """Whole where it is whole, else with two decimals: orders under a model that splits them are parts."""
    if number is None:
        return NOTHING
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"


def money(amount: Number | None, digits: int) -> str:
    """An amount with all the decimals of its currency."""
    return NOTHING if amount is None else _signed(f"{amount:,.{digits}f}")


def percent(share: Number | None, digits: int = 1) -> str:
    """A ratio as per cent."""
    return NOTHING if share is None else _signed(f"{share * 100:,.{digits}f} %")


def points(number: Number | None, digits: int = 1) -> str:
    """What is per cent already."""
    return NOTHING if number is None else _signed(f"{number:,.{digits}f} %")


def ratio(number: Number | None) -> str:
    return NOTHING if number is None else _signed(f"{number:,.2f}")


def instant(moment: datetime | None, zone: str) -> str:
    """To the second, in the zone."""
    if moment is None:
        return NOTHING
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there.day} {there:%b %Y, %H:%M:%S}"


def to_the_minute(moment: datetime, zone: str) -> str:
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there.day} {there:%b %Y, %H:%M}"


def spell(moment: datetime, zone: str, by: str) -> str:
    """The minute, the hour or the day that begins at the moment."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y}" if by == "day" else f"{there.day} {there:%b, %H:%M}"


def machine(moment: datetime) -> str:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def share(part: Number | None, whole: Number | None) -> float | None:
    """Null where either is unknown or the whole is 0."""
    return None if part is None or not whole else float(part) / float(whole)


def _signed(text: str) -> str:
    """With a true minus, and none before a zero."""
    if not text.startswith("-"):
        return text
    return f"−{text[1:]}" if any(digit in text for digit in "123456789") else text[1:]
