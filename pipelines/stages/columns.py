"""Decoding by columns: which messages of a block are plainly valid, and what they say, without a loop over fields.

Sound, not complete: a message that this reads is read as `rules.decoding` would; every other one is left to it.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import polars as pl
import pyarrow as pa

from pipelines.rules.decoding import (
    AMOUNTS,
    EARLIEST,
    FIRST_INSTANT,
    INSTANT,
    LAST_INSTANT,
    WITHOUT_CONSENT,
    is_too_deep,
)
from pipelines.rules.framing import all_unframed
from pipelines.rules.fraud import is_bot_agent
from pipelines.rules.money import MONEY, minor_digits
from pipelines.rules.privacy import redact_text

_ADDRESS_MARKS = ["@", "%40"]
_INSTANT = f"^(?:{INSTANT.pattern.replace(chr(92) + 'd', '[0-9]')})$"
_MONEY = f"^(?:{MONEY.pattern})$"
AT_ONCE = 2_000  # messages that are Python objects at a time: they are columns before they leave the cache
_MOST_DIGITS = 3  # with more, 15 digits before the point could pass 64 bits: left to the rule
_TEXTS = pl.List(pl.String())
_KINDS: dict[str, pl.DataType] = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
    "array": _TEXTS,
}


class PlainMessages:
    """Reads the plainly valid messages of one event, whose JSON Schema is `schema`."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._event: str = schema["title"]
        self._required = frozenset(schema["required"])
        properties: Mapping[str, Any] = schema["properties"]
        self._fields: dict[str, pl.DataType] = {name: _KINDS[_kind(spec)] for name, spec in properties.items()}
        self._kept = [name for name in self._fields if name != "ip"]
        fields = [_struct_field(name, spec, name in self._required) for name, spec in properties.items()]
        exact = msgspec.defstruct(self._event, fields, forbid_unknown_fields=True, kw_only=True, gc=False)
        wider = msgspec.defstruct(self._event, fields, kw_only=True, gc=False)
        self._longest = {name: spec["maxLength"] for name, spec in properties.items() if "maxLength" in spec}
        self._decode_exact = msgspec.json.Decoder(exact).decode
        self._decode_wider = msgspec.json.Decoder(wider).decode

    def read(
        self, payloads: Sequence[bytes], latest: int | Sequence[int], largest: int
    ) -> tuple[pl.DataFrame, list[int]]:
        """The plain rows with their `place` in the block and `has_unknown_fields`, and the places of all others.

        `latest` is the greatest instant a message may name, for all or for each; `largest` its size in bytes.
        """
        frame, places, wider = self._parsed(all_unframed(payloads), largest)
        place = pl.Series(places, dtype=pl.Int64)
        frame = frame.with_columns(
            place=place,
            has_unknown_fields=place.is_in(pl.Series(wider, dtype=pl.Int64).implode()),
            latest=latest if isinstance(latest, int) else pl.Series([latest[p] for p in places], dtype=pl.Int64),
        )
        texts = [name for name, dtype in self._fields.items() if dtype == pl.String and name != "ip"]
        frame = frame.with_columns(_without_empty(name) for name in texts if name not in self._required)
        ids = [name for name in texts if name.endswith("_id")]
        marked = pl.any_horizontal(pl.col(ids).str.contains_any(_ADDRESS_MARKS)).fill_null(value=False)
        frame = self._judged(frame).with_columns(plain=~marked)
        for name in (name for name in texts if name not in ids):
            frame = _redacted(frame, name, self._longest.get(name))
        frame = self._typed(frame.with_columns(_instant("occurred_at")))
        in_time = pl.col("occurred_at").is_between(EARLIEST, pl.col("latest"))
        plain = frame["plain"] & frame.select(in_time.fill_null(value=False)).to_series()
        taken = frame.filter(plain).drop("plain", "latest")
        left = set(range(len(payloads))).difference(taken["place"].to_list())
        return taken, sorted(left)

    def _parsed(self, payloads: Sequence[bytes], largest: int) -> tuple[pl.DataFrame, list[int], list[int]]:
        """What is of the schema's form as columns, the places of it, and of these the ones with unknown fields."""
        frames: list[pl.DataFrame] = []
        places: list[int] = []
        wider: list[int] = []
        for start in range(0, max(1, len(payloads)), AT_ONCE):
            read, found, unknown = self._parse(payloads[start : start + AT_ONCE], largest)
            frames.append(pl.DataFrame([_series(name, read, self._fields[name]) for name in self._kept]))
            places += [start + place for place in found]
            wider += [start + place for place in unknown]
        return pl.concat(frames, rechunk=True), places, wider

    def _parse(self, payloads: Sequence[bytes], largest: int) -> tuple[list[Any], list[int], list[int]]:
        """What is of the schema's form, the places of it, and of these the ones with more fields than it names."""
        decode = self._decode_exact
        read: list[Any] = []
        places: list[int] = []
        wider: list[int] = []
        for place, payload in enumerate(payloads):
            if len(payload) > largest:
                continue
            try:
                read.append(decode(payload))
            except msgspec.ValidationError:
                if not self._parse_wider(payload, read):
                    continue
                wider.append(place)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            places.append(place)
        return read, places, wider

    def _parse_wider(self, payload: bytes, read: list[Any]) -> bool:
        """Reads a message that may have unknown fields, whose bytes the decoder skips without decoding them."""
        if is_too_deep(payload):
            return False
        try:
            payload.decode()
            read.append(self._decode_wider(payload))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        return True

    def _judged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Clicks with whether a bot made them: decided on the agent as sent, before it is redacted."""
        if self._event != "click":
            return frame
        agents = frame["user_agent"].unique().drop_nulls().to_list()
        bots = [agent for agent in agents if is_bot_agent(agent)]
        is_bot = pl.col("user_agent").is_in(bots).fill_null(value=False)
        return frame.with_columns(is_bot=is_bot | pl.col("http_method").eq_missing("HEAD"))

    def _typed(self, frame: pl.DataFrame) -> pl.DataFrame:
        if self._event == "order":
            return _order(frame)
        if self._event == "post_metrics":
            was_sent = pl.col("posted_at").is_not_null()
            frame = frame.with_columns(_instant("posted_at"), was_sent=was_sent)
            return frame.with_columns(
                plain=pl.col("plain") & (~pl.col("was_sent") | pl.col("posted_at").is_not_null())
            ).drop("was_sent")
        return frame


def _order(frame: pl.DataFrame) -> pl.DataFrame:
    """Amounts in minor units; an order event is plain if its kind has all that it needs, in a common currency."""
    digits = {c: minor_digits(c) for c in frame["currency"].unique().drop_nulls().to_list()}
    known = {c: d for c, d in digits.items() if d is not None and d <= _MOST_DIGITS}
    frame = frame.with_columns(
        digits=pl.col("currency").replace_strict(known, default=None, return_dtype=pl.Int64),
        priced=pl.col("kind").is_in(["placed", "amended"]),
        codes_text=pl.col("codes").list.join("\n", ignore_nulls=True),
        codes=pl.col("codes").list.eval(pl.when(pl.element() != "").then(pl.element())),
    )
    frame = frame.with_columns(pl.col(a).alias(f"{a}_text") for a in AMOUNTS)
    frame = frame.with_columns(_minor(a).alias(f"{a}_minor") for a in AMOUNTS)
    amounts_plain = pl.all_horizontal(pl.col(f"{a}_minor").is_not_null() for a in AMOUNTS)
    nothing_priced = pl.all_horizontal(pl.col(a).is_null() for a in AMOUNTS)
    refund = pl.col("refund_amount")
    refunded = (pl.col("kind") == "refunded") & refund.str.contains("[1-9]").fill_null(value=False)
    needs = (
        pl.when("priced")
        .then(pl.col("subtotal").is_not_null() & amounts_plain)
        .otherwise(nothing_priced & (refunded | (pl.col("kind") == "cancelled")))
    )
    plain = (
        pl.col("plain")
        & needs.fill_null(value=False)
        & (refund.is_null() | refund.str.contains(_MONEY))
        & ~pl.col("codes_text").str.contains_any(_ADDRESS_MARKS).fill_null(value=False)
    )
    denied = pl.col("consent").eq_missing(other=False)
    return frame.with_columns(
        *(pl.when(~denied).then(pl.col(name)).alias(name) for name in WITHOUT_CONSENT), plain=plain
    ).drop("digits", "priced", "codes_text", *AMOUNTS, *(f"{a}_text" for a in AMOUNTS))


def _minor(amount: str) -> pl.Expr:
    """The amount in minor units if the event is priced; null where it is not, or not plainly an amount."""
    text = pl.col(f"{amount}_text").fill_null("0")
    decimals = text.str.len_bytes().cast(pl.Int64) - 1 - text.str.find(".", literal=True).cast(pl.Int64)
    decimals = decimals.fill_null(0)
    units = text.str.replace(".", "", literal=True).cast(pl.Int64, strict=False)
    plain = pl.col("priced") & text.str.contains(_MONEY) & (decimals <= pl.col("digits"))
    return pl.when(plain).then(units * pl.lit(10, pl.Int64).pow(pl.col("digits") - decimals))


def _instant(name: str) -> pl.Expr:
    text = pl.when(pl.col(name).str.contains(_INSTANT)).then(pl.col(name))
    form = "%Y-%m-%dT%H:%M:%S%.f"
    utc = text.str.to_datetime(f"{form}Z", time_unit="us", strict=False).cast(pl.Int64)
    offset = pl.when(~text.str.ends_with("Z")).then(text)
    moved = offset.str.to_datetime(f"{form}%:z", time_unit="us", strict=False, time_zone="UTC").cast(pl.Int64)
    instant = pl.coalesce(utc, moved)
    return pl.when(instant.is_between(FIRST_INSTANT, LAST_INSTANT)).then(instant).alias(name)


def _redacted(frame: pl.DataFrame, name: str, longest: int | None) -> pl.DataFrame:
    """The text redacted, each different one once; one that grows beyond its limit is not plain."""
    marked = frame[name].str.contains_any(_ADDRESS_MARKS).fill_null(value=False)
    if not marked.any():
        return frame
    redacted = {text: redact_text(text) for text in frame[name].filter(marked).unique().to_list()}
    frame = frame.with_columns(pl.col(name).replace(redacted))
    if longest is None:
        return frame
    return frame.with_columns(plain=pl.col("plain") & (pl.col(name).str.len_chars() <= longest).fill_null(value=True))


def _series(name: str, read: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    values = list(map(attrgetter(name), read))
    return lists_of_texts(name, values) if dtype == _TEXTS else pl.Series(name, values, dtype)


def lists_of_texts(name: str, values: Sequence[Sequence[str | None] | None]) -> pl.Series:
    """A column of lists of texts: by Arrow, as Polars would make a series of each list first."""
    return pl.Series(name, pa.array(values, pa.list_(pa.string())), _TEXTS)


def _without_empty(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)


def _kind(spec: Mapping[str, Any]) -> str:
    kinds = [spec["type"]] if isinstance(spec["type"], str) else spec["type"]
    return str(next(kind for kind in kinds if kind != "null"))


def _struct_field(name: str, spec: Mapping[str, Any], required: bool) -> Any:
    kind: Any = {
        "string": Annotated[str, msgspec.Meta(min_length=spec.get("minLength"), max_length=spec.get("maxLength"))],
        "integer": Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)],
        "boolean": bool,
        "array": list[Annotated[str, msgspec.Meta(max_length=128)] | None],
    }[_kind(spec)]
    return (name, kind) if required else (name, kind | None, None)
