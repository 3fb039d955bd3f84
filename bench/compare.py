"""What a user would pick instead: peers and Codetrail on the same topic files, measured by turns and compared by rows.

    .venv/bin/python bench/compare.py [--orders N] [--repeats N] [--only NAME ...] [--folder DIR]

Each peer is a script in bench/peers with an environment of its own in .services/bench. A repeat is a process from
start to end, imports and JVMs included. With Kafka and Prism in .services Codetrail's stream is among them.
The table goes to bench/RESULTS.md.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import psutil
from measured_run import COMMAND, LARGE_MESSAGES, measured_run
from measured_run import peak_mb as peak_of
from rich import box
from rich.console import Console
from rich.table import Table

from bench.peers.peer import Peer, all_peers
from bench.peers.results import HEADINGS, Result, Used, cells, markdown
from bench.peers.rows import claims_in, claims_of, differences
from bench.peers.world import make_work, messages_in
from pipelines.records import EVENTS
from pipelines.simulate.feeding import key_of, make_topics
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_producer import Producer
from pipelines.stores.lake import Lake
from pipelines.stores.prism import SERVICES
from services.broker import Broker

ORDERS = 20_000  # make about a quarter of a million messages
REPEATS = 2
RESULTS = Path(__file__).with_name("RESULTS.md")
KEPT = {**LARGE_MESSAGES, "log.retention.ms": "-1"}
MORE = "nothing: it also validates, lands every event, splits each order's money by six models and commits exactly once"


@dataclass(frozen=True)
class Contestant:
    """`run` does the work anew, once; `claims` are the rows that the last run left."""

    name: str
    title: str
    beside: str
    run: Callable[[], Used]
    claims: Callable[[], pl.DataFrame]


def main() -> None:
    asked = _arguments()
    folder = asked.folder or Path(tempfile.gettempdir()) / f"codetrail-compare-{asked.orders}"
    work = folder / "work"
    make_work(work, asked.orders)
    contestants = [_replay(work), *_streams(folder, work), *(_peer(peer, folder, work) for peer in _chosen(asked.only))]
    load = os.getloadavg()[0]
    repeats: dict[str, list[Used]] = {contestant.name: [] for contestant in contestants}
    for _ in range(asked.repeats):
        for contestant in contestants:
            print(contestant.title, file=sys.stderr, flush=True)
            repeats[contestant.name].append(contestant.run())
    expected = contestants[0].claims()
    events = messages_in(work)
    rows = []
    for contestant in contestants:
        found = contestant.claims()
        differing = differences(found, expected)
        result = Result(contestant.title, repeats[contestant.name], found.height, differing, contestant.beside)
        rows.append(cells(result, events))
    _print(rows)
    heading = f"{events:,} events, {asked.orders:,} orders, {asked.repeats} repeats by turns"
    RESULTS.write_text(_text(heading, load, rows), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=ORDERS, help="how large the world is")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="how often each does the work")
    parser.add_argument("--only", nargs="*", choices=[peer.name for peer in all_peers()], help="these peers; else all")
    parser.add_argument("--folder", type=Path, help="where the work is kept; a folder of its own by default")
    return parser.parse_args()


def _chosen(names: list[str] | None) -> list[Peer]:
    return [peer for peer in all_peers() if names is None or peer.name in names]


def _replay(work: Path) -> Contestant:
    lake = work / "lake"

    def run() -> Used:
        shutil.rmtree(lake, ignore_errors=True)
        return _measured(COMMAND, "--workspace", work, "run")

    return Contestant("replay", "Codetrail, bounded replay", MORE, run, lambda: claims_of(Lake(lake)))


def _peer(peer: Peer, folder: Path, work: Path) -> Contestant:
    python = peer.provision(SERVICES / "bench")
    output = folder / peer.name

    def run() -> Used:
        shutil.rmtree(output, ignore_errors=True)
        return _measured(python, peer.script, work / "topics", work / "reference", work / "bots.regex", output)

    return Contestant(peer.name, peer.title, f"leaves out {peer.left_out}", run, lambda: claims_in(output))


def _streams(folder: Path, work: Path) -> list[Contestant]:
    """Codetrail on Prism behind a broker that has every message, until it has caught up; none without the two."""
    if not (SERVICES / "kafka").exists() or not (SERVICES / "prism").exists():
        print("Kafka or Prism is not in .services: no stream among them; get both by `make services`", file=sys.stderr)
        return []
    root = folder / "prism"

    def run() -> Used:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(work / "reference", root / "reference")
        shutil.rmtree(folder / "broker", ignore_errors=True)
        broker = Broker.start(folder / "broker", settings=KEPT)
        try:
            _send(broker, folder, work)
            with measured_run(root, broker, "--follow", client="confluent-kafka") as following:
                wall = following.wait_until_caught_up(broker)
                cpu = following.stop().cpu
        finally:
            broker.stop()
        return Used(wall, cpu, peak_of(following.samples))

    title = "Codetrail, streaming from Kafka on Prism"
    return [Contestant("prism", title, MORE, run, lambda: claims_of(Lake(root / "lake")))]


def _send(broker: Broker, folder: Path, work: Path) -> None:
    """The topic files to the broker, once."""
    sent = folder / "broker" / "sent"
    if sent.exists():
        return
    connection = Connection(broker.bootstrap_servers)
    make_topics(connection, 2)
    with Producer(connection) as producer:
        for topic in EVENTS:
            with (work / "topics" / f"{topic}.ndjson").open("rb") as lines:
                for line in lines:
                    producer.send(topic, line.rstrip(b"\n"), key=key_of(topic, line))
    sent.touch()


def _measured(*command: str | Path) -> Used:
    """Raises CalledProcessError if the command does not end well; what it said is then on stderr."""
    measured = [sys.executable, "-m", "bench.peers.measured", *map(str, command)]
    done = subprocess.run(measured, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr[-8000:])
    done.check_returncode()
    return Used(**json.loads(done.stdout))


def _print(rows: list[tuple[str, ...]]) -> None:
    table = Table(box=box.SIMPLE)
    for place, name in enumerate(HEADINGS[:-1]):
        table.add_column(name, justify="right" if 0 < place < 5 else "left")
    for row in rows:
        table.add_row(*row[:-1])
    console = Console()
    console.print(table)
    for title, *_, beside in rows:
        console.print(f"{title} {beside}.", style="dim")


def _text(heading: str, load: float, rows: list[tuple[str, ...]]) -> str:
    versions = "\n".join(f"- {peer.name}: {peer.packages}" for peer in all_peers())
    return f"""# Codetrail and what a user would pick instead

Made by `make bench` (`{" ".join(["python", "bench/compare.py", *sys.argv[1:]])}`); nothing here is written by hand.

{heading}; median (least to greatest). CPU is that of every process that a run started, JVMs and workers included.
Codetrail's claims are what each peer's rows are compared with; a marked figure (†) is of other rows.

{markdown(rows)}

Machine: {_machine()}; load average before: {load:.1f}.

{versions}
"""


def _machine() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {_java()}"
    )


def _java() -> str:
    said = subprocess.run(["java", "-version"], stderr=subprocess.PIPE, text=True, check=True).stderr
    return said.splitlines()[0]


if __name__ == "__main__":
    main()
