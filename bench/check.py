"""How long a check takes, and how much memory, over a build with ten million credits.

    .venv/bin/python bench/check.py [--credits N] [--folder DIR]

A small hostile world is run, its orders, their events and their clicks are copied in the lake under other ids until
the mart of credits is large enough, and the marts are built by dbt; then the check runs in a process of its own.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from math import ceil
from pathlib import Path

import duckdb
from copied_lake import copy_lake
from measured_run import figures
from rich.console import Console

from pipelines.stores.lake import Lake

COMMAND = Path(sys.executable).with_name("codetrail")
CREDITS = 10_000_000
WORLD = ("--seed", "1", "--orders", "3000", "--faults", "hostile")
SECONDS, MEGABYTES = 120, 2048  # what a check may take


def main() -> None:
    asked = _arguments()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="codetrail-check-"))
    small, large = folder / "small", folder / "large"
    for command in (("simulate", *WORLD), ("run",), ("build",)):
        _codetrail(small, *command)
    copies = ceil(asked.credits / _rows(small, "fct_credits"))
    shutil.rmtree(large, ignore_errors=True)
    shutil.copytree(small / "reference", large / "reference")
    copy_lake(Lake(small / "lake"), Lake(large / "lake"), range(copies))
    built, checked = _codetrail(large, "build"), _codetrail(large, "check")
    shown = {f"rows of {mart}": f"{_rows(large, mart):,}" for mart in ("fct_orders", "fct_claims", "fct_credits")}
    shown |= {"build": _told(built), "check": _told(checked)}
    within = checked["seconds"] <= SECONDS and checked["megabytes"] <= MEGABYTES
    shown["allowed"] = f"{SECONDS} s, {MEGABYTES:,} MB: {'kept' if within else 'EXCEEDED'}"
    Console().print(figures("A check of ten million credits", shown))
    if asked.folder is None:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--credits", type=int, default=CREDITS, help="rows of fct_credits")
    parser.add_argument("--folder", type=Path, help="where the workspaces stay; removed by default")
    return parser.parse_args()


def _codetrail(root: Path, *command: str) -> dict[str, float]:
    """Runs a command in a process of its own: seconds, CPU seconds, the most memory it held. Raises SystemExit."""
    begun = time.perf_counter()
    process = subprocess.Popen([COMMAND, "--workspace", root, *command])
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"codetrail {' '.join(command)} failed")
    cpu = used.ru_utime + used.ru_stime
    return {"seconds": time.perf_counter() - begun, "cpu": cpu, "megabytes": used.ru_maxrss / 1024}


def _rows(root: Path, mart: str) -> int:
    with duckdb.connect(str(root / "warehouse" / "build.duckdb"), read_only=True) as build:
        return int(build.table(mart).count("*").fetchall()[0][0])


def _told(used: Mapping[str, float]) -> str:
    return f"{used['seconds']:.1f} s, {used['cpu']:.1f} s of CPU, {used['megabytes']:,.0f} MB at most"


if __name__ == "__main__":
    main()
