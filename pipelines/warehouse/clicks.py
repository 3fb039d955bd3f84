"""Whose each click was, by the rules' answer, which dbt only counts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl
import pyarrow as pa

from pipelines.columnar.links import CLICK_COLUMNS, LINK_REASONS, NO_ROW, LinkResolver
from pipelines.columnar.repeats import one_message_each
from pipelines.rules.links import UTM, LinkAssignment
from pipelines.stores.lake import Lake, reporting
from pipelines.stores.tables import CLICKS
from pipelines.warehouse.sources import NO_LINK, RESOLVED_CLICKS, files_of

LANDED = pl.DataFrame(CLICKS.empty_table()).schema
UTM_COLUMNS = [f"utm_{name}" for name in UTM]
IDENTITY = ("event_id", "visitor_id")
BATCH_ROWS = 200_000


def resolved_clicks(
    lake: Lake,
    links: Sequence[LinkAssignment],
    files: Sequence[str] | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """What `click_batches` give, as one table."""
    return pa.concat_tables([RESOLVED_CLICKS.empty_table(), *click_batches(lake, links, files, until)])


def click_batches(
    lake: Lake,
    links: Sequence[LinkAssignment],
    files: Sequence[str] | None = None,
    until: datetime | None = None,
) -> Iterator[pa.Table]:
    """One row per distinct click, in the columns of RESOLVED_CLICKS: whose it was, or what it named if nobody's.

    Of `files` of the lake alone, where they are given, and of what had arrived `until` then. Raises LakeUnavailable.
    """
    if files is None:
        files = files_of(lake.root / "clicks")
    if not files:
        return
    resolver, owners = LinkResolver(list(links)), _owners(links)
    with reporting(lake.uri("clicks")):
        for clicks in _distinct(_landed(files, until)):
            yield _owned(clicks.with_columns(link=_links_of(clicks, resolver)).join(owners, on="link", how="left"))


def _landed(files: Sequence[str], until: datetime | None) -> pl.LazyFrame:
    """The clicks of `files`; a column that an old one lacks is null."""
    stored = pl.scan_parquet(
        list(files),
        schema=LANDED,
        missing_columns="insert",
        extra_columns="ignore",
        hive_partitioning=False,
        glob=False,
    )
    stored = stored if until is None else stored.filter(pl.col("ingested_at") <= until)
    return stored.select(CLICK_COLUMNS).rename({"link_id": "named_link_id"})


def _distinct(landed: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """The message of each click that counts. Few are repeated: only those are put in order, and come last."""
    identity = pl.struct(IDENTITY).hash()  # a collision puts a few more in order
    hashes = landed.select(identity.alias("hash")).collect()["hash"].sort()
    repeated = hashes.filter(hashes == hashes.shift()).unique()
    put_aside = []
    for clicks in landed.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        is_repeated = clicks.select(identity.is_in(repeated.implode())).to_series()
        put_aside.append(clicks.filter(is_repeated))
        yield clicks.filter(~is_repeated)
    yield one_message_each(pl.concat(put_aside), *IDENTITY)


def _owned(rows: pl.DataFrame) -> pa.Table:
    is_nobodys = pl.col("reason").is_not_null()
    named = [pl.when(is_nobodys).then(pl.col(name)).alias(name) for name in ("named_link_id", *UTM_COLUMNS)]
    return rows.with_columns(named).select(RESOLVED_CLICKS.names).to_arrow().cast(RESOLVED_CLICKS)


def _links_of(clicks: pl.DataFrame, resolver: LinkResolver) -> pl.Series:
    """Each click's place among the links, or which reason there is for none; the resolver may change their order."""
    numbered = clicks.rename({"named_link_id": "link_id"}).with_columns(
        pl.col("occurred_at").cast(pl.Int64), offset=pl.int_range(pl.len())
    )
    resolved = resolver.resolved(numbered)
    nobodys = pl.repeat(NO_ROW, clicks.height, dtype=pl.Int32, eager=True)
    return nobodys.scatter(resolved["offset"], resolved["link"])


def _owners(links: Sequence[LinkAssignment]) -> pl.DataFrame:
    """What each value of the column `link` says: a place in `links`, or why there is none."""
    reasons = {place: str(reason) for place, reason in LINK_REASONS.items()} | {NO_ROW: NO_LINK}
    return pl.DataFrame(
        {
            "link": [*range(len(links)), *reasons],
            "influencer_id": [link.influencer_id for link in links] + [None] * len(reasons),
            "campaign_id": [link.campaign_id for link in links] + [None] * len(reasons),
            "link_id": [link.link_id for link in links] + [None] * len(reasons),
            "reason": [None] * len(links) + [*reasons.values()],
        },
        schema={
            "link": pl.Int32,
            **dict.fromkeys(("influencer_id", "campaign_id", "link_id", "reason"), pl.String),
        },
    )
