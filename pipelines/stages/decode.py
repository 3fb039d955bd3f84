"""Decode: blocks of messages into rows of their landing tables, and rejects with a reason."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import apache_beam as beam
import jsonschema_rs
import numpy as np
import polars as pl

from pipelines.records import EVENTS, Decoded, Messages
from pipelines.rules.codes import normalise_code
from pipelines.rules.decoding import (
    A_DAY_AHEAD,
    LARGEST_MESSAGE,
    LATEST_IN_FILES,
    WITHOUT_CONSENT,
    MessageDecoder,
    Rejection,
    Row,
)
from pipelines.rules.links import UTM, utm_parameters
from pipelines.rules.privacy import Pseudonyms, redact_payload, redact_text
from pipelines.schema_store import event_schema, partition_key_of
from pipelines.stages.columns import PlainMessages, lists_of_texts
from pipelines.stages.counters import StageCounter
from pipelines.stores.tables import LANDING, REJECTED_EVENTS

OFFSET_GAP = "offset_gap"
"""The reason of what stands for messages that were gone before they were read: it is not a message's own."""
PEOPLE = ("customer_id", "visitor_id")


@dataclass
class Decode(beam.PTransform):
    """Redacts, validates and types each block's messages.

    In:       PCollection[Messages].
    Out:      PCollection[Decoded]; a block for each, also where nothing in it is valid.
    Counters: decode/in, decode/out, decode/failed, decode/unconsented, decode/with_unknown_fields (messages).
    """

    hash_key: bytes
    shards: int
    hashed: tuple[str, ...] = ()
    """The fields whose ids are stored as keyed hashes."""
    erased: frozenset[str] = frozenset()
    """The tombstones of erased people: what they send counts as sent without consent."""

    def __post_init__(self) -> None:
        if self.shards < 1:
            raise ValueError(f"shards is {self.shards}: give at least one")
        super().__init__()

    def expand(self, messages: beam.PCollection[Messages]) -> beam.PCollection[Decoded]:
        return messages | "DecodeBlock" >> beam.ParDo(_DecodeBlock(self)).with_output_types(Decoded)


class _DecodeBlock(beam.DoFn):
    def __init__(self, transform: Decode) -> None:
        self._transform = transform
        self._counters = {
            name: StageCounter("decode", name) for name in ("in", "out", "failed", "unconsented", "with_unknown_fields")
        }

    def setup(self) -> None:
        of = self._transform
        self._decoders = {topic: BlockDecoder(topic, of.hash_key, of.shards, of.hashed, of.erased) for topic in EVENTS}

    def process(self, block: Messages) -> Iterator[Decoded]:
        decoded = self._decoders[block.topic].decode(block)
        self._counters["in"].inc(len(block.payloads))
        self._counters["out"].inc(decoded.rows.height)
        self._counters["failed"].inc(decoded.rejected.height)
        self._counters["unconsented"].inc(len(decoded.unconsented))
        self._counters["with_unknown_fields"].inc(len(decoded.with_unknown_fields))
        yield decoded


class BlockDecoder:
    """Decodes the blocks of one topic: plain messages by columns, all others one by one."""

    def __init__(
        self,
        topic: str,
        hash_key: bytes,
        shards: int,
        hashed: Collection[str] = (),
        erased: Collection[str] = frozenset(),
    ) -> None:
        schema = event_schema(EVENTS[topic])
        self._topic = topic
        self._shards = shards
        self._partition_key = partition_key_of(topic)
        self._plain = PlainMessages(schema)
        find_errors: Callable[[Any], Any] = jsonschema_rs.Draft202012Validator(schema).iter_errors
        self._pseudonyms = Pseudonyms(hash_key, hashed)
        self._hashed = [name for name in PEOPLE if name in schema["properties"] and name in hashed]
        self._erased = erased
        self._decoder = MessageDecoder(schema, find_errors, self._pseudonyms.redact_id, redact_text)

    def decode(self, block: Messages) -> Decoded:
        latest = LATEST_IN_FILES if block.sent_at is None else [sent + A_DAY_AHEAD for sent in block.sent_at]
        rows, left = self._plain.read(block.payloads, latest, LARGEST_MESSAGE)
        others: list[tuple[int, Row]] = []
        rejected: list[tuple[int, Rejection]] = []
        for place in left:
            try:
                at = latest if isinstance(latest, int) else latest[place]
                others.append((place, self._decoder.decode(block.payloads[place], at)))
            except Rejection as rejection:
                rejected.append((place, rejection))
        if others:
            found = [
                {"place": place, "has_unknown_fields": row.has_unknown_fields, **row.columns} for place, row in others
            ]
            rows = pl.concat([rows, pl.DataFrame(found, schema=rows.schema)]).sort("place")
        rows = self._named(rows)
        offsets = np.asarray(block.offsets, np.int64)
        rows = rows.with_columns(offset=pl.Series(offsets[rows["place"].to_numpy()], dtype=pl.Int64)).drop("place")
        with_unknown_fields = rows.filter("has_unknown_fields")["offset"].to_numpy()
        unconsented = np.empty(0, np.int64)
        gone = self._of_erased(rows)
        if self._topic == "clicks":
            denied = pl.col("consent").eq_missing(other=False) | gone
            unconsented = rows.filter(denied)["offset"].to_numpy()
            rows = rows.filter(~denied)
        elif self._erased:
            withheld = [name for name in WITHOUT_CONSENT if name in rows.columns]
            rows = rows.with_columns(pl.when(~gone).then(pl.col(name)).alias(name) for name in withheld)
        return Decoded(
            topic=block.topic,
            partition=block.partition,
            start=block.start,
            end=block.end,
            rows=self._landed(rows, block),
            rejected=_rejected(block, rejected),
            unconsented=unconsented,
            with_unknown_fields=with_unknown_fields,
            sent_at=min(block.sent_at) if block.sent_at else None,
        )

    def _named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The ids of people under the names that are stored, each different one hashed once."""
        for field in self._hashed:
            stored = {one: self._pseudonyms.stored(field, one) for one in rows[field].unique().drop_nulls().to_list()}
            rows = rows.with_columns(pl.col(field).replace(stored))
        return rows

    def _of_erased(self, rows: pl.DataFrame) -> pl.Series:
        """Whether a row names an erased person."""
        gone = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
        for field in (field for field in PEOPLE if self._erased and field in rows.columns):
            ids = rows[field].unique().drop_nulls().to_list()
            erased = [one for one in ids if self._pseudonyms.tombstone(field, one) in self._erased]
            gone = gone | rows[field].is_in(erased).fill_null(value=False)
        return gone

    def _landed(self, rows: pl.DataFrame, block: Messages) -> pl.DataFrame:
        keys = rows[self._partition_key].to_list()
        instants = [name for name in ("occurred_at", "posted_at") if name in rows.columns]
        rows = rows.with_columns(
            *(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in instants),
            topic=pl.lit(block.topic),
            partition=pl.lit(block.partition, pl.Int32),
            shard=pl.Series([shard_of(key, self._shards) for key in keys], dtype=pl.Int32),
        ).with_columns(day=pl.col("occurred_at").dt.date())
        if self._topic == "clicks":
            rows = _with_utm(rows)
        elif self._topic == "redemptions":
            normal = [normalise_code(code) for code in rows["code"].to_list()]
            rows = rows.with_columns(normalised_code=pl.Series(normal, dtype=pl.String))
        elif self._topic == "orders":
            normal_codes = [_normalised(codes) for codes in rows["codes"].to_list()]
            rows = rows.with_columns(lists_of_texts("normalised_codes", normal_codes))
        return rows.select(name for name in LANDING[self._topic].names if name != "ingested_at")


def shard_of(key: str, shards: int) -> int:
    """The shard of an id: CRC-32, so that it is the same in every process, version and language."""
    return crc32(key.encode()) % shards


def _normalised(codes: Sequence[str | None] | None) -> list[str | None] | None:
    return None if codes is None else [None if code is None else normalise_code(code) for code in codes]


def _with_utm(rows: pl.DataFrame) -> pl.DataFrame:
    """A utm name may itself be percent-encoded, so every url with a query and either mark is read."""
    url = pl.col("url")
    tagged = rows.select(
        url.filter(url.str.contains("?", literal=True) & url.str.contains_any(["utm_", "%"])).unique()
    ).to_series()
    found = {u: utm_parameters(u) for u in tagged.to_list()}
    names = [f"utm_{name}" for name in UTM]
    parameters = pl.DataFrame(
        {"url": list(found), **{name: [said.get(name) for said in found.values()] for name in names}},
        schema={"url": pl.String, **dict.fromkeys(names, pl.String)},
    )
    return rows.join(parameters, on="url", how="left", maintain_order="left")


def _rejected(block: Messages, rejected: Sequence[tuple[int, Rejection]]) -> pl.DataFrame:
    schema = {name: pl.Schema(REJECTED_EVENTS)[name] for name in REJECTED_EVENTS.names if name != "ingested_at"}
    gap = [] if block.gone_before is None else [_gone(block, block.gone_before)]
    return pl.DataFrame(
        gap
        + [
            (
                block.topic,
                block.partition,
                block.offsets[place],
                redact_payload(block.payloads[place]),
                "decode",
                str(rejection.reason),
                rejection.detail,
            )
            for place, rejection in rejected
        ],
        schema=schema,
        orient="row",
    )


def _gone(block: Messages, end: int) -> tuple[str, int, int, bytes, str, str, str]:
    """What stands for messages that the broker no longer had."""
    detail = f"offsets {block.start} up to {end} were gone from the broker before they were read: {end - block.start}"
    return block.topic, block.partition, block.start, b"", "read", OFFSET_GAP, detail
