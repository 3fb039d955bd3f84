"""What workers of a Flink cluster add: rows, throughput and contended commits, and what a checkpoint weighs over time.

    .venv/bin/python bench/flink.py [--orders N] [--workers 1,2,4] [--seconds S] [--rate R]

A hostile world lies on a broker with four partitions a topic, and a new workspace reads it with each number of workers
on a cluster of two TaskManagers; its lake must be equal to one bounded replay. Timed is from the first commit that
landed something to all of it attributed. After the last the checkpoints are weighed for S seconds while nothing
comes, and for S seconds with R messages a second: repeats of the first orders' messages.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from pipelines.simulate.world import simulate
from pipelines.stores.flink_rest import FlinkRest
from pipelines.testing import assert_equal_states, lake_state
from services.broker import Broker
from services.cluster import FlinkCluster
from tests.end_to_end.flink_run import FlinkRun, retries_and_commits
from tests.end_to_end.live_run import LARGE_MESSAGES, ends_of, events_of, replayed, send, wait_until, workspace

PARTITIONS = 4
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
BLOCKS = {"CODETRAIL_BLOCK_MESSAGES": "5000", "CODETRAIL_BLOCK_SECONDS": "0.4"}
CATCH_UP_SECONDS = 600.0
console = Console()


class Bench:
    """A broker that holds a world's messages, a cluster, and what a bounded replay of them ends as."""

    def __init__(self, folder: Path, orders: int) -> None:
        self.folder = folder
        simulate(folder / "world", seed=7, orders=orders, faults="hostile", until=UNTIL)
        events = events_of(folder / "world")
        self.events = [(topic, place % PARTITIONS, value) for place, (topic, _, value) in enumerate(events)]
        self.broker = Broker.start(folder / "broker", settings=LARGE_MESSAGES)
        self.broker.reset(PARTITIONS)
        send(self.broker, self.events)
        self.reference = folder / "world" / "reference"
        self.expected = replayed(workspace(folder / "replayed", self.reference), self.broker)
        self.cluster = FlinkCluster.start(folder / "flink")

    def close(self) -> None:
        self.cluster.stop()
        self.broker.stop()

    def follow(self, workers: int) -> FlinkRun:
        root = workspace(self.folder / f"with-{workers}", self.reference)
        return FlinkRun(root, self.broker, self.cluster, parallelism=workers, **BLOCKS)

    def catch_up(self, run: FlinkRun, workers: int) -> None:
        """Measures one number of workers, and compares its lake."""
        run.wait_until_landed(1)
        began = time.monotonic()
        run.wait_until_caught_up(ends_of(self.broker), CATCH_UP_SECONDS)
        seconds = time.monotonic() - began
        assert_equal_states(lake_state(run.lake), self.expected)
        retries, commits = retries_and_commits(run.lake)
        console.print(
            f"{workers} workers: {len(self.events) / seconds:,.0f} messages a second ({seconds:.1f} s), equal rows, "
            f"{retries} retries of {commits} commits"
        )

    def weigh(self, run: FlinkRun, what: str, seconds: float, rate: float) -> None:
        """Bytes of each checkpoint meanwhile."""
        rest, job, sizes = FlinkRest(self.cluster.master), run.job(), []
        until = time.monotonic() + seconds
        repeats = itertools.cycle(self.events)
        while time.monotonic() < until:
            began = time.monotonic()
            if rate:
                send(self.broker, itertools.islice(repeats, int(rate)))
            sizes.append(rest.checkpoints(job).last_bytes)
            time.sleep(max(0.0, 1 - (time.monotonic() - began)))
        console.print(
            f"checkpoints, {what}, {seconds:.0f} s: first {sizes[0]:,} bytes, last {sizes[-1]:,}, "
            f"least {min(sizes):,}, median {statistics.median(sizes):,.0f}, most {max(sizes):,}"
        )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--orders", type=int, default=3_000)
    asked.add_argument("--workers", default="1,2,4", help="numbers of workers, by commas")
    asked.add_argument("--seconds", type=float, default=900, help="how long checkpoints are weighed, each way")
    asked.add_argument("--rate", type=float, default=200, help="messages a second while they are weighed")
    given = asked.parse_args()
    numbers = [int(word) for word in given.workers.split(",")]
    with tempfile.TemporaryDirectory(prefix="codetrail-flink-") as folder:
        bench = Bench(Path(folder), given.orders)
        try:
            for workers in numbers:
                with bench.follow(workers) as run:
                    bench.catch_up(run, workers)
                    if workers == numbers[-1]:
                        bench.weigh(run, "nothing comes", given.seconds, 0)
                        bench.weigh(run, f"{given.rate:.0f} messages a second", given.seconds, given.rate)
                    run.stop()
                    wait_until(lambda: run.job() is None, "the job is over")
        finally:
            bench.close()


if __name__ == "__main__":
    main()
