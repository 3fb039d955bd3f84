"""What `refresh --every` keeps in memory, round after round: each builds, checks and publishes what has arrived since.

    .venv/bin/python bench/refresh.py [--rounds N] [--orders N] [--folder DIR]

A simulated shop's topic files grow by a slice before each round, and `run` reads it; one process refreshes all the
while. Its memory, with its children's, is looked at ten times a second: the most of a round, and what is left after it.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from bench.measured_run import COMMAND, HASH_KEY, MIB
from pipelines.failures import BadInput
from pipelines.simulate.world import simulate
from pipelines.warehouse.versions import current_version

ROUNDS, ORDERS = 30, 500
EVERY = 1  # seconds: a round that finds nothing new is over at once
LOOK_SECONDS = 0.1
PATIENCE = 600.0  # seconds for a round
SETTLING = 2 * EVERY  # seconds after a publication until memory is read
AT_FIRST = 0.5  # of each topic's lines
COMPARED = 5  # rounds
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
ENVIRONMENT = {**os.environ, "CODETRAIL_HASH_KEY": HASH_KEY}


def main() -> None:
    asked = _arguments()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="codetrail-refresh-"))
    shutil.rmtree(folder, ignore_errors=True)
    simulate(folder, seed=7, orders=asked.orders, faults="hostile", until=UNTIL)
    arriving = _arriving(folder, asked.rounds)
    next(arriving)
    rounds: list[tuple[float, float]] = []
    with _refreshing(folder) as process:
        published = 0
        while len(rounds) < asked.rounds:
            rounds.append(_round(process, folder, published))
            published = _version(folder)
            next(arriving, None)
            Console().print(f"round {len(rounds)}: most {rounds[-1][0]:.0f} MiB, after it {rounds[-1][1]:.0f} MiB")
    Console().print(_table(rounds))
    if asked.folder is None:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that build something")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders of the simulated shop")
    parser.add_argument("--folder", type=Path, help="the workspace, made anew; a folder of its own by default")
    return parser.parse_args()


def _arriving(folder: Path, rounds: int) -> Iterator[None]:
    """Each time the topic files have grown by a slice, and the lake by what is in it."""
    whole = {path: path.read_bytes().splitlines(keepends=True) for path in (folder / "topics").rglob("*.ndjson")}
    for number in range(rounds):
        for path, lines in whole.items():
            share = AT_FIRST + (1 - AT_FIRST) * number / (rounds - 1)
            path.write_bytes(b"".join(lines[: round(share * len(lines))]))
        subprocess.run([COMMAND, "--workspace", folder, "run"], env=ENVIRONMENT, check=True, capture_output=True)
        yield


@contextmanager
def _refreshing(folder: Path) -> Iterator[psutil.Process]:
    with (folder / "refresh.log").open("wb") as log:
        command = [COMMAND, "--workspace", folder, "refresh", "--every", str(EVERY)]
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def _round(process: psutil.Process, folder: Path, published: int) -> tuple[float, float]:
    """The most MiB until there is another version than number `published`, and those a little after."""
    begun, most = time.monotonic(), 0.0
    while _version(folder) <= published:
        most = max(most, _memory(process))
        if time.monotonic() - begun > PATIENCE or not process.is_running():
            said = (folder / "refresh.log").read_text(encoding="utf-8")[-2000:]
            raise AssertionError(f"nothing was published after version {published}:\n{said}")
        time.sleep(LOOK_SECONDS)
    time.sleep(SETTLING)
    return most, _memory(process)


def _version(folder: Path) -> int:
    try:
        return current_version(folder)[1].version
    except BadInput:
        return 0


def _memory(process: psutil.Process) -> float:
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss / MIB
    return total


def _table(rounds: list[tuple[float, float]]) -> Table:
    table = Table(title=f"refresh --every, {len(rounds)} rounds", box=box.SIMPLE)
    for name in ("rounds", "most, MiB", "after it, MiB"):
        table.add_column(name, justify="left" if name == "rounds" else "right")
    for start in range(0, len(rounds), COMPARED):
        some = rounds[start : start + COMPARED]
        medians = (statistics.median(of) for of in zip(*some, strict=True))
        table.add_row(f"{start + 1} to {start + len(some)}", *(f"{median:.0f}" for median in medians))
    return table


if __name__ == "__main__":
    main()
