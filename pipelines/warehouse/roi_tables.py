"""The ROI tables for a terminal: what a marketer reads after a run, within 100 columns."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from pipelines.warehouse.roi_rows import RoiRow, campaign_rows, influencer_rows, returned, total
from pipelines.warehouse.versions import Version, current_version

SHOWN_INFLUENCERS = 20
NOTHING = "–"


def campaign_table(root: Path, model: str = "policy") -> Table:
    """What each campaign returned, for 100 columns of a terminal."""
    folder, version = current_version(root)
    *campaigns, attributed, nobody, everything = campaign_rows(folder, model)
    table = _table("Campaigns", ["Campaign"], version)
    for row in campaigns:
        table.add_row(_name(row), *_numbers(row, version))
    table.add_section()
    for row in (attributed, nobody, everything):
        table.add_row(_name(row), *_numbers(row, version))
    return table


def influencer_table(root: Path, model: str = "policy", shown: int = SHOWN_INFLUENCERS) -> Table:
    """What each influencer returned: of more than `shown`, the best and the worst, and the sum of those between."""
    folder, version = current_version(root)
    *people, attributed, nobody, everything = influencer_rows(folder, model)
    table = _table("Influencers", ["Influencer", "Tier", "Platform"], version)
    for row in _best_and_worst(people, shown):
        table.add_row(_name(row), row.tier or "", row.platform or "", *_numbers(row, version))
    table.add_section()
    for row in (attributed, nobody, everything):
        table.add_row(_name(row), "", "", *_numbers(row, version))
    return table


def _best_and_worst(rows: Sequence[RoiRow], shown: int) -> list[RoiRow]:
    if len(rows) <= shown:
        return list(rows)
    best, between, worst = rows[: shown // 2], rows[shown // 2 : -(shown // 2)], rows[-(shown // 2) :]
    return [*best, returned(total("influencer", f"… {len(between)} others", between)), *worst]


def _table(title: str, names: Sequence[str], version: Version) -> Table:
    as_of = f", as of {version.as_of:%Y-%m-%d %H:%M} UTC" if version.as_of else ""
    settled = "every order is settled"
    provisional = "* provisional: late events can move it"
    until = f" until {version.provisional_until:%Y-%m-%d}" if version.provisional_until else ""
    table = Table(
        title=f"{title}: what they returned{as_of}",
        title_justify="left",
        caption=f"Net of discounts and refunds; {provisional + until if version.provisional_orders else settled}",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0) if len(names) == 1 else 0,
    )
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name != names[0])
    currency = version.reporting_currency
    for number in ("Orders", f"Net {currency}", f"Cost {currency}", f"Profit {currency}", "ROI %", "ROAS", "CPA"):
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _name(row: RoiRow) -> Text:
    return Text(row.name + (" *" if row.provisional else ""), style="bold" if row.kind == "attributed" else "")


def _numbers(row: RoiRow, version: Version) -> list[Text]:
    digits = version.reporting_digits
    colour = "" if not row.profit else "red" if row.profit < 0 else "green"
    whole = row.orders == int(row.orders)
    return [
        Text(f"{row.orders:,.0f}" if whole else f"{row.orders:,.1f}"),
        Text(f"{row.net_revenue:,.{digits}f}"),
        Text(f"{row.cost:,.{digits}f}"),
        Text(NOTHING if row.profit is None else f"{row.profit:,.{digits}f}", style=colour),
        Text(NOTHING if row.roi_pct is None else f"{row.roi_pct:+,.1f}", style=colour),
        Text(NOTHING if row.roas is None else f"{row.roas:,.2f}"),
        Text(NOTHING if row.cpa is None or not row.cost else f"{row.cpa:,.{digits}f}"),
    ]
