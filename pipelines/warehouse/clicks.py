"""The clicks that some link row matches, with whose they were: the rules' answer, which dbt only counts."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from pipelines.rules.links import LinkAssignment
from pipelines.stages.resolve import COLUMNS, LINK_REASONS, NO_ROW, LinkResolver
from pipelines.stages.working_set import one_message_each
from pipelines.stores.lake import Lake
from pipelines.warehouse.sources import RESOLVED_CLICKS


def resolved_clicks(lake: Lake, links: Sequence[LinkAssignment]) -> pa.Table:
    """One row per distinct click that some link row matches, in the columns of RESOLVED_CLICKS."""
    if not lake.exists("clicks"):
        return RESOLVED_CLICKS.empty_table()
    landed = one_message_each(lake.read("clicks", COLUMNS["clicks"]), "event_id", "visitor_id")
    clicks = LinkResolver(list(links)).resolved("clicks", landed).filter(pl.col("link") != NO_ROW)
    owners = pl.DataFrame(
        {
            "link": [*range(len(links)), *LINK_REASONS],
            "influencer_id": [link.influencer_id for link in links] + [None] * len(LINK_REASONS),
            "campaign_id": [link.campaign_id for link in links] + [None] * len(LINK_REASONS),
            "link_id": [link.link_id for link in links] + [None] * len(LINK_REASONS),
            "reason": [None] * len(links) + [str(reason) for reason in LINK_REASONS.values()],
        },
        schema={
            "link": pl.Int32,
            **dict.fromkeys(("influencer_id", "campaign_id", "link_id", "reason"), pl.String),
        },
    )
    rows = clicks.join(owners, on="link", how="left").with_columns(pl.col("occurred_at").cast(pl.Datetime("us", "UTC")))
    return rows.select(RESOLVED_CLICKS.names).to_arrow().cast(RESOLVED_CLICKS)
