"""How fast a backlog is caught up with: a million messages on a real broker, followed on Prism and drained directly.

    .venv/bin/python bench/catchup.py [--orders N] [--repeats N] [--client C] [--folder DIR]

The world is made and sent once, and its broker's data kept; the lakes are made anew each time and must be equal.
CPU is that of the command and of its Prism, from start to end, imports included; the broker's is told beside it.
Beside them each Kafka client reads the same topics alone, by turns.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from measured_run import (
    COMMAND,
    LARGE_MESSAGES,
    MeasuredRun,
    Used,
    environment,
    measured_run,
    peak_mb,
)
from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.records import EVENTS
from pipelines.stores.kafka import open_reader, partitions, spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_states, lake_state
from services.broker import Broker

ORDERS = 80_000  # make about a million messages
SEED = 1
REPEATS = 3
CLIENTS = ("kafka-python", "confluent-kafka")
BLOCK_MESSAGES = 50_000
WAIT_SECONDS = 1.0
KEPT = {"retention.ms": "-1", "max.message.bytes": LARGE_MESSAGES["message.max.bytes"]}


def main() -> None:
    asked = _arguments()
    if asked.read:
        print(json.dumps(_read(Connection(asked.read, client=asked.client))))
        return
    folder = asked.folder or Path(tempfile.gettempdir()) / f"codetrail-catchup-{asked.orders}"
    is_kept = (folder / "sent").exists()
    if not is_kept:
        shutil.rmtree(folder, ignore_errors=True)
    broker = Broker.start(folder / "broker", settings=LARGE_MESSAGES)
    try:
        if not is_kept:
            _send(folder, asked.orders, broker)
        _measure(asked, folder, broker)
    finally:
        broker.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS, help="how large the world is")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="how often each client reads it alone")
    parser.add_argument("--client", choices=CLIENTS, default=CLIENTS[0], help="what the runs read with")
    parser.add_argument("--folder", type=Path, help="where the backlog is kept; a folder of its own by default")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    return parser.parse_args()


def _send(folder: Path, orders: int, broker: Broker) -> None:
    for topic in EVENTS:
        broker.create_topic(topic, config=KEPT)
    simulate = ["simulate", "--to", "kafka", "--seed", str(SEED), "--orders", str(orders)]
    subprocess.run([COMMAND, "--workspace", folder / "world", *simulate], env=environment(broker), check=True)
    (folder / "sent").touch()


def _measure(asked: argparse.Namespace, folder: Path, broker: Broker) -> None:
    connection = Connection(broker.bootstrap_servers)
    messages = sum(end - first for first, end in spans(connection, partitions(connection)).values())
    rows = {"messages": [f"{messages:,}"] * 2}
    roots = {"prism": folder / "prism", "direct": folder / "direct"}
    for root in roots.values():
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(folder / "world" / "reference", root / "reference")
    with measured_run(roots["prism"], broker, "--follow", client=asked.client) as following:
        caught_up = following.wait_until_caught_up(broker)
        followed = following.stop()
    with measured_run(roots["direct"], broker, client=asked.client) as draining:
        drained = draining.wait()
    columns = [_told(messages, following, followed, caught_up), _told(messages, draining, drained, drained.wall)]
    rows |= {name: [column[name] for column in columns] for name in columns[0]}
    console = Console()
    console.print(_table(("", "prism, followed", "direct, drained"), rows))
    cpu = [used.cpu for used in (followed, drained)]
    console.print(
        _table(("by itself", "messages", "CPU", "messages a CPU-second", "share"), _clients(asked, broker, cpu))
    )
    state = lake_state(Lake(roots["prism"] / "lake"))
    assert_equal_states(state, lake_state(Lake(roots["direct"] / "lake")))
    console.print(f"equal, row by row: {', '.join(f'{len(of):,} {table}' for table, of in state.items())}")


def _told(messages: int, run: MeasuredRun, used: Used, caught_up: float) -> dict[str, str]:
    last = run.samples[-1].cpu
    return {
        "messages a CPU-second": f"{messages / used.cpu:,.0f}",
        "CPU, all of the run": f"{used.cpu:.1f} s",
        "of it Prism's": f"{last['prism']:.1f} s",
        "wall until all is attributed": f"{caught_up:.1f} s",
        "wall until it has ended": f"{used.wall:.1f} s",
        "peak memory, run and Prism": f"{peak_mb(run.samples):,.0f} MB",
        "the broker's CPU meanwhile": f"{last['broker'] - run.samples[0].cpu['broker']:.1f} s",
        "the machine's CPU meanwhile": f"{last['machine'] - run.samples[0].cpu['machine']:.1f} s",
    }


def _clients(asked: argparse.Namespace, broker: Broker, cpu: list[float]) -> dict[str, list[str]]:
    """Each client's median CPU for the same topics, and its share of the two runs' CPU."""
    taken: dict[str, list[Mapping[str, float]]] = {client: [] for client in CLIENTS}
    for _ in range(asked.repeats):
        for client in CLIENTS:
            command = [sys.executable, __file__, "--read", broker.bootstrap_servers, "--client", client]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            taken[client].append(json.loads(done.stdout))
    rows = {}
    for client, reads in taken.items():
        seconds = statistics.median(read["cpu"] for read in reads)
        messages = round(reads[0]["messages"])
        shares = " and ".join(f"{100 * seconds / of:.0f} %" for of in cpu)
        rows[client] = [f"{messages:,}", f"{seconds:.1f} s", f"{messages / seconds:,.0f}", f"{shares} of the run's"]
    return rows


def _read(connection: Connection) -> dict[str, float]:
    """Every partition from its first offset to its end by one client, and the CPU that it took, imports aside."""
    held = spans(connection, partitions(connection))
    messages = 0
    begun = time.process_time()
    for (topic, partition), (first, end) in held.items():
        reader = open_reader(connection, topic, partition, first)
        while (left := end - reader.position) > 0:
            block = reader.block(min(left, BLOCK_MESSAGES), WAIT_SECONDS)
            messages += len(block.payloads) if block else 0
        reader.close()
    return {"messages": messages, "cpu": time.process_time() - begun}


def _table(names: tuple[str, ...], rows: Mapping[str, list[str]]) -> Table:
    table = Table(box=box.SIMPLE)
    for name in names:
        table.add_column(name, justify="right" if name not in ("", "by itself") else "left")
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
