"""Decoding: what one message says, typed and redacted, or why it says nothing that counts.

This is the rule, one message at a time. `stages.decode` reads whole blocks by columns and asks here
about every message that is not plainly valid.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipelines.failures import Reason
from pipelines.rules.framing import is_foreign, schema_id, unframed
from pipelines.rules.fraud import is_bot
from pipelines.rules.money import LARGEST_MINOR, MONEY, BadMoney, to_minor
from pipelines.rules.privacy import redact_payload

LARGEST_MESSAGE = 1_048_576  # bytes
LONGEST_DETAIL = 300  # characters
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST = (datetime(2000, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
LATEST_IN_FILES = (datetime(2101, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND - 1
A_DAY_AHEAD = timedelta(days=1) // MICROSECOND
DEEPEST = 256  # arrays and objects inside each other
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|([\[{])|([\]}])', re.DOTALL)
FIRST_INSTANT = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
LAST_INSTANT = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
AMOUNTS = ("subtotal", "discount", "shipping", "tax")
FOREIGN = (
    "no JSON follows the Schema Registry's frame (schema {}): of its formats only JSON Schema is read, not Avro or "
    "Protobuf; let the producer serialize with JSON Schema, or as plain JSON"
)
WITHOUT_CONSENT = ("visitor_id", "customer_id", "survey_answer")  # what an order is stored without

_REASONS = {
    "required": Reason.MISSING_FIELD,
    "type": Reason.WRONG_TYPE,
    "minLength": Reason.BAD_LENGTH,
    "maxLength": Reason.BAD_LENGTH,
}
_FORMATS = {"instant": Reason.BAD_TIME, "money": Reason.BAD_MONEY}


class Rejection(Exception):
    """A message that its schema refuses; `detail` names the field, and no e-mail or network address."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = redact_payload(detail.encode()).decode()[:LONGEST_DETAIL]
        super().__init__(f"{reason}: {self.detail}")


class Row(msgspec.Struct, frozen=True, gc=False):
    """A decoded message: its columns, instants in microseconds, money in minor units."""

    columns: dict[str, Any]
    has_unknown_fields: bool
    is_consented: bool


class MessageDecoder:
    """Decodes the messages of one event; `find_errors` lists a JSON Schema's errors for a document."""

    def __init__(
        self,
        schema: Mapping[str, Any],
        find_errors: Callable[[Any], Any],
        redact_id: Callable[[str], str],
        redact_text: Callable[[str], str],
    ) -> None:
        self._event: str = schema["title"]
        self._properties: Mapping[str, Any] = schema["properties"]
        self._required = frozenset(schema["required"])
        self._find_errors = find_errors
        self._redact_id = redact_id
        self._redact_text = redact_text

    def decode(self, payload: bytes, latest: int = LATEST_IN_FILES) -> Row:
        """What the message says, in a Schema Registry's frame or without one. Raises Rejection.

        `latest` is the greatest instant that it may name.
        """
        if is_foreign(payload):
            raise Rejection(Reason.BAD_JSON, FOREIGN.format(schema_id(payload)))
        sent = _parse(unframed(payload))
        known = {name: value for name, value in sent.items() if name in self._properties}
        present = self._present(known)
        said = {name: self._redacted(name, value) for name, value in present.items()}
        error = min(self._find_errors(said), key=_severity, default=None)
        if error is not None:
            raise self._rejection(error)
        columns = {name: said.get(name) for name in self._properties if name != "ip"}
        occurred_at = _instant("occurred_at", said["occurred_at"])
        columns["occurred_at"] = occurred_at
        if not EARLIEST <= occurred_at <= latest:
            raise Rejection(Reason.ABSURD_TIME, f"occurred_at: {said['occurred_at']} is before 2000 or too far ahead")
        if self._event == "click":
            columns["is_bot"] = is_bot(present.get("user_agent"), present.get("http_method"))
        elif self._event == "order":
            _finish_order(columns)
        elif self._event == "post_metrics":
            _finish_post_metrics(columns)
        return Row(columns, len(known) < len(sent), said.get("consent") is not False)

    def _present(self, known: dict[str, Any]) -> dict[str, Any]:
        """Absent, null and (for optional texts and elements of an array) empty are the same."""
        present = {n: v for n, v in known.items() if v is not None and (v != "" or n in self._required)}
        return {n: [e or None for e in v] if isinstance(v, list) and _texts(v) else v for n, v in present.items()}

    def _redacted(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact_id(value) if name.endswith("_id") else self._redact_text(value)
        if isinstance(value, list):
            return [self._redact_text(element) if isinstance(element, str) else element for element in value]
        return value

    def _rejection(self, error: Any) -> Rejection:
        keyword = error.schema_path[-1]
        field = str(error.instance_path[0]) if error.instance_path else ""
        if keyword == "required":
            field = error.kind.property
        reason = _REASONS.get(keyword, Reason.BAD_VALUE)
        if keyword == "pattern":
            reason = _FORMATS.get(self._properties[field].get("x-format", ""), Reason.BAD_VALUE)
        return Rejection(reason, f"{field}: {error.message}")


def _finish_order(columns: dict[str, Any]) -> None:
    priced = columns["kind"] in ("placed", "amended")
    for amount in AMOUNTS:
        text = columns.pop(amount)
        columns[f"{amount}_minor"] = _minor(amount, text or "0", columns["currency"]) if priced else None
    if columns["refund_amount"] is not None and MONEY.fullmatch(columns["refund_amount"]) is None:
        raise Rejection(Reason.BAD_MONEY, f"refund_amount: {columns['refund_amount'][:40]!r} is no amount")
    if columns["consent"] is False:
        columns.update(dict.fromkeys(WITHOUT_CONSENT))


def _finish_post_metrics(columns: dict[str, Any]) -> None:
    if columns["posted_at"] is not None:
        columns["posted_at"] = _instant("posted_at", columns["posted_at"])
    for name, value in columns.items():
        if isinstance(value, float):
            columns[name] = int(value)  # JSON knows one kind of number: 1.0 is an integer


def _parse(payload: bytes) -> dict[str, Any]:
    if len(payload) > LARGEST_MESSAGE:
        raise Rejection(Reason.TOO_LARGE, f"{len(payload)} bytes, at most {LARGEST_MESSAGE} are allowed")
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise Rejection(Reason.BAD_UTF8, f"byte {error.start}: {error.reason}") from error
    if is_too_deep(payload):
        raise Rejection(Reason.BAD_JSON, f"nested more than {DEEPEST} deep")
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_number)
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Rejection(Reason.BAD_JSON, f"character {error.pos}: {error.msg}") from error
    except UnicodeEncodeError as error:
        raise Rejection(Reason.BAD_JSON, "a text holds an unpaired surrogate") from error
    if not isinstance(document, dict):
        raise Rejection(Reason.NOT_AN_OBJECT, f"the message is a JSON {type(document).__name__}, not an object")
    return document


def is_too_deep(payload: bytes) -> bool:
    """Whether a document nests deeper than DEEPEST: a limit of its own, as a parser's depends on who calls it."""
    if payload.count(b"[") + payload.count(b"{") <= DEEPEST:
        return False
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(payload):
        depth += 1 if bracket[1] else -1 if bracket[2] else 0
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no JSON number", name, 0)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < 20 else _TOO_MANY


def _number(text: str) -> float | int:
    number = float(text)
    return number if abs(number) < _TOO_MANY else _TOO_MANY


_TOO_MANY = 2**63  # stands for every number that no count can hold: the schema's maximum refuses it


def _texts(values: list[Any]) -> bool:
    return all(value is None or isinstance(value, str) for value in values)


def _severity(error: Any) -> tuple[bool, bool, str]:
    """Missing fields first, then by field: one message is always rejected for the same reason."""
    conditional = bool(error.schema_path) and error.schema_path[0] == "allOf"
    return error.schema_path[-1] != "required", conditional, str(error.instance_path) + error.message


def _instant(field: str, text: str) -> int:
    if INSTANT.fullmatch(text) is None:
        raise Rejection(Reason.BAD_TIME, f"{field}: {text[:40]!r} is no RFC 3339 instant with a UTC offset")
    try:
        instant = (datetime.fromisoformat(text) - EPOCH) // MICROSECOND
    except ValueError as error:
        raise Rejection(Reason.BAD_TIME, f"{field}: {text[:40]!r} is no day of the calendar") from error
    if not FIRST_INSTANT <= instant <= LAST_INSTANT:
        raise Rejection(Reason.BAD_TIME, f"{field}: {text[:40]!r} is outside the years 1 to 9999 in UTC")
    return instant


def _minor(field: str, text: str, currency: str) -> int:
    try:
        minor = to_minor(text, currency)
    except BadMoney as error:
        where = "currency" if error.reason is Reason.UNKNOWN_CURRENCY else field
        raise Rejection(error.reason, f"{where}: {error}") from error
    if minor > LARGEST_MINOR:
        raise Rejection(Reason.BAD_MONEY, f"{field}: {text} {currency} is more than {LARGEST_MINOR} minor units")
    return minor
