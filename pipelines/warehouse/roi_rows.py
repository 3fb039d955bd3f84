"""What did each campaign and each influencer return? The published ROI marts as rows, read from one version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import duckdb

ZERO = Decimal(0)
WEIGHT_DIGITS = 9  # Σ of binary weights is exact to this many

CAMPAIGNS = """
select
    roi.campaign_id, coalesce(campaigns.name, roi.campaign_id), null, null, null,
    roi.orders, roi.net_revenue, roi.cost_total, roi.status = 'provisional'
from read_parquet($folder || '/fct_campaign_roi.parquet') as roi
left join read_parquet($folder || '/dim_campaign.parquet') as campaigns using (campaign_id)
where roi.model = $model and roi.campaign_id is not null
order by roi.net_revenue - roi.cost_total desc, 1
"""
INFLUENCERS = """
select
    roi.influencer_id, coalesce(any_value(people.handle), roi.influencer_id),
    any_value(people.tier), any_value(people.platform),
    list(distinct coalesce(campaigns.name, roi.campaign_id) order by coalesce(campaigns.name, roi.campaign_id)),
    sum(roi.orders), sum(roi.net_revenue), sum(roi.cost_total), bool_or(roi.status = 'provisional')
from read_parquet($folder || '/fct_influencer_roi.parquet') as roi
left join read_parquet($folder || '/dim_influencer.parquet') as people using (influencer_id)
left join read_parquet($folder || '/dim_campaign.parquet') as campaigns on campaigns.campaign_id = roi.campaign_id
where roi.model = $model and roi.influencer_id is not null
group by roi.influencer_id
order by sum(roi.net_revenue) - sum(roi.cost_total) desc, 1
"""
UNATTRIBUTED = """
select coalesce(sum(weight), 0), coalesce(sum(net_revenue), 0), coalesce(bool_or(status = 'provisional'), false)
from read_parquet($folder || '/fct_credits.parquet')
where model = $model and influencer_id is null
"""


@dataclass(frozen=True, slots=True)
class RoiRow:
    """One line of a table; amounts in the reporting currency, ratios null where their base is 0.

    What nobody earned has no return: profit and ratios of `unattributed` and `all_orders` are null, so
    that sales without an influencer never flatter the return of those with one.
    """

    kind: Literal["campaign", "influencer", "attributed", "unattributed", "all_orders"]
    id: str | None  # of the campaign or influencer
    name: str
    orders: float  # a sum of weights: whole under the model `policy`
    net_revenue: Decimal
    cost: Decimal
    provisional: bool
    profit: Decimal | None = None
    roi_pct: float | None = None
    roas: float | None = None
    cpa: float | None = None
    tier: str | None = None
    platform: str | None = None
    campaigns: tuple[str, ...] = ()


def campaign_rows(version: Path, model: str = "policy") -> list[RoiRow]:
    """Every campaign by profit, then the sum of them, the orders of nobody, and all orders.

    `version` is the folder of a published version. The ROI is that of `model`.
    """
    return _rows(version, CAMPAIGNS, "campaign", model)


def influencer_rows(version: Path, model: str = "policy") -> list[RoiRow]:
    """Every influencer over all campaigns by profit, then the sum of them, the orders of nobody, and all orders.

    A campaign's cost that no influencer bears is in `campaign_rows` alone.
    """
    return _rows(version, INFLUENCERS, "influencer", model)


def _rows(version: Path, query: str, kind: Literal["campaign", "influencer"], model: str) -> list[RoiRow]:
    with duckdb.connect() as connection:
        given = {"folder": str(version), "model": model}
        listed = connection.execute(query, given).fetchall()
        orders, net, provisional = connection.execute(UNATTRIBUTED, given).fetchall()[0]
    rows = [
        replace(
            returned(RoiRow(kind, id_, name, orders, net, cost, provisional)),
            tier=tier,
            platform=platform,
            campaigns=tuple(campaigns or ()),
        )
        for id_, name, tier, platform, campaigns, orders, net, cost, provisional in listed
    ]
    attributed = total("attributed", "Attributed", rows)
    nobody = RoiRow("unattributed", None, "Unattributed", float(orders), Decimal(net), ZERO, provisional)
    return [*rows, returned(attributed), nobody, total("all_orders", "All orders", [attributed, nobody])]


def total(kind: Literal["influencer", "attributed", "all_orders"], name: str, rows: Sequence[RoiRow]) -> RoiRow:
    orders = round(sum(row.orders for row in rows), WEIGHT_DIGITS)
    net, cost = sum((row.net_revenue for row in rows), ZERO), sum((row.cost for row in rows), ZERO)
    return RoiRow(kind, None, name, orders, net, cost, any(row.provisional for row in rows))


def returned(row: RoiRow) -> RoiRow:
    """The row with its profit and the ratios of its sums."""
    profit = row.net_revenue - row.cost
    return replace(
        row,
        profit=profit,
        roi_pct=float(100 * profit / row.cost) if row.cost else None,
        roas=float(row.net_revenue / row.cost) if row.cost else None,
        cpa=float(row.cost) / row.orders if row.orders else None,
    )
