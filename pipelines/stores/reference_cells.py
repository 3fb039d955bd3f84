"""What a cell of reference data says: its text as a typed value, or what is wrong with it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import pyarrow as pa

from pipelines.rules.codes import normalise_code
from pipelines.rules.money import minor_digits

Cell = Any  # str, int, Decimal, date, datetime; None is an empty cell
Redact = Callable[[str], str]

MONEY = pa.decimal128(38, 4)  # units of a currency; no ISO 4217 currency has more than four decimals
NUMBER = pa.decimal128(38, 18)  # rates, shares, targets
ARROW_TYPES: dict[str, pa.DataType] = {
    "instant": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "integer": pa.int64(),
    "money": MONEY,
    "decimal": NUMBER,
}
LARGEST_INTEGER = 2**63 - 1

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?", re.ASCII)


class CellError(ValueError):
    """A text is not what its column asks for; the message says the text and what to write instead."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """How personal data is taken out of ids, and of codes and utm values, before anything is compared."""

    of_id: Redact
    of_text: Redact


def arrow_type(spec: dict[str, Any]) -> pa.DataType:
    return ARROW_TYPES.get(spec["x-format"], pa.string())


def parse(text: str, spec: dict[str, Any], redaction: Redaction) -> Cell:
    """The value of a cell that is not empty, by its column's schema; raises CellError."""
    value = _PARSERS[spec["x-format"]](text, redaction)
    if "enum" in spec and value not in spec["enum"]:
        raise CellError(f"{text!r} is none of {', '.join(filter(None, spec['enum']))}: write one of them")
    if "maxLength" in spec and len(text) > spec["maxLength"]:
        raise CellError(f"it has {len(text)} characters: shorten it to at most {spec['maxLength']}")
    _check_range(text, value, spec)
    return value


def _check_range(text: str, value: Cell, spec: dict[str, Any]) -> None:
    if "minimum" in spec and value < spec["minimum"]:
        raise CellError(f"{text} is less than {spec['minimum']}: write {spec['minimum']} or more")
    if "exclusiveMinimum" in spec and value <= spec["exclusiveMinimum"]:
        raise CellError(f"{text} is not more than {spec['exclusiveMinimum']}: write a greater number")
    if "maximum" in spec and value > spec["maximum"]:
        raise CellError(f"{text} is more than {spec['maximum']}: write {spec['maximum']} or less")


def _text(text: str, _: Redaction) -> str:
    return text


def _id(text: str, redaction: Redaction) -> str:
    return redaction.of_id(text)


def _utm(text: str, redaction: Redaction) -> str:
    return redaction.of_text(text)


def _code(text: str, redaction: Redaction) -> str:
    if not normalise_code(text):
        raise CellError(f"{text!r} holds nothing but spaces and invisible characters: write the code")
    return redaction.of_text(text)


def _instant(text: str, _: Redaction) -> datetime:
    if _INSTANT.fullmatch(text) is None:
        raise CellError(f"{text!r} is no instant: write it as 2026-03-01T00:00:00Z, with Z or an offset")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CellError(f"{text!r} is no instant ({error}): correct it") from error


def _date(text: str, _: Redaction) -> date:
    if _DATE.fullmatch(text) is None:
        raise CellError(f"{text!r} is no day: write it as 2026-03-01")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CellError(f"{text!r} is no day ({error}): correct it") from error


def _integer(text: str, _: Redaction) -> int:
    if _INTEGER.fullmatch(text) is None or int(text) > LARGEST_INTEGER:
        raise CellError(f"{text!r} is no whole number: write digits only, at most {LARGEST_INTEGER}")
    return int(text)


def _decimal(text: str, _: Redaction) -> Decimal:
    if _NUMBER.fullmatch(text) is None or decimals(text) > NUMBER.scale:
        raise CellError(f"{text!r} is no number: write digits, and a point before at most {NUMBER.scale} decimals")
    return Decimal(text)


def _money(text: str, _: Redaction) -> Decimal:
    if _NUMBER.fullmatch(text) is None:
        raise CellError(f"{text!r} is no amount: write digits, and a point before the decimals")
    if decimals(text) > MONEY.scale:
        raise CellError(f"{text} has more decimals than any currency: write at most {MONEY.scale}")
    if text.startswith("-"):
        raise CellError(f"{text} is negative: write an amount of 0 or more")
    return Decimal(text)


def _currency(text: str, _: Redaction) -> str:
    if minor_digits(text) is None:
        raise CellError(f"{text!r} is no currency: write its ISO 4217 code in capitals, such as EUR")
    return text


def _timezone(text: str, _: Redaction) -> str:
    if text not in _zones():
        raise CellError(f"{text!r} is no time zone: write an IANA name, such as Europe/Berlin")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def decimals(text: str) -> int:
    """How many digits follow the decimal point, as written."""
    return len(text.partition(".")[2])


_PARSERS: dict[str, Callable[[str, Redaction], Cell]] = {
    "text": _text,
    "enum": _text,
    "id": _id,
    "code": _code,
    "utm": _utm,
    "instant": _instant,
    "date": _date,
    "integer": _integer,
    "decimal": _decimal,
    "money": _money,
    "currency": _currency,
    "timezone": _timezone,
}
