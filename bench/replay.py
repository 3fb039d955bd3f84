"""How fast a replay is: a simulated world of about a million messages, drained once by a fresh process.

    .venv/bin/python bench/replay.py [--orders N] [--worlds N] [--workspace DIR] [--profile]

The world is made once and kept, in as many partitions of each topic as there are worlds of other shoppers in it; its
lake is made anew by each replay, and checked.
"""

import argparse
import cProfile
import json
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.testing import PARTS

ORDERS = 80_000  # make about a million messages
SEED = 1
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
SPLITS = f"""
with orders as (
    select {", ".join(PARTS)}, credits, unnest(list_distinct([c.model for c in credits])) as model
    from attributions
    semi join (select order_id, max(revision_key) as revision_key from attributions group by order_id)
        using (order_id, revision_key)
)

select count(*), count_if(
    ({", ".join(f"list_sum([c.{part} for c in credits if c.model = model])" for part in PARTS.values())})
    is distinct from ({", ".join(PARTS)})
)
from orders
"""
"""How many orders' money a model splits, and how many of these splits do not sum to it."""


def main() -> None:
    asked = _arguments()
    root = asked.workspace or Path(tempfile.gettempdir()) / f"codetrail-bench-{asked.orders}"
    if asked.drain:
        print(json.dumps(_drained(root, asked.profile)))
        return
    if not (root / "topics").exists():
        make_worlds(root, asked.orders, asked.worlds)
    shutil.rmtree(root / "lake", ignore_errors=True)
    used = measured(root, asked.profile)
    Console().print(_table(root, used, rows_checked(root)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS, help="how large the world is, if it must be made")
    parser.add_argument("--worlds", type=int, default=1, help="among how many the orders are shared")
    parser.add_argument("--workspace", type=Path, help="where the world is kept; a folder of its own by default")
    parser.add_argument("--profile", action="store_true", help="also print where the time goes, and take longer")
    parser.add_argument("--drain", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def make_worlds(root: Path, orders: int, worlds: int) -> None:
    """Topics, reference data and truth below `root`: worlds of one cast of influencers, each with its own shoppers."""
    from pipelines.simulate.deliveries import Delivery
    from pipelines.simulate.faults import PROFILES
    from pipelines.simulate.world import make_world
    from pipelines.simulate.writing import write_lines

    for number in range(worlds):

        def write(delivery: Delivery, file: str = f"{number:02}.ndjson") -> None:
            folder = root / "topics" / delivery.topic
            folder.mkdir(parents=True, exist_ok=True)
            write_lines(folder / file, delivery.lines, delivery.order, delivery.inserts)

        its = orders // worlds + (number < orders % worlds)
        make_world(root, write, seed=SEED, orders=its, faults=PROFILES["none"], until=UNTIL, number=number)


def measured(root: Path, profile: bool) -> dict[str, float]:
    """One replay in a process of its own, its imports and its children included."""
    command = [sys.executable, __file__, "--drain", "--workspace", str(root), *(["--profile"] if profile else [])]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wall = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    inside = json.loads(done.stdout.splitlines()[-1])
    return inside | {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


def _drained(root: Path, profile: bool) -> dict[str, float]:
    from pipelines.testing import drain

    profiler = cProfile.Profile()
    begun = time.process_time()
    if profile:
        profiler.enable()
    done = drain(root)
    profiler.disable()
    cpu = time.process_time() - begun
    if profile:
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    counted = ("decode/in", "decode/failed", "decode/unconsented", "land/written", "commit/out")
    return {name: done.counters.get(name, 0) for name in counted} | {"drain_cpu": cpu}


def rows_checked(root: Path) -> Mapping[str, int]:
    """Raises AssertionError if a message or a cent is missing; the rows of each table."""
    from pipelines.stores.lake import Lake
    from pipelines.stores.tables import LANDING

    lake = Lake(root / "lake")
    rows = {table: lake.rows(table) for table in (*LANDING, "rejected_events", "order_attributions")}
    for topic in LANDING:
        files = sorted((root / "topics" / topic).iterdir())
        unconsented = lake.transactions(topic, [f"{topic}/{partition} unconsented" for partition in range(len(files))])
        rejected = lake.read("rejected_events", ["topic"]).filter(topic=topic).height
        sent = sum(_lines(file) for file in files)
        kept = rows[topic] + rejected + sum(unconsented.values())
        if kept != sent:
            raise AssertionError(f"{topic}: {sent} messages sent, {kept} landed, rejected or without consent")
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(root / "_spilled")}) as connection:
        connection.read_parquet(lake.open("order_attributions").file_uris()).to_view("attributions")
        splits, wrong = connection.execute(SPLITS).fetchall()[0]
    if wrong or not splits:
        raise AssertionError(f"of {splits} splits of an order's money {wrong} do not sum to it")
    return rows


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def _table(root: Path, measured: Mapping[str, float], rows: Mapping[str, int]) -> Table:
    events = measured["decode/in"]
    told = {
        "events": f"{events:,}",
        "wall": f"{measured['wall']:.1f} s",
        "CPU, imports included": f"{measured['cpu']:.1f} s",
        "CPU of the run alone": f"{measured['drain_cpu']:.1f} s",
        "events per CPU-second": f"{events / measured['cpu']:,.0f}",
        "events per CPU-second, run alone": f"{events / measured['drain_cpu']:,.0f}",
        "peak memory": f"{measured['peak_mb']:,.0f} MB",
        **{f"rows of {table}": f"{count:,}" for table, count in rows.items()},
        "checked": "every message is there; credits sum to the orders' money, model by model",
    }
    table = Table(title=f"Replay of {root}", box=box.SIMPLE, show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in told.items():
        table.add_row(name, value)
    return table


if __name__ == "__main__":
    main()
