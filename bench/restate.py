"""How long `restate` and `whatif` take over a million orders with eleven million clicks.

    .venv/bin/python bench/restate.py [--orders N] [--copies N] [--workspace DIR]

A simulated world is drained once, and its lake copied many times under other ids; each command is a fresh process.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from copied_lake import copy_lake
from deltalake import write_deltalake
from rich import box
from rich.console import Console
from rich.table import Table

ORDERS, COPIES, SEED = 100_000, 10, 1
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
LATE_CODE = "WELCOME10,inf-001,spring-glow,,,,,\n"
COMMANDS = {
    "whatif --policy link_wins": ("whatif", "--policy", "link_wins"),
    "whatif --window 7d": ("whatif", "--window", "7d"),
    "restate --dry-run, a late code": ("restate", "--dry-run"),
    "restate, a late code": ("restate",),
    "restate, another policy": ("restate",),
}
CALL = "from pipelines.cli import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS, help="of the simulated world")
    parser.add_argument("--copies", type=int, default=COPIES, help="of its lake")
    parser.add_argument("--workspace", type=Path, help="where both are kept; a folder of its own by default")
    asked = parser.parse_args()
    folder = asked.workspace or Path(tempfile.gettempdir()) / f"codetrail-restate-{asked.orders}-{asked.copies}"
    root = _workspace(folder, asked.orders, asked.copies)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, title=f"{asked.orders * asked.copies:,} orders")
    for name in ("Command", "Wall s", "CPU s", "Peak MB", "Looked at", "Restated or moved"):
        table.add_column(name, justify="left" if name == "Command" else "right")
    codes = root / "reference" / "codes.csv"
    announced = codes.read_text()
    for name, command in COMMANDS.items():
        settings = {"CODETRAIL_POLICY": "link_wins"} if "another policy" in name else {}
        if "late code" in name and LATE_CODE not in announced:
            codes.write_text(announced + LATE_CODE)
        table.add_row(name, *_measured(root, command, settings))
    Console().print(table)


def _workspace(folder: Path, orders: int, copies: int) -> Path:
    """The workspace with the copied lake, made once; what a former measurement restated is made anew."""
    from pipelines.stores.lake import Lake

    small, large = folder / "simulated", folder / "copied"
    if not (small / "lake").exists():
        from pipelines.simulate.world import simulate
        from pipelines.testing import drain

        simulate(small, seed=SEED, orders=orders, faults="mild", until=UNTIL)
        drain(small)
        shutil.rmtree(small / "topics")
    shutil.rmtree(large, ignore_errors=True)
    shutil.copytree(small / "reference", large / "reference")
    lake = Lake(large / "lake")
    for copy in range(copies):
        copy_lake(Lake(small / "lake"), lake, range(copy, copy + 1), all_clicks=True)
    _digest_anew(lake)
    return large


def _digest_anew(lake: object) -> None:
    """The copies have other ids, so other digests."""
    from pipelines.stages.revisions import digests
    from pipelines.stores.tables import ORDER_ATTRIBUTIONS

    rows = lake.read("order_attributions")
    made = pa.concat_tables(
        part.with_columns(digests(part)).to_arrow().cast(ORDER_ATTRIBUTIONS) for part in rows.iter_slices(100_000)
    )
    write_deltalake(lake.uri("order_attributions"), made, mode="overwrite")


def _measured(root: Path, command: tuple[str, ...], settings: dict[str, str]) -> list[str]:
    """One command in a process of its own: wall and CPU seconds with its children's, peak memory of the largest."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, **settings, "CODETRAIL_HASH_KEY": "a key for tests, known to everyone"}
    begun = time.perf_counter()
    asked = [sys.executable, "-c", CALL, "--workspace", str(root), *command, "--json"]
    done = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    wall = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    moved = told.get("restated", (told["moved"] or {}).get("orders_moved", 0))
    return [f"{wall:.1f}", f"{cpu:.1f}", f"{used.ru_maxrss / 1024:,.0f}", f"{told['touched']:,}", f"{moved:,}"]


if __name__ == "__main__":
    main()
