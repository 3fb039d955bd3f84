"""What dies, and what is lost by it: a live run on Prism meets accident after accident while a shop sells.

    .venv/bin/python bench/kills.py [--rounds N] [--orders N] [--seed S]

An accident is, at a random moment and by chance: SIGKILL of the run, of its Prism or of the broker, or SIGSTOP of
the run. After every twenty the shop has sold all and the run catches up; its lake must then be equal to one bounded
replay of the same topics, and is counted row by row. Then the next shop opens. A hundred rounds take about an hour.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.stores.lake import Lake
from pipelines.stores.prism import SERVICES, find_prism
from pipelines.testing import LakeState, assert_money_adds_up, lake_state
from services.broker import Broker
from tests.end_to_end.live_run import COMMAND, LARGE_MESSAGES, LiveRun, ends_of, replayed, workspace

A_SHOP = 20  # accidents that it lives through
ROUND_SECONDS = 20.0  # from one accident to the next, about
SUSPENDED_SECONDS = 30.0
EVENTS_AN_ORDER = 11
DEFAULT_ORDERS = 9_000  # some 100,000 events
BLOCKS = {"CODETRAIL_BLOCK_MESSAGES": "2000", "CODETRAIL_BLOCK_SECONDS": "0.1"}  # so that there are many commits
CATCH_UP_SECONDS = 1_200.0


@dataclass
class Shop:
    """A run in its workspace, its broker, and the feeder that sells."""

    root: Path
    broker: Broker
    prism: str
    run: LiveRun

    def restart(self) -> None:
        self.run = LiveRun(self.root, self.broker, self.prism, **BLOCKS)

    def the_run_is_killed(self) -> None:
        self.run.kill()
        self.restart()

    def its_engine_is_killed(self) -> None:
        if engine := self.run.engine():
            engine.kill()

    def it_is_suspended(self) -> None:
        self.run.suspend()
        time.sleep(SUSPENDED_SECONDS)
        self.run.resume()

    def the_broker_is_killed(self) -> None:
        self.broker.kill()
        self.broker.restart()


ACCIDENTS: dict[str, tuple[int, Callable[[Shop], None]]] = {  # how probable, in per cent
    "SIGKILL of the run": (70, Shop.the_run_is_killed),
    "SIGKILL of Prism": (15, Shop.its_engine_is_killed),
    "SIGKILL of the broker": (10, Shop.the_broker_is_killed),
    f"SIGSTOP of the run for {SUSPENDED_SECONDS:.0f} s": (5, Shop.it_is_suspended),
}
FOUND = ("lost", "doubled", "different")


def main() -> None:
    asked = _arguments()
    chance = random.Random(asked.seed)
    folder = Path(tempfile.mkdtemp(prefix="codetrail-kills-"))
    broker = Broker.start(folder / "broker", settings=LARGE_MESSAGES)
    happened: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    began = time.monotonic()
    try:
        while (left := asked.rounds - happened.total()) > 0:
            number = happened.total() // A_SHOP
            names = chance.choices(list(ACCIDENTS), [weight for weight, _ in ACCIDENTS.values()], k=min(left, A_SHOP))
            rows += _live_through(names, chance, folder / f"shop{number}", broker, asked.orders, asked.seed + number)
            happened.update(names)
            Console().print(_told(happened, rows, time.monotonic() - began))
    finally:
        broker.stop()
    shutil.rmtree(folder)
    sys.exit(any(rows[name] for name in FOUND))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=A_SHOP, help="accidents")
    parser.add_argument("--orders", type=int, default=DEFAULT_ORDERS, help="of each shop, with some eleven events each")
    parser.add_argument("--seed", type=int, default=1, help="of the shops and of what happens to them")
    return parser.parse_args()


def _live_through(
    names: list[str], chance: random.Random, folder: Path, broker: Broker, orders: int, seed: int
) -> Counter[str]:
    """A shop from its opening until all that it sent is attributed; the rows, and of these what is not as it was."""
    broker.reset()
    prism = find_prism({}, shutil.which, SERVICES)
    if prism is None:
        raise SystemExit("no Prism here: `make services` gets it")
    rate = orders * EVENTS_AN_ORDER / (len(names) * ROUND_SECONDS)
    with _selling(folder / "sells", broker, orders, rate, seed) as feeder:
        root = workspace(folder / "live", folder / "sells" / "reference")
        shop = Shop(root, broker, prism, LiveRun(root, broker, prism, **BLOCKS))
        with _left_alone(shop):
            for name in names:
                time.sleep(chance.uniform(0, 2 * ROUND_SECONDS))
                ACCIDENTS[name][1](shop)
            if feeder.wait() != 0:
                raise AssertionError(f"the shop ended with {feeder.returncode}")
            shop.run.wait_until_caught_up(ends_of(broker), CATCH_UP_SECONDS)
            if shop.run.stop() != 0:
                raise AssertionError(shop.run.said)
    lake = Lake(root / "lake")
    assert_money_adds_up(lake)
    again = workspace(folder / "again", folder / "sells" / "reference")
    found = _compared(lake_state(lake), replayed(again, broker))
    shutil.rmtree(folder)
    return found


@contextmanager
def _selling(root: Path, broker: Broker, orders: int, rate: float, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    where = ["--to", "kafka", "--bootstrap-servers", broker.bootstrap_servers]
    world = ["--orders", str(orders), "--seed", str(seed), "--faults", "hostile", "--rate", f"{rate:.0f}"]
    feeder = subprocess.Popen([*COMMAND, "--workspace", root, "simulate", *where, *world], stdout=subprocess.DEVNULL)
    try:
        while not any((root / "reference").glob("*.csv")):
            if feeder.poll() is not None:
                raise AssertionError(f"the shop did not open: it ended with {feeder.returncode}")
            time.sleep(0.1)
        time.sleep(1)
        yield feeder
    finally:
        feeder.kill()
        feeder.wait()


@contextmanager
def _left_alone(shop: Shop) -> Iterator[None]:
    """No process of a run outlives this context."""
    try:
        yield
    finally:
        shop.run.__exit__()


def _compared(found: LakeState, expected: LakeState) -> Counter[str]:
    counts: Counter[str] = Counter()
    for table, rows in expected.items():
        counts["rows"] += len(rows)
        counts["lost"] += len(rows.keys() - found[table].keys())
        counts["doubled"] += len(found[table].keys() - rows.keys())
        counts["different"] += sum(found[table][key] != row for key, row in rows.items() if key in found[table])
    return counts


def _told(happened: Counter[str], rows: Counter[str], seconds: float) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("what happened")
    table.add_column("times", justify="right")
    for name, times in happened.most_common():
        table.add_row(name, f"{times:,}")
    table.add_section()
    table.add_row("rows compared", f"{rows['rows']:,}")
    for name in FOUND:
        table.add_row(name, f"{rows[name]:,}")
    table.add_row("minutes", f"{seconds / 60:.1f}")
    return table


if __name__ == "__main__":
    main()
