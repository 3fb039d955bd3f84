"""What a million events a second would need, from what they cost here; and how straight the line to there is.

    .venv/bin/python bench/scale.py [--orders 10000,40000,120000] [--worlds N] [--rate 1000000] [--hours 24]

With `--worlds 10 --orders 80000,800000,8000000`, for a night, they are one, ten and a hundred million events.
Worlds of these sizes are replayed one after the other, each in a process of its own. The two smallest give the cost
of an event without what every run costs once; from them the CPU, the lake and the memory of the others are foretold
and compared with what they needed. Then follows the plan for the rate; all of it is written to bench/SCALE.md.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from capacity import AWS, DAY, Costs, Plan, breaks_first, plan
from measured_run import figures
from replay import make_worlds, measured, rows_checked
from rich.console import Console

from pipelines.settings import load_settings
from pipelines.stages.landed import Landed
from pipelines.stores.lake import Lake
from pipelines.stores.rulebook import rulebook
from pipelines.stores.tables import LANDING, TABLES
from pipelines.stores.workspace import Workspace
from pipelines.testing import HASH_KEY

SIZES = "10000,40000,120000"
COMMITS = 50
ALL = 3_650 * DAY * 1_000_000  # microseconds: nothing of a world is older
RESULT = Path(__file__).with_name("SCALE.md")


@dataclass(frozen=True)
class Replayed:
    """What a world of `orders` orders took: CPU seconds of the run alone; bytes of topics, tables and memory.

    The states are 0 where they were not weighed, which takes everything into memory at once.
    """

    orders: int
    events: int
    clicks: int
    cpu: float
    peak_mb: float
    sent: int
    landed: int
    attributed: int
    click_state: int
    order_state: int


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--orders", default=SIZES, help="of the worlds, by commas; three at least")
    asked.add_argument("--worlds", type=int, default=1, help="in how many partitions of each topic the orders come")
    asked.add_argument("--rate", type=float, default=1_000_000, help="events a second to plan for")
    asked.add_argument("--hours", type=float, default=24, help="of each day at that rate")
    asked.add_argument("--folder", type=Path, help="where the worlds stay and are found again; removed by default")
    given = asked.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="codetrail-scale-"))
    sizes = sorted(map(int, given.orders.split(",")))
    worlds = [_replayed(folder / str(orders), orders, given.worlds, orders in sizes[:2]) for orders in sizes]
    settings = load_settings(folder / "none.toml", {})
    costs = costs_of(worlds[0], worlds[1], _commit_seconds(folder, worlds[0]))
    days = (settings.window + settings.lateness) / (DAY * 1e6)
    found = plan(costs, AWS, given.rate, given.hours, days)
    tables = {
        "What was measured": _line(worlds, costs),
        "What one event costs": _told(costs),
        f"{given.rate:,.0f} events a second, {given.hours:g} hours a day, {days:g} days in memory": _planned(found),
    }
    for title, rows in tables.items():
        Console().print(figures(title, rows))
    RESULT.write_text(_markdown(tables), encoding="utf-8")
    if given.folder is None:
        shutil.rmtree(folder)


def costs_of(small: Replayed, large: Replayed, commit: float) -> Costs:
    """What one event costs, by the difference of two worlds: what every run costs once is in both."""
    events, orders, clicks = (getattr(large, name) - getattr(small, name) for name in ("events", "orders", "clicks"))
    return Costs(
        cpu=(large.cpu - small.cpu) / events,
        click_share=clicks / events,
        order_share=orders / events,
        wire=(large.sent - small.sent) / events,
        landed=(large.landed - small.landed) / events,
        attributed=(large.attributed - small.attributed) / orders,
        click_state=(large.click_state - small.click_state) / clicks,
        order_state=(large.order_state - small.order_state) / orders,
        commit=commit,
    )


def _replayed(root: Path, orders: int, worlds: int, is_weighed: bool) -> Replayed:
    if not (root / "topics").exists():
        make_worlds(root, orders, worlds)
    shutil.rmtree(root / "lake", ignore_errors=True)
    used = measured(root, profile=False)
    rows = rows_checked(root)
    lake = Lake(root / "lake")
    click_state, order_state = _states(root, lake) if is_weighed else (0, 0)
    return Replayed(
        orders=orders,
        events=int(used["decode/in"]),
        clicks=rows["clicks"],
        cpu=used["drain_cpu"],
        peak_mb=used["peak_mb"],
        sent=sum(file.stat().st_size for file in (root / "topics").glob("*/*")),
        landed=sum(_bytes(lake, table) for table in LANDING),
        attributed=_bytes(lake, "order_attributions"),
        click_state=click_state,
        order_state=order_state,
    )


def _states(root: Path, lake: Lake) -> tuple[int, int]:
    """The bytes in memory of all clicks, and of all orders with their redemptions."""
    settings = load_settings(root / "codetrail.toml", {})
    links = rulebook(Workspace(root).reference(HASH_KEY), settings).links
    whole = Landed(lake, links, settings.shards, keep=ALL, lanes=1)
    of_visitors, of_orders = whole.visitor_shard(0), whole.order_shard(0)
    clicks = of_visitors.clicks.nbytes
    return clicks, of_visitors.size.nbytes - clicks + of_orders.size.nbytes


def _bytes(lake: Lake, table: str) -> int:
    return sum(file.stat().st_size for file in (lake.root / table).glob("*.parquet"))


def _commit_seconds(folder: Path, world: Replayed) -> float:
    """Of a commit of one row to a table of the lake on this disk, the median."""
    shutil.rmtree(folder / "commits", ignore_errors=True)
    lake, landed = Lake(folder / "commits" / "lake"), folder / str(world.orders) / "lake" / "orders"
    lake.create()
    epoch = lake.take_over()
    row = pq.read_table(next(landed.glob("*.parquet")), schema=TABLES["orders"]).slice(0, 1)
    seconds = []
    for number in range(COMMITS):
        began = time.perf_counter()
        lake.append("orders", row, {"bench": number}, epoch)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _line(worlds: Sequence[Replayed], costs: Costs) -> dict[str, str]:
    """Each world's figures, beside what the first two foretell of it."""
    first, told = worlds[0], {}
    for one in worlds:
        more, orders = one.events - first.events, one.orders - first.orders
        cpu = first.cpu + more * costs.cpu
        lake = first.landed + more * costs.landed + first.attributed + orders * costs.attributed
        is_foretold = one not in worlds[:2]
        told[f"{one.events:,} events, {one.orders:,} orders"] = (
            f"{one.cpu:.1f} s of CPU{_beside(one.cpu, cpu) if is_foretold else ''}, {one.peak_mb:,.0f} MB at most, "
            f"lake {(one.landed + one.attributed) / 1e6:,.1f} MB"
            f"{_beside(one.landed + one.attributed, lake) if is_foretold else ''}"
        )
    return told


def _beside(found: float, foretold: float) -> str:
    return f" ({found / foretold - 1:+.1%} of what was foretold)"


def _told(costs: Costs) -> dict[str, str]:
    return {
        "CPU": f"{costs.cpu * 1e6:.1f} µs: {1 / costs.cpu:,.0f} events a CPU-second in a replay; following Kafka "
        "costs more (catchup.py)",
        "of all events": f"{costs.click_share:.1%} clicks that land, {costs.order_share:.1%} orders",
        "sent": f"{costs.wire:,.0f} bytes an event",
        "in the lake": f"{costs.landed:,.1f} bytes an event, {costs.attributed:,.0f} an order's attribution",
        "in memory": f"{costs.click_state:,.0f} bytes an open click, {costs.order_state:,.0f} an open order",
        "a commit here": f"{costs.commit * 1000:.1f} ms; in an object store {AWS.commit * 1000:.0f} ms are assumed",
    }


def _planned(found: Plan) -> dict[str, str]:
    return {
        "open clicks and orders": f"{found.open_clicks:,.0f} and {found.open_orders:,.0f}",
        "their state": f"{found.state / 1e9:,.0f} GB",
        "machines by CPU, by memory": f"{found.by_cpu:,} and {found.by_memory:,} {AWS.machine}",
        "Kafka": f"{found.partitions:,} partitions a topic of clicks, {found.wire_a_second / 1e6:,.0f} MB a second",
        "commits": f"one writer each {found.commit_every:,.1f} s, {found.commits_a_second:,.0f} a second in all",
        "a data file": f"{found.file_size / 1e6:,.2f} MB before compaction",
        "the lake": f"{found.lake_a_month / 1e12:,.1f} TB a month",
        "US dollars a month": f"{found.a_month:,.0f}: machines {found.machines_a_month:,.0f}, a month of lake "
        f"{found.storage_a_month:,.0f}, writes {found.writes_a_month:,.0f}",
        "what breaks first": breaks_first(found, AWS),
    }


def _markdown(tables: dict[str, dict[str, str]]) -> str:
    parts = [
        "# A million events a second, on paper",
        "",
        "Made by `python bench/scale.py`; nothing here is written by hand.",
    ]
    for title, rows in tables.items():
        parts += [
            "",
            f"## {title}",
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {name} | {text} |" for name, text in rows.items()),
        ]
    return "\n".join([*parts, "", f"Prices: {AWS.source}.", ""])


if __name__ == "__main__":
    main()
