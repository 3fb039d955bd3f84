"""A restatement and a what-if for a terminal: what changed, the returns side by side, and which orders moved."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.reports.comparison import Compared, Comparison, MovedOrder, Sums
from pipelines.reports.restatement import Restatement
from pipelines.reports.shown import NOTHING, cell, moment
from pipelines.reports.whatif import WhatIfReport
from pipelines.rules.money import minor_digits
from pipelines.stores.reference_history import CellChange

SHOWN_CHANGES, SHOWN_INFLUENCERS, SHOWN_ORDERS = 20, 20, 20


def rendered(told: Restatement) -> RenderableType:
    """A restatement in 100 columns: what changed, and what it moved."""
    verb = "would be restated" if told.restated_at is None else "restated"
    former = "the same version" if told.former_version is None else f"before {told.former_version}"
    parts: list[RenderableType] = [
        Text.assemble(
            ("restate", "bold"),
            f"   {told.restated:,} of {told.orders:,} orders {verb} ({told.touched:,} looked at); reference "
            f"{told.reference_version}, {former}",
        )
    ]
    if told.unknown_versions:
        parts.append(
            Text(
                f"Of {', '.join(told.unknown_versions)} the lake kept no rows: every order of it was attributed anew.",
                style="yellow",
            )
        )
    parts += ["", *changes_table(told.changes)] if told.changes else []
    if told.moved is None:
        parts.append(Text("Nothing moves: every order is what the reference data and the settings of now make of it."))
    else:
        parts += ["", comparison_table(told.moved), *_orders(told.moved)]
    return Group(*parts)


def rendered_whatif(told: WhatIfReport, *, explain: bool) -> RenderableType:
    """The returns under other rules beside today's; with `explain` also which orders moved."""
    rules = ", ".join(f"{change.key[0]} {change.before} → {change.after}" for change in told.changes)
    parts: list[RenderableType] = [
        Text.assemble(("what if", "bold"), f"   {rules or 'nothing else than today'}; model {told.moved.model}"),
    ]
    if told.preset is not None:
        parts.append(cell(f"{told.preset.name}: {told.preset.says}. Source: {told.preset.source}, {told.preset.url}"))
    if told.waiting:
        parts.append(
            Text(
                f"Changed reference data may touch {told.waiting:,} orders: what it moves is in here too. "
                "`codetrail restate` applies it.",
                style="yellow",
            )
        )
    parts += ["", comparison_table(told.moved), *(_orders(told.moved) if explain else _how_many(told.moved))]
    return Group(*parts)


def changes_table(changes: Sequence[CellChange], shown: int = SHOWN_CHANGES) -> Iterator[RenderableType]:
    """What differs between two versions of the reference data, cell by cell."""
    table = _table("What changed in the reference data and the settings")
    for name in ("Table", "Row", "Column", "Before", "Now"):
        table.add_column(name, overflow="fold")
    for change in changes[:shown]:
        key = " ".join(part for part in change.key if part is not None)
        table.add_row(*map(cell, (change.table, key, change.column, change.before, change.after)))
    yield table
    if len(changes) > shown:
        yield Text(f"and {len(changes) - shown:,} more cells: --json lists them all")


def comparison_table(moved: Comparison, shown: int = SHOWN_INFLUENCERS) -> Table:
    """Each influencer's orders, revenue, commission, cost and ROI, before and after, what moved most first."""
    before, after = moved.currency_before, moved.currency_after
    currency = after if before == after else f"{before}, now {after}"
    table = _table(f"Returns by influencer in {currency}: before → now")
    table.add_column("Influencer", overflow="fold")
    for name in ("Orders", "Net", "Commission", "Cost", "ROI %"):
        table.add_column(name, justify="right", no_wrap=True)
    people = [one for one in moved.influencers if one.before != one.after]
    for one in people[:shown]:
        table.add_row(*_line(one, moved))
    if others := len(people) - shown if len(people) > shown else 0:
        table.add_row(Text(f"… {others:,} others that move less", style="dim"))
    table.add_section()
    still = len(moved.influencers) - len(people)
    table.add_row(Text(f"{still:,} do not move", style="dim"))
    table.add_row(*_line(moved.total, moved))
    return table


def _line(one: Compared, moved: Comparison) -> list[Text]:
    name = "All orders" if one is moved.total else one.handle or one.influencer_id or "Unattributed"
    digits = minor_digits(moved.currency_before) or 0, minor_digits(moved.currency_after) or 0
    both = [
        (f"{one.before.orders:,.6g}", f"{one.after.orders:,.6g}"),
        *(
            (_amount(getattr(one.before, column), digits[0]), _amount(getattr(one.after, column), digits[1]))
            for column in ("net_revenue", "commission", "cost")
        ),
        (_percent(one.before), _percent(one.after)),
    ]
    difference = one.difference.net_revenue if one.difference else None
    colour = "" if not difference else "green" if difference > 0 else "red"
    return [cell(name), *(Text(_beside(*pair), style=colour if pair[0] != pair[1] else "") for pair in both)]


def _beside(before: str, after: str) -> str:
    return before if before == after else f"{before}\n→ {after}"


def _how_many(moved: Comparison) -> Iterator[RenderableType]:
    yield Text(
        f"{moved.orders_moved:,} orders are credited otherwise" + (": --explain lists them" if moved.orders else "")
    )


def _orders(moved: Comparison) -> Iterator[RenderableType]:
    if not moved.orders:
        yield Text("No order is credited otherwise.")
        return
    table = _table(f"{moved.orders_moved:,} orders are credited otherwise: whose net they were, and whose they are")
    for name in ("Order", "Ordered at (UTC)", "Before", "Now"):
        table.add_column(name, overflow="fold")
    for one in moved.orders[:SHOWN_ORDERS]:
        table.add_row(cell(one.order_id), moment(one.ordered_at), *(_credited(side) for side in _sides(one)))
    yield table
    if moved.orders_moved > SHOWN_ORDERS:
        yield Text(f"and {moved.orders_moved - SHOWN_ORDERS:,} more; --json lists the first 1,000")


def _sides(one: MovedOrder) -> tuple[dict[str, Decimal | None], dict[str, Decimal | None]]:
    return one.before, one.after


def _credited(by_name: dict[str, Decimal | None]) -> Text:
    if not by_name:
        return Text("nobody", style="dim")
    return cell(", ".join(f"{name} {NOTHING if amount is None else amount}" for name, amount in by_name.items()))


def _amount(amount: Decimal | None, digits: int) -> str:
    return NOTHING if amount is None else f"{amount:,.{digits}f}"


def _percent(sums: Sums) -> str:
    return NOTHING if sums.roi_pct is None else f"{sums.roi_pct:+,.1f}"


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
