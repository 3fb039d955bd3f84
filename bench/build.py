"""How long a build takes at a million orders, and how long the next one after a thousand of them changed.

    .venv/bin/python bench/build.py [--orders N] [--changed N] [--claimed-clicks] [--folder DIR]

A small world with mild faults is run, and copied in the lake under other ids until it has the orders. The marts are
built from all of it; then orders of the last hours arrive and others of them are cancelled, and a second build goes
on from the first. At last a full refresh of the same lake must hold the same rows in every table. Each build is a
process of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from copied_lake import STEP, copy_lake
from deltalake import write_deltalake
from measured_run import figures
from rich.console import Console

from pipelines.stores.lake import Lake
from pipelines.stores.tables import TABLES
from tests.warehouse.same_rows import differing_tables, rows_of

COMMAND = Path(sys.executable).with_name("codetrail")
ORDERS, CHANGED = 1_000_000, 1_000
IN_ONE_WORLD = 20_000
WORLD = ("--seed", "1", "--orders", str(IN_ONE_WORLD), "--faults", "mild")
SECONDS = 60  # what a full build of a million orders may take
CANCELLED_ORDERS = f"""
select * replace (
    event_id || '-cancelled' as event_id, 'cancelled' as kind, "offset" + {1000 * STEP} as "offset",
    null as codes, null as normalised_codes, null as survey_answer
)
from events where kind = 'placed' order by occurred_at desc, order_id limit {{orders}} offset {{before}}
"""
CANCELLED_ATTRIBUTIONS = """
select * replace (
    revision_key + 1 as revision_key, computed_at + interval 1 hour as computed_at, true as is_cancelled,
    0 as net_minor, 0 as net_reporting_minor, digest || '-cancelled' as digest,
    list_transform(credits, lambda part: struct_update(part, amount_minor := 0, amount_reporting_minor := 0)) as credits
)
from attributions semi join cancelled using (order_id)
"""


def main() -> None:
    asked = _arguments()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="codetrail-build-"))
    small, large = folder / "small", folder / "large"
    if not (large / "lake").exists():
        for command in (("simulate", *WORLD), ("run",)):
            _codetrail(small, *command)
        shutil.copytree(small / "reference", large / "reference")
        copies = ceil(asked.orders / IN_ONE_WORLD)
        copy_lake(Lake(small / "lake"), Lake(large / "lake"), range(copies), all_clicks=not asked.claimed_clicks)
    full = _codetrail(large, "build", "--full-refresh")
    shown = {"orders": f"{full['rows']['fct_orders']:,}", "credits": f"{full['rows']['fct_credits']:,}"}
    shown |= {"clicks": f"{Lake(large / 'lake').rows('clicks'):,}", **_told("full build", full)}
    _change(Lake(small / "lake"), Lake(large / "lake"), asked.changed)
    shown |= _told(f"after {asked.changed:,} changed orders", _codetrail(large, "build"))
    gone_on = folder / "gone_on"
    gone_on.mkdir(exist_ok=True)
    build = shutil.copy(large / "warehouse" / "build.duckdb", gone_on)  # views name their database by its file
    _codetrail(large, "build", "--full-refresh")
    apart = differing_tables(large / "warehouse" / "build.duckdb", Path(build))
    shown["tables of the two"] = ", ".join(apart) + " DIFFER" if apart else f"{len(rows_of(Path(build)))}, all the same"
    shown["allowed"] = f"{SECONDS} s for the full build: {'kept' if full['wall'] <= SECONDS else 'EXCEEDED'}"
    Console().print(figures("A build of a million orders", shown))
    if asked.folder is None:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS, help="of the lake")
    parser.add_argument("--changed", type=int, default=CHANGED, help="half of them new, half of them cancelled")
    parser.add_argument("--claimed-clicks", action="store_true", help="leave out the clicks that no order claims")
    parser.add_argument("--folder", type=Path, help="where the lake stays and is found again; removed by default")
    return parser.parse_args()


def _codetrail(root: Path, *command: str) -> dict[str, Any]:
    """What a command in a process of its own tells, its seconds, CPU seconds and most memory. Raises SystemExit."""
    begun = time.perf_counter()
    process = subprocess.Popen([COMMAND, "--workspace", root, *command, "--json"], stdout=subprocess.PIPE)
    told = process.stdout.read() if process.stdout else b""
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"codetrail {' '.join(command)} failed")
    measured = {"wall": time.perf_counter() - begun, "cpu": used.ru_utime + used.ru_stime}
    return {**json.loads(told), **measured, "megabytes": used.ru_maxrss / 1024}


def _change(small: Lake, large: Lake, orders: int) -> None:
    """Half of `orders` are new, with clicks and codes as the world's latest have them, half are cancelled."""
    new, changes = orders // 2, large.root / "_changes"
    before = int(changes.read_text()) if changes.exists() else 0  # a folder may be used again: nothing arrives twice
    changes.write_text(str(before + 1))
    copy_lake(small, large, range(999 + before, 1000 + before), orders=new)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("events", small.read("orders").to_arrow())
        connection.register("attributions", small.read("order_attributions").to_arrow())
        connection.execute(
            f"create table cancelled as {CANCELLED_ORDERS.format(orders=orders - new, before=before * (orders - new))}"
        )
        for table, query in (("orders", "from cancelled"), ("order_attributions", CANCELLED_ATTRIBUTIONS)):
            rows: pa.Table = connection.sql(query).to_arrow_table()
            write_deltalake(large.uri(table), rows.cast(TABLES[table]), mode="append")


def _told(name: str, used: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: f"{used['wall']:.1f} s, {used['cpu']:.1f} s of CPU, {used['megabytes']:,.0f} MB at most",
        f"its slowest models ({name})": "\n".join(
            f"{model} {seconds:.1f} s" for model, seconds in used["slowest"].items()
        ),
    }


if __name__ == "__main__":
    main()
