"""Who is owed which commission, and how far on its way it is: the published ledger for a terminal."""

from decimal import Decimal
from pathlib import Path

import duckdb
from rich import box
from rich.table import Table
from rich.text import Text

from pipelines.warehouse.versions import current_version

SHOWN = 6
LEDGER = """
select
    coalesce(any_value(people.handle), entries.influencer_id),
    count(distinct entries.order_id) filter (where entries.state != 'reversed'),
    coalesce(sum(entries.commission) filter (where entries.state = 'pending'), 0),
    coalesce(sum(entries.commission) filter (where entries.state = 'locked'), 0),
    coalesce(sum(entries.commission) filter (where entries.state = 'payable'), 0),
    coalesce(sum(entries.commission) filter (where entries.is_clawback), 0),
    coalesce(sum(entries.commission), 0)
from read_parquet($folder || '/fct_commissions.parquet') as entries
left join read_parquet($folder || '/dim_influencer.parquet') as people using (influencer_id)
group by entries.influencer_id
order by sum(entries.commission) desc, entries.influencer_id
"""


def commission_table(root: Path, shown: int = SHOWN) -> Table:
    """What the most paid influencers are owed by state, and all together; of no ledger an empty table."""
    folder, version = current_version(root)
    rows = duckdb.execute(LEDGER, {"folder": str(folder)}).fetchall()
    table = Table(
        title="Commissions: what is owed",
        title_justify="left",
        caption="Pending until its plan's days have passed, locked until the month is over, then payable",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    currency = version.reporting_currency
    table.add_column("Influencer", overflow="fold")
    for name in ("Orders", "Pending", "Locked", "Payable", "Clawed back", f"Owed {currency}"):
        table.add_column(name, justify="right", no_wrap=True)
    first, others = rows[:shown], rows[shown:]
    for row in first:
        table.add_row(*_cells(row, version.reporting_digits))
    if others:
        table.add_row(*_cells((f"… {len(others)} others", *_sums(others)), version.reporting_digits))
    table.add_section()
    table.add_row(*_cells(("All commissions", *_sums(rows)), version.reporting_digits), style="bold")
    return table


def _sums(rows: list[tuple[object, ...]]) -> list[object]:
    return [sum(column, start=Decimal(0)) for column in zip(*[row[1:] for row in rows], strict=True)] or [
        Decimal(0)
    ] * 6


def _cells(row: tuple[object, ...], digits: int) -> list[Text]:
    name, orders, *amounts = row
    return [Text(str(name)), Text(f"{orders:,}"), *(Text(f"{amount:,.{digits}f}") for amount in amounts)]
