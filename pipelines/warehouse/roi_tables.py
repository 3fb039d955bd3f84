"""What did each campaign and each influencer return? The published marts as rows, and as tables for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
from rich import box
from rich.table import Table

from pipelines.warehouse.versions import Version, current_version

SHOWN_INFLUENCERS = 20
ZERO = Decimal(0)
NOTHING = "–"

CAMPAIGNS = """
select
    coalesce(campaigns.name, roi.campaign_id), null, null, null, roi.orders, roi.net_revenue, roi.cost_total,
    roi.status = 'provisional'
from read_parquet($folder || '/fct_campaign_roi.parquet') as roi
left join read_parquet($folder || '/dim_campaign.parquet') as campaigns using (campaign_id)
where roi.model = $model and roi.campaign_id is not null
order by roi.net_revenue - roi.cost_total desc, 1
"""
INFLUENCERS = """
select
    coalesce(any_value(people.handle), roi.influencer_id), any_value(people.tier), any_value(people.platform),
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
select
    'Nobody (unattributed)', null, null, null, coalesce(sum(weight), 0), coalesce(sum(net_revenue), 0), 0,
    coalesce(bool_or(status = 'provisional'), false)
from read_parquet($folder || '/fct_credits.parquet')
left join (select order_id, status from read_parquet($folder || '/fct_orders.parquet')) using (order_id)
where model = $model and influencer_id is null
"""


@dataclass(frozen=True, slots=True)
class RoiRow:
    """One line of a table; amounts in the reporting currency, ratios null where their base is 0."""

    name: str
    orders: float  # a sum of weights: whole under the model `policy`
    net_revenue: Decimal
    cost: Decimal
    profit: Decimal
    roi_pct: float | None
    roas: float | None
    cpa: float | None
    provisional: bool
    tier: str | None = None
    platform: str | None = None
    campaigns: tuple[str, ...] = ()


def campaign_rows(root: Path, model: str = "policy") -> list[RoiRow]:
    """Every campaign by profit, then the orders of nobody, then the total, which is that of all orders."""
    return _rows(root, CAMPAIGNS, model)


def influencer_rows(root: Path, model: str = "policy") -> list[RoiRow]:
    """Every influencer over all campaigns by profit, then the orders of nobody, then the total."""
    return _rows(root, INFLUENCERS, model)


def campaign_table(root: Path, model: str = "policy") -> Table:
    """What each campaign returned, for 100 columns of a terminal."""
    _, version = current_version(root)
    table = _table("Campaigns", ["Campaign"], version)
    rows = campaign_rows(root, model)
    for row in rows:
        table.add_row(row.name, *_numbers(row), end_section=row is rows[-3] if len(rows) > 2 else False)  # noqa: PLR2004
    return table


def influencer_table(root: Path, model: str = "policy", shown: int = SHOWN_INFLUENCERS) -> Table:
    """What each influencer returned: of more than `shown`, the best and the worst, and the sum of those between."""
    _, version = current_version(root)
    table = _table("Influencers", ["Influencer", "Tier", "Platform"], version)
    *people, nobody, total = influencer_rows(root, model)
    for row in _best_and_worst(people, shown):
        table.add_row(row.name, row.tier or "", row.platform or "", *_numbers(row))
    table.add_section()
    for row in (nobody, total):
        table.add_row(row.name, "", "", *_numbers(row))
    return table


def sum_of(name: str, rows: Sequence[RoiRow]) -> RoiRow:
    """One row for several: sums, and the ratios of the sums."""
    return _row(
        name,
        sum(row.orders for row in rows),
        sum((row.net_revenue for row in rows), ZERO),
        sum((row.cost for row in rows), ZERO),
        provisional=any(row.provisional for row in rows),
    )


def _rows(root: Path, query: str, model: str) -> list[RoiRow]:
    folder, _ = current_version(root)
    with duckdb.connect() as connection:
        given = {"folder": str(folder), "model": model}
        listed = connection.execute(query, given).fetchall() + connection.execute(UNATTRIBUTED, given).fetchall()
    rows = [
        _row(name, orders, net, cost, provisional=provisional, tier=tier, platform=platform, campaigns=campaigns)
        for name, tier, platform, campaigns, orders, net, cost, provisional in listed
    ]
    return [*rows, sum_of("Total", rows)]


def _row(
    name: str,
    orders: float,
    net_revenue: Decimal,
    cost: Decimal,
    *,
    provisional: bool,
    tier: str | None = None,
    platform: str | None = None,
    campaigns: Sequence[str] | None = None,
) -> RoiRow:
    profit = net_revenue - cost
    return RoiRow(
        name=name,
        orders=float(orders),
        net_revenue=Decimal(net_revenue),
        cost=Decimal(cost),
        profit=Decimal(profit),
        roi_pct=float(100 * profit / cost) if cost else None,
        roas=float(net_revenue / cost) if cost else None,
        cpa=float(cost) / float(orders) if orders else None,
        provisional=provisional,
        tier=tier,
        platform=platform,
        campaigns=tuple(campaigns or ()),
    )


def _best_and_worst(rows: Sequence[RoiRow], shown: int) -> list[RoiRow]:
    if len(rows) <= shown:
        return list(rows)
    best, between, worst = rows[: shown // 2], rows[shown // 2 : -(shown // 2)], rows[-(shown // 2) :]
    return [*best, sum_of(f"… {len(between)} others", between), *worst]


def _table(title: str, names: Sequence[str], version: Version) -> Table:
    provisional = f"* provisional: late events can still move it (until {version.provisional_until:%Y-%m-%d})" if (
        version.provisional_until
    ) else "every order is settled"
    as_of = f", as of {version.as_of:%Y-%m-%d %H:%M} UTC" if version.as_of else ""
    table = Table(
        title=f"{title}: what they returned{as_of}",
        title_justify="left",
        caption=f"Amounts in {version.reporting_currency}, refunds taken off; {provisional}",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in names:
        table.add_column(name, overflow="ellipsis", no_wrap=True)
    for name in ("Orders", "Net revenue", "Cost", "Profit", "ROI %", "ROAS", "CPA", ""):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _numbers(row: RoiRow) -> list[str]:
    loss = row.profit < 0
    return [
        f"{row.orders:,.0f}" if row.orders == int(row.orders) else f"{row.orders:,.1f}",
        f"{row.net_revenue:,.2f}",
        f"{row.cost:,.2f}",
        f"[red]{row.profit:,.2f}[/]" if loss else f"{row.profit:,.2f}",
        NOTHING if row.roi_pct is None else f"[{'red' if loss else 'green'}]{row.roi_pct:+,.1f}[/]",
        NOTHING if row.roas is None else f"{row.roas:,.2f}",
        NOTHING if row.cpa is None else f"{row.cpa:,.2f}",
        "*" if row.provisional else "",
    ]
