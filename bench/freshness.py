"""How fresh the lake is: a live shop on a real broker, followed on Prism, from a message to its committed order.

    .venv/bin/python bench/freshness.py [--minutes M] [--rate N] [--poison PERCENT] [--season] [--client C] [--folder F]

Measured is, for each order, the time from the Kafka timestamp of the message that placed it to the moment at which
the log entry of its first revision was there; and for each event of an order, to the first revision behind it, which
for an event that changed nothing may be another event's. At the end the same topics are drained by the direct
engine into a second lake, which must be equal.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import psutil
from measured_run import (
    LARGE_MESSAGES,
    PROCESSES,
    MeasuredRun,
    figures,
    measured_run,
    peak_mb,
    used_between,
)
from rich.console import Console, Group
from rich.table import Table

from pipelines.simulate.deliveries import Delivery, merged
from pipelines.simulate.faults import PROFILES
from pipelines.simulate.feeding import make_topics, send
from pipelines.simulate.live import LiveClock, end_of_a_world_around
from pipelines.simulate.shoppers import microseconds
from pipelines.simulate.world import make_world
from pipelines.stopping import stopped_by_signals
from pipelines.stores.kafka import partitions, spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer
from pipelines.stores.kafka_reader import PartitionReader
from pipelines.stores.lake import Lake
from pipelines.stores.tables import TABLES
from pipelines.testing import assert_equal_states, lake_state
from services.broker import Broker

RATE = 1_000.0
EVENTS_AN_ORDER = 11  # there are a few more; what is too much is not sent
SEED = 1
PARTITIONS = 2
READY_SECONDS = 10.0  # until Prism has started
EDGES = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0]  # seconds
WIDTH = 50


def main() -> None:
    asked = _arguments()
    if asked.feed:
        _feed(asked)
        return
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="codetrail-freshness-"))
    shutil.rmtree(folder, ignore_errors=True)
    broker = Broker.start(folder / "broker", settings=LARGE_MESSAGES)
    try:
        _measure(asked, folder, broker)
    finally:
        broker.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="how long the shop is open")
    parser.add_argument("--rate", type=float, default=RATE, help="events a second")
    parser.add_argument("--poison", type=float, default=0, help="per cent of malformed messages")
    parser.add_argument("--season", action="store_true", help="90 days pass meanwhile: memory lets go of old events")
    parser.add_argument("--client", default="kafka-python", help="or confluent-kafka")
    parser.add_argument("--folder", type=Path, help="where all of it is made anew; a folder of its own by default")
    parser.add_argument("--feed", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(asked: argparse.Namespace, folder: Path, broker: Broker) -> None:
    live, again = folder / "live", folder / "again"
    lake = Lake(live / "lake")
    feeder = _feeder(asked, live, broker)
    with measured_run(live, broker, "--follow", client=asked.client) as run, _commits(lake) as commits:
        while not lake.exists("order_attributions"):
            run.require_alive()
            time.sleep(0.1)
        time.sleep(READY_SECONDS)
        begun = run.seconds
        sent, _ = feeder.communicate("begin\n")
        closed = run.seconds
        behind = run.wait_until_caught_up(broker) - closed
        run.stop()
    revisions = _revisions(lake, commits)
    fresh = _freshness(lake, revisions, _sent_at(broker))
    rows = _used(run, begun, closed, behind, json.loads(sent)) | _commits_by_table(lake, closed - begun)
    console = Console()
    console.print(figures(f"{asked.rate:,.0f} events a second", rows))
    for name, of in fresh.items():
        console.print(_histogram(name, of))
    shutil.copytree(live / "reference", again / "reference")
    with measured_run(again, broker) as drain:
        drain.wait()
    assert_equal_states(lake_state(lake), lake_state(Lake(again / "lake")))
    console.print("equal to the lake that the direct engine makes of the same topics")


def _feeder(asked: argparse.Namespace, workspace: Path, broker: Broker) -> subprocess.Popen[str]:
    """A shop with its reference data written and its topics made, which opens on a word."""
    options = [f"--{name}={getattr(asked, name)}" for name in ("minutes", "rate", "poison")]
    options += ["--season"] * asked.season
    command = [sys.executable, __file__, *options, "--folder", str(workspace), "--feed", broker.bootstrap_servers]
    feeder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if feeder.stdout is None or feeder.stdout.readline() != "made\n":
        raise AssertionError("the shop was not made: what is wrong stands above")
    return feeder


def _feed(asked: argparse.Namespace) -> None:
    events = round(asked.minutes * 60 * asked.rate)
    faults = replace(PROFILES["mild"], malformed=asked.poison / 100 or PROFILES["mild"].malformed)
    deliveries: list[Delivery] = []
    orders = max(1, events // EVENTS_AN_ORDER)
    now = datetime.now(UTC)
    until = now if asked.season else end_of_a_world_around(now)
    make_world(asked.folder, deliveries.append, seed=SEED, orders=orders, faults=faults, until=until)
    connection = Connection(asked.feed)
    make_topics(connection, PARTITIONS)
    print("made", flush=True)
    sys.stdin.readline()
    with stopped_by_signals() as stop, Producer(connection) as producer:
        clock = None if asked.season else LiveClock.of(deliveries, microseconds(datetime.now(UTC)), asked.rate)
        sent = send(islice(merged(deliveries), events), producer, asked.rate, clock, stop)
    print(json.dumps(sent))


class _Commits(threading.Thread):
    """Remembers when each data file of the attributions was committed: the log itself forgets in ten minutes."""

    def __init__(self, lake: Lake) -> None:
        super().__init__(daemon=True)
        self.at: dict[str, float] = {}  # by the file's path, seconds since 1970
        self._log = lake.root / "order_attributions" / "_delta_log"
        self._seen: set[str] = set()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(1.0):
            self.look()

    def look(self) -> None:
        for entry in sorted(self._log.glob("*.json")):
            if entry.name in self._seen:
                continue
            self._seen.add(entry.name)
            actions = [json.loads(line) for line in entry.read_text(encoding="utf-8").splitlines()]
            committed = [action["commitInfo"]["timestamp"] / 1000 for action in actions if "commitInfo" in action]
            at = max([entry.stat().st_mtime, *committed])
            self.at |= {action["add"]["path"]: at for action in actions if "add" in action}

    def end(self) -> None:
        self._over.set()
        self.join()
        self.look()


@contextmanager
def _commits(lake: Lake) -> Iterator[dict[str, float]]:
    commits = _Commits(lake)
    commits.start()
    try:
        yield commits.at
    finally:
        commits.end()


def _revisions(lake: Lake, commits: Mapping[str, float]) -> pl.DataFrame:
    """Every revision of an order with `committed`, when it was there to read, in seconds since 1970."""
    columns = ["order_id", "revision_key", "computed_at", "ordered_at"]
    parts = []
    for uri in lake.open("order_attributions").file_uris():
        path = Path(uri)
        at = commits[str(path.relative_to(lake.root / "order_attributions"))]
        parts.append(pl.read_parquet(path, columns=columns).with_columns(committed=pl.lit(at)))
    rows = pl.concat(parts).filter(pl.col("ordered_at").is_not_null())
    computed = pl.col("computed_at").dt.timestamp("us") / 1e6
    return rows.select("order_id", "revision_key", committed=pl.max_horizontal("committed", computed))


def _sent_at(broker: Broker) -> pl.DataFrame:
    """The Kafka timestamp of each message of `orders`, in seconds since 1970, by its place."""
    connection = Connection(broker.bootstrap_servers)
    parts = []
    places = [place for place in partitions(connection) if place[0] == "orders"]
    for (topic, partition), (first, end) in spans(connection, places).items():
        reader = PartitionReader(connection, topic, partition, first)
        while reader.position < end:
            block = reader.block(end - reader.position, 5.0)
            if block is not None and block.sent_at is not None:
                sent = pl.DataFrame({"offset": block.offsets, "sent": block.sent_at})
                parts.append(sent.with_columns(pl.col("sent") / 1e6, partition=pl.lit(partition, pl.Int32)))
        reader.close()
    return pl.concat(parts)


def _freshness(lake: Lake, revisions: pl.DataFrame, sent: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """`seconds` from message to revision, and when it was `sent`: of each order's first, and of each of its events."""
    landed = lake.read("orders", ["partition", "offset", "event_id", "order_id", "kind"])
    events = landed.join(sent, on=["partition", "offset"]).sort("sent").unique("event_id", keep="first")
    placed = events.filter(kind="placed").sort("sent").unique("order_id", keep="first")
    first = revisions.sort("revision_key").unique("order_id", keep="first")
    orders = placed.join(first, on="order_id").with_columns(seconds=pl.col("committed") - pl.col("sent"))
    if len(orders) != placed.height:
        raise AssertionError(f"{placed.height} orders were placed, {len(orders)} of them have a revision")
    behind = events.sort("sent").join_asof(
        revisions.sort("committed"),
        left_on="sent",
        right_on="committed",
        by="order_id",
        strategy="forward",
        check_sortedness=False,
    )
    moved = behind.with_columns(seconds=pl.col("committed") - pl.col("sent")).drop_nulls("seconds")
    unmoved = behind.height - moved.height
    return {"orders": orders, f"events of orders, {unmoved:,} more changed nothing": moved}


def _used(run: MeasuredRun, begun: float, closed: float, behind: float, sent: Mapping[str, int]) -> dict[str, str]:
    cores = used_between(run.samples, begun, closed)
    open_hours = [sample for sample in run.samples if begun <= sample.seconds <= closed]
    second_half = open_hours[len(open_hours) // 2 :]
    minutes = np.array([sample.seconds / 60 for sample in second_half])
    rows = {
        "sent": f"{sum(sent.values()):,} messages in {closed - begun:.0f} s",
        "attributed after the last": f"{behind:.1f} s",
        "peak memory, run and Prism": f"{peak_mb(run.samples):,.0f} MB",
    }
    rows["the whole machine: CPU"] = f"{100 * cores['machine']:.0f} % of a core, of {psutil.cpu_count()}"
    for name in PROCESSES:
        memory = np.array([sample.memory[name] for sample in second_half])
        slope = np.polyfit(minutes, memory, 1)[0]
        course = " ".join(f"{of.memory[name]:,.0f}" for of in open_hours[:: max(1, len(open_hours) // 8)])
        rows[f"{name}: CPU"] = f"{100 * cores[name]:.0f} % of a core"
        rows[f"{name}: memory"] = f"{course} MB; of the second half {slope:+.1f} MB a minute"
    return rows


def _commits_by_table(lake: Lake, seconds: float) -> dict[str, str]:
    versions = {table: lake.open(table).version() for table in TABLES}
    return {f"commits of {name}": f"{count:,}, {count / seconds:.2f} a second" for name, count in versions.items()}


def _histogram(name: str, fresh: pl.DataFrame) -> Group:
    seconds = fresh["seconds"]
    by_minute = fresh.group_by((pl.col("sent") - pl.col("sent").min()) // 60).agg(pl.col("seconds").quantile(0.95))
    course = " ".join(f"{p95:.2f}" for p95 in by_minute.sort("sent")["seconds"])
    p50, p95, p99 = (float(np.quantile(seconds.to_numpy(), q)) for q in (0.5, 0.95, 0.99))
    table = Table(box=None, show_header=False)
    for label, count in _bins(seconds.to_numpy()):
        table.add_row(label, f"{count:,}", "▇" * round(WIDTH * count / len(seconds)))
    most = float(seconds.to_numpy().max())
    title = f"{len(seconds):,} {name}: p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, at most {most:.2f} s"
    return Group(title, f"p95 of each minute: {course}", table, "")


def _bins(seconds: npt.NDArray[np.float64]) -> Iterator[tuple[str, int]]:
    counts, _ = np.histogram(seconds, [-np.inf, *EDGES, np.inf])
    labels = [f"up to {edge:.2f} s" for edge in EDGES] + ["more"]
    return zip(labels, counts.tolist(), strict=True)


if __name__ == "__main__":
    main()
