"""What moved between two published versions, for a reader, in 100 columns."""

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.reports.differences import Cause, Differences
from pipelines.reports.shown import cell, moment
from pipelines.reports.spending import Part

SHOWN = 20  # influencers


def rendered(found: Differences) -> RenderableType:
    """Both totals, then of each influencer and campaign what moved and why; a row's causes add up to its difference."""
    head = Text(
        f"Net {found.currency} of version {found.before_version} ({moment(found.before_until)} UTC): "
        f"{found.net_before:,}, of version {found.after_version} ({moment(found.after_until)} UTC): {found.net_after:,}"
    )
    parts = [head, *_net(found), *_spent(found)]
    return Group(*parts)


def _net(found: Differences) -> Iterable[RenderableType]:
    if not found.influencers:
        yield cell("No net revenue moved between them.")
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "right", "right", "left"):
        table.add_column(justify=justify, overflow="fold")
    table.add_row(*(Text(name, "bold") for name in ("Influencer, campaign", "Before", "After", "Difference", "Orders")))
    for row in found.influencers[:SHOWN]:
        who = "nobody" if row.influencer_id is None else f"{row.influencer_id}, {row.campaign_id}"
        orders = f"{row.orders_before:,} → {row.orders_after:,}"
        table.add_row(cell(who, "bold"), f"{row.before:,}", f"{row.after:,}", _signed(row.difference), orders)
        for cause in row.causes:
            table.add_row(cell(f"  {cause.cause}", "dim"), "", "", _signed(cause.amount), _concerned(cause))
    table.add_row(
        Text("All", "bold"),
        f"{found.net_before:,}",
        f"{found.net_after:,}",
        _signed(found.net_after - found.net_before),
    )
    for cause in found.causes:
        table.add_row(cell(f"  {cause.cause}", "dim"), "", "", _signed(cause.amount), _concerned(cause))
    yield Text()
    yield table
    if (more := len(found.influencers) - SHOWN) > 0:
        yield cell(f"… and {more:,} more; --json shows all", "dim")


def _spent(found: Differences) -> Iterable[RenderableType]:
    """Commission and costs, where both versions are still on the disk."""
    if not found.spending:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right", "right", "right"):
        table.add_column(justify=justify, overflow="fold")
    table.add_row(*(Text(name, "bold") for name in ("Influencer, campaign", "", "Before", "After", "Difference")))
    for row in found.spending[:SHOWN]:
        who = cell(f"{row.influencer_id}, {row.campaign_id}", "bold")
        if row.commission_before != row.commission_after:
            amounts = row.commission_before, row.commission_after
            table.add_row(who, "commission", *map(cell, amounts), _signed(amounts[1] - amounts[0]))
            _add_parts(table, row.commission_causes)
        if row.costs_before != row.costs_after:
            known = row.costs_before is not None and row.costs_after is not None
            moved = _signed(row.costs_after - row.costs_before) if known else ""  # type: ignore[operator]
            table.add_row(who, "costs", cell(row.costs_before), cell(row.costs_after), moved)
            _add_parts(table, row.cost_categories)
    yield Text()
    yield table


def _add_parts(table: Table, parts: Iterable[Part]) -> None:
    for part in parts:
        table.add_row("", cell(f"  {part.name}", "dim"), "", "", _signed(part.amount))


def _signed(amount: Decimal) -> str:
    return f"{amount:+,}"


def _concerned(cause: Cause) -> Text:
    return cell(f"{cause.orders_concerned:,} order{'' if cause.orders_concerned == 1 else 's'}", "dim")
