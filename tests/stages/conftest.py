"""Messages of every event as raw JSON, plain and odd, and what decoding them one by one gives."""

from collections.abc import Sequence
from zlib import crc32

import jsonschema_rs
import polars.selectors as cs
import pytest
from hypothesis import strategies as st

from pipelines.records import EVENTS, Decoded, Messages
from pipelines.rules.codes import normalise_code
from pipelines.rules.decoding import A_DAY_AHEAD, LATEST_IN_FILES, MessageDecoder, Rejection
from pipelines.rules.links import UTM, utm_parameters
from pipelines.rules.privacy import Pseudonyms, redact_payload, redact_text
from pipelines.schema_store import event_schema, partition_key_of
from pipelines.stages.decode import BlockDecoder
from pipelines.stores.tables import LANDING

SHARDS = 4
KEYS = {"clicks": "visitor_id", "redemptions": "order_id", "orders": "order_id", "post_metrics": "post_id"}
DAY = 86_400_000_000  # microseconds
KEY = b"sixteen bytes or more"

words = str.split
ODD = words(
    r"""null "" 1 -1 true {} [] [1] "x\n" "\ud800" "\u0000" "\u0020" "\ud83d\ude00" "a@b.c" "a%40b.c" "x@" NaN 1e400"""
)
LONG = [f'"{letter * length}"' for letter in ("x", "😀", "\\u00e9") for length in (128, 129)]
INSTANTS = {
    "plain": words("""2026-03-01T12:00:00Z 2026-03-01T12:00:00.5Z 2026-03-01T12:00:00.123456+05:45 2000-01-01T00:00:00Z
        1999-12-31T23:59:59-00:01 2024-02-29T00:00:00-23:59 2100-12-31T23:59:59.999999Z"""),
    "odd": words("""1999-12-31T23:59:59Z 2101-01-01T00:00:00Z 2026-03-01T12:00:00 2026-03-01T12:00:60Z
        2026-02-30T12:00:00Z
        2026-03-01T24:00:00Z 2026-03-01T12:00:00.1234567Z 2026-03-01t12:00:00z 0000-01-01T00:00:00Z 2026-03-01
        2100-12-31T23:59:59-23:59 9999-12-31T23:59:59-23:59 2026-03-01T12:00:00+24:00 2026-13-01T00:00:00Z
        2026-03-01T12:00:00.Z ２026-03-01T12:00:00Z 2026-03-01T12:00:00+0100"""),
}
MONEY = {
    "plain": words("0 1 19.90 0.5 999999999999999"),
    "odd": words(
        "-1 +1 01 1. .5 1,5 1e3 1.000 1.2345 1.23456 9999999999999999 ١ $1 999999999999999.99 999999999999999.999 0.00"
    ),
}
URLS = {
    "plain": words("""https://s/ https://s/?utm_source=IG&utm_campaign=Spring+Sale https://s/?u%74m_term=%FF
        https://s/?utm_source=a#?utm_medium=b not-a-url"""),
    "odd": ["https://s/?m=a@b.c&utm_source=x", "https://s/?m=a%40b.c", "x" * 4096, "x" * 4097, "a@b.c" + "x" * 4090],
}
AGENTS = {
    "plain": ["Mozilla/5.0 (iPhone)", "WhatsApp/2.0", "Googlebot/2.1", "curl/8"],
    "odd": ["Twitterbot@example.com", "x@y.z"],
}
COUNTS = {
    "plain": words("0 1 9223372036854775807 -0 1.0 1e2"),
    "odd": words("""-1 1.5 -0.0 9223372036854775808 9223372036854775806.0 1e18 9.3e18 1e400 -1e400 12345678901234567890
        "1" 01 1e-1"""),
}
CODES = {
    "plain": ['["A","b 20"]', "[]", '["A","A"]', '["Ünï\\u200b"]'],
    "odd": [
        '["",null,"A"]',
        '["a@b.c","X"]',
        "[1]",
        '["A",1]',
        '"A"',
        "[[]]",
        f"[{LONG[0]}]",
        f"[{LONG[1]}]",
        '["\\ud800"]',
    ],
}
CHOICES = {
    "kind": ["placed", "placed", "placed", "amended", "cancelled", "refunded"],
    "currency": ["USD", "JPY", "KWD", "CLF", "HUF"],
    "http_method": ["GET", "HEAD", "head"],
}


def quoted(texts: Sequence[str]) -> list[str]:
    return [f'"{text}"' for text in texts]


def literals(name: str, spec: dict) -> tuple[list[str], list[str]]:
    """Raw JSON for a field: what is plainly valid (most often), and what is odd or wrong."""
    if spec.get("x-format") == "instant":
        return quoted(INSTANTS["plain"]), [*quoted(INSTANTS["odd"]), *ODD]
    if spec.get("x-format") == "money":
        return quoted(MONEY["plain"]), [*quoted(MONEY["odd"]), *ODD]
    if "integer" in spec["type"]:
        return COUNTS["plain"], [*COUNTS["odd"], *ODD]
    if "boolean" in spec["type"]:
        return ["true", "false", "null"], ['"true"', "0", *ODD]
    named = {"url": URLS, "user_agent": AGENTS}.get(name)
    if named:
        return quoted(named["plain"]), [*quoted(named["odd"]), *ODD]
    if name == "codes":
        return CODES["plain"], [*CODES["odd"], *ODD]
    if name in CHOICES:
        return quoted(CHOICES[name]), ['"XAU"', '"usd"', '"PLACED"', '"XYZ"', *ODD]
    return ['"v1"', '"v2"', '"Zoë"', '"\\u00e9"'], [*LONG, *ODD]


def fields(event: str) -> dict[str, tuple[list[str], list[str]]]:
    return {name: literals(name, spec) for name, spec in event_schema(event)["properties"].items()}


@st.composite
def message(draw, event: str) -> bytes:
    """A message with most fields plain, up to two odd ones, some left out, and now and then more than fields."""
    known = fields(event)
    required = set(event_schema(event)["required"]) | {"currency", "subtotal", "refund_amount"} & set(known)
    may_be_absent = sorted(set(known) - required) + ["event_id"] * (draw(st.integers(0, 9)) == 0)
    absent = draw(st.sets(st.sampled_from(may_be_absent))) if may_be_absent else set()
    odd = draw(st.sets(st.sampled_from(sorted(known)), max_size=2)) if draw(st.booleans()) else set()
    pairs = [
        (name, draw(st.sampled_from(strange if name in odd else plain)))
        for name, (plain, strange) in known.items()
        if name not in absent
    ]
    extras = [
        '"new":1',
        '"new":{"a":["\\u00e9",null]}',
        '"new":"\\ud800"',
        '"new":1e999',
        '"event_id":"twice"',
        '"new":01',
    ]
    parts = [f'"{name}":{value}' for name, value in pairs]
    parts += draw(st.lists(st.sampled_from(extras), max_size=1)) if draw(st.integers(0, 3)) == 0 else []
    return ("{" + draw(st.sampled_from([",", " , ", ",\r\n"])).join(parts) + "}").encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw, event: str) -> bytes:
    """The same with a few bytes changed, cut out or put in."""
    payload = bytearray(draw(message(event)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(0, len(payload) - 1)))
        payload[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(payload)


def block(topic: str, payloads: Sequence[bytes], sent_at: list[int] | None = None) -> Messages:
    """Offsets with holes in them, as Kafka's."""
    offsets = [10 + 3 * place for place in range(len(payloads))]
    return Messages(topic, 1, 10, 13 + 3 * len(payloads), offsets, list(payloads), sent_at)


class OneByOne:
    """What the rules say of a block's messages, each by itself: no columns, no fast path."""

    def __init__(self, topic: str) -> None:
        schema = event_schema(EVENTS[topic])
        find_errors = jsonschema_rs.Draft202012Validator(schema).iter_errors
        self._topic = topic
        self._decoder = MessageDecoder(schema, find_errors, Pseudonyms(KEY).redact_id, redact_text)

    def decode(self, messages: Messages) -> dict[str, list]:
        found: dict[str, list] = {"rows": [], "rejected": [], "unconsented": [], "with_unknown_fields": []}
        for place, (offset, payload) in enumerate(zip(messages.offsets, messages.payloads, strict=True)):
            latest = LATEST_IN_FILES if messages.sent_at is None else messages.sent_at[place] + A_DAY_AHEAD
            try:
                row = self._decoder.decode(payload, latest)
            except Rejection as no:
                found["rejected"].append((offset, redact_payload(payload), "decode", str(no.reason), no.detail))
                continue
            if row.has_unknown_fields:
                found["with_unknown_fields"].append(offset)
            if self._topic == "clicks" and not row.is_consented:
                found["unconsented"].append(offset)
            else:
                found["rows"].append(self._landed(row.columns, messages.partition, offset))
        return found

    def _landed(self, columns: dict, partition: int, offset: int) -> dict:
        key = columns[KEYS.get(self._topic) or partition_key_of(self._topic)]
        row = {**columns, "topic": self._topic, "partition": partition, "offset": offset}
        row |= {"day": columns["occurred_at"] // DAY, "shard": crc32(key.encode()) % SHARDS}
        if self._topic == "clicks":
            said = utm_parameters(columns["url"])
            row |= {f"utm_{name}": said.get(f"utm_{name}") for name in UTM}
        if self._topic == "redemptions":
            row["normalised_code"] = normalise_code(columns["code"])
        if self._topic == "orders":
            codes = columns["codes"]
            row["normalised_codes"] = codes and [code and normalise_code(code) for code in codes]
        return {name: row[name] for name in LANDING[self._topic].names if name != "ingested_at"}


def as_found(decoded: Decoded) -> dict[str, list]:
    """Instants in microseconds, days from 1970: some are beyond what Python's own can say."""
    numbers = decoded.rows.with_columns(cs.temporal().to_physical())
    return {
        "rows": numbers.to_dicts(),
        "rejected": decoded.rejected.select("offset", "payload", "step", "reason", "detail").rows(),
        "unconsented": decoded.unconsented.tolist(),
        "with_unknown_fields": sorted(decoded.with_unknown_fields.tolist()),
    }


class Decoding:
    """A block through the stage's decoder and through the rules; made once, for validators are costly."""

    def __init__(self) -> None:
        self.blocks = {topic: BlockDecoder(topic, KEY, SHARDS) for topic in EVENTS}
        self._one_by_one = {topic: OneByOne(topic) for topic in EVENTS}

    def decode(self, topic: str, *payloads: bytes, sent_at: list[int] | None = None) -> Decoded:
        return self.blocks[topic].decode(block(topic, payloads, sent_at))

    def both(self, topic: str, payloads: Sequence[bytes], sent_at: list[int] | None = None) -> tuple[dict, dict]:
        messages = block(topic, payloads, sent_at)
        return as_found(self.blocks[topic].decode(messages)), self._one_by_one[topic].decode(messages)


@pytest.fixture(scope="session")
def decoding():
    return Decoding()


@pytest.fixture(scope="session")
def messages_of():
    """Strategies of one event's messages: whole ones, and damaged ones."""
    return lambda event: st.one_of(message(event), message(event), damaged(event))
