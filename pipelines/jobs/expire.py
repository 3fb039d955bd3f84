"""Expire: rows and people older than the schemas allow lose what tells who they were; no order changes."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from pipelines.columnar.expired import BLANK, PAST, RENAMED, blanked, is_outdated, unseen
from pipelines.schema_store import lake_schema
from pipelines.settings import Settings
from pipelines.stages.decode import shard_of
from pipelines.stages.revisions import digests
from pipelines.stores.erasures import EXPIRY, close_note, note_of, read_journal
from pipelines.stores.heartbeat import follower
from pipelines.stores.lake import Lake
from pipelines.stores.registry import require_same_shards
from pipelines.stores.rewriting import rewrite

EARLY = timedelta(days=7)  # so that a file is rewritten once a week, and not each day for that day's rows


@dataclass(frozen=True)
class Expired:
    """How many rows lost what tells of a person, by table, and how many ids were renamed.

    `waits`: ids are to be renamed, and a run that follows, or an erasure half done, goes by them; a later compaction
    does it.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    waits: bool = False


def expire(lake: Lake, settings: Settings, now: datetime, new_token: Callable[[], str]) -> Expired:
    """Enforces the `x-retention-days` of the lake's schemas, counted from the watermark.

    Texts go by a row's own age, beside a live run. A visitor or customer that nobody has seen for so long gets a name
    that nobody knows, in every table the same, so that every claim stays; that takes the lake over.
    Raises LakeUnavailable, and BadInput for a lake of other `shards`.
    """
    watermark = lake.watermark()
    if watermark is None:
        return Expired()
    require_same_shards(lake, settings)
    rows = {}
    for table in BLANK:
        last, first = _days(watermark, settings, table)
        if lake.read(table, ["partition"], is_outdated(table, last)).height:
            rows[table] = rewrite(lake, table, is_outdated(table, first), lambda old, of=table: blanked(of, old), None)  # type: ignore[misc]
    found = {column: _unseen(lake, column, watermark, settings) for column in RENAMED}
    found = {column: ids for column, ids in found.items() if ids}
    if not found:
        close_note(lake, EXPIRY)  # of one that was killed when all was renamed
        return Expired(rows)
    if follower(lake.root, now) is not None or read_journal(lake) is not None:
        return Expired(rows, waits=True)
    nonce, epoch = note_of(lake, EXPIRY, new_token()), lake.take_over()
    for column, ids in found.items():
        names = {one: _past(nonce, column, one) for one in ids}
        for table in RENAMED[column]["stands_in"]:
            rewrite(lake, table, pl.col(column).is_in(ids), _renaming(column, names, settings.shards), epoch)
    close_note(lake, EXPIRY)
    return Expired(rows, {column: len(ids) for column, ids in found.items()})


def _days(watermark: datetime, settings: Settings, table: str) -> tuple[date, date]:
    """Before which day nothing may be left, and before which it goes then; never what an open order may need."""
    kept = timedelta(days=lake_schema(table)["x-retention-days"])
    needed = timedelta(microseconds=settings.window + settings.lateness)
    return (watermark - max(kept, needed)).date(), (watermark - max(kept - EARLY, needed)).date()


def _unseen(lake: Lake, column: str, watermark: datetime, settings: Settings) -> list[str]:
    of = RENAMED[column]
    last, first = _days(watermark, settings, of["kept_as"][0])
    is_known = pl.col(column).is_not_null()
    seen = pl.concat([lake.read(table, [column, "day"], is_known) for table in of["seen_in"]])
    days = seen.lazy().rename({column: "id"})
    return unseen(days, first) if unseen(days, last) else []


def _past(nonce: str, column: str, held: str) -> str:
    return PAST + hmac.digest(nonce.encode(), f"{column}\0{held}".encode(), "sha256").hex()[:32]


def _renaming(column: str, names: Mapping[str, str], shards: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def change(rows: pl.DataFrame) -> pl.DataFrame:
        renamed = rows.with_columns(pl.col(column).replace(names))
        if "digest" in rows.columns:
            return renamed.with_columns(digests(renamed))
        if "url" not in rows.columns:
            return renamed
        of = [shard_of(visitor, shards) for visitor in renamed["visitor_id"]]
        return renamed.with_columns(shard=pl.Series(of, dtype=pl.Int32))

    return change
