"""Whose each click was, by the rules' answer, which dbt only counts."""

from collections.abc import Sequence
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


def resolved_clicks(
    lake: Lake,
    links: Sequence[LinkAssignment],
    files: Sequence[str] | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """One row per distinct click, in the columns of RESOLVED_CLICKS: whose it was, or what it named if nobody's.

    Of `files` of the lake alone, where they are given, and of what had arrived `until` then.
    """
    if files is None:
        files = files_of(lake.root / "clicks")
    if not files:
        return RESOLVED_CLICKS.empty_table()
    with reporting(lake.uri("clicks")):
        landed = _distinct(_landed(files, until))
    rows = landed.with_columns(link=_links_of(landed, links)).join(_owners(links), on="link", how="left")
    owned = rows.with_columns(
        pl.when(pl.col("reason").is_not_null()).then(pl.col("named_link_id")).alias("named_link_id"),
        *(pl.when(pl.col("reason").is_not_null()).then(pl.col(name)).alias(name) for name in UTM_COLUMNS),
    )
    return owned.select(RESOLVED_CLICKS.names).to_arrow().cast(RESOLVED_CLICKS)


def _landed(files: Sequence[str], until: datetime | None) -> pl.DataFrame:
    """The clicks of `files`; a column that an old one lacks is null."""
    try:
        stored = pl.scan_parquet(
            list(files),
            schema=LANDED,
            missing_columns="insert",
            extra_columns="ignore",
            hive_partitioning=False,
            glob=False,
        )
        stored = stored if until is None else stored.filter(pl.col("ingested_at") <= until)
        clicks = stored.select(CLICK_COLUMNS).collect()
    except pl.exceptions.ComputeError as error:
        raise pa.ArrowInvalid(str(error)) from error
    return clicks.rename({"link_id": "named_link_id"})


def _links_of(landed: pl.DataFrame, links: Sequence[LinkAssignment]) -> pl.Series:
    """Each click's place in `links`, or which reason there is for none; the resolver may change the order of rows."""
    numbered = landed.rename({"named_link_id": "link_id"}).with_columns(
        pl.col("occurred_at").cast(pl.Int64), offset=pl.int_range(pl.len())
    )
    resolved = LinkResolver(list(links)).resolved(numbered)
    nobodys = pl.repeat(NO_ROW, landed.height, dtype=pl.Int32, eager=True)
    return nobodys.scatter(resolved["offset"], resolved["link"])


def _distinct(clicks: pl.DataFrame) -> pl.DataFrame:
    """The message of each click that counts. Few are repeated: only those are put in order."""
    identity = ("event_id", "visitor_id")
    is_repeated = clicks.select(identity).is_duplicated()
    return pl.concat([clicks.filter(~is_repeated), one_message_each(clicks.filter(is_repeated), *identity)])


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
