"""What the live page costs: a refresh over ten million clicks, and fifty open pages for ten minutes.

    .venv/bin/python bench/page.py [--clicks N] [--rounds N] [--clients N] [--minutes M] [--folder DIR]

A small world is run and copied in the lake under other ids until it has the clicks. Then some orders and their clicks
arrive again and again, and each time the page's counts follow them: that is a refresh. At last `codetrail monitor`
serves the same workspace to clients that keep its event stream open, while something arrives every second.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import numpy as np
import psutil
from copied_lake import copy_lake
from measured_run import figures
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from pipelines.live.watch import Watch
from pipelines.settings import load_settings
from pipelines.stores.lake import Lake
from pipelines.stores.workspace import Workspace

COMMAND = Path(sys.executable).with_name("codetrail")
CLICKS = 10_000_000
IN_ONE_WORLD = 20_000  # orders, of eleven clicks each
WORLD = ("--seed", "1", "--orders", str(IN_ONE_WORLD), "--faults", "mild")
ARRIVING_ORDERS = 100
HASH_KEY = "0" * 32
MIB = 1 << 20


def main() -> None:
    asked = _arguments()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="codetrail-page-"))
    small, large = folder / "small", folder / "large"
    if not (large / "lake").exists():
        for command in (("simulate", *WORLD), ("run",)):
            environment = {**os.environ, "CODETRAIL_HASH_KEY": HASH_KEY}
            subprocess.run(
                [COMMAND, "--workspace", small, *command], check=True, stdout=subprocess.DEVNULL, env=environment
            )
        shutil.copytree(small / "reference", large / "reference")
        copies = ceil(asked.clicks / Lake(small / "lake").rows("clicks"))
        copy_lake(Lake(small / "lake"), Lake(large / "lake"), range(copies), all_clicks=True)
    shown = _refreshes(Lake(small / "lake"), large, asked.rounds)
    Console().print(figures("Refreshing", shown))
    if asked.clients:
        Console().print(figures(f"{asked.clients} open pages", _clients(Lake(small / "lake"), large, asked)))
    if asked.folder is None:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=CLICKS, help="of the lake")
    parser.add_argument("--rounds", type=int, default=30, help="of something that arrives, and a refresh")
    parser.add_argument("--clients", type=int, default=50, help="that keep a page open; 0: none")
    parser.add_argument("--minutes", type=float, default=10, help="for which they do")
    parser.add_argument("--folder", type=Path, help="where the lake stays and is found again; removed by default")
    return parser.parse_args()


def _refreshes(small: Lake, root: Path, rounds: int) -> dict[str, str]:
    begun, workspace = time.perf_counter(), Workspace(root)
    watch = Watch(workspace, load_settings(workspace.settings_file, {}), HASH_KEY.encode, lambda: datetime.now(UTC))
    opened = time.perf_counter() - begun
    lake = workspace.lake
    seconds, idle = [], []
    for copy in _copies(rounds):
        copy_lake(small, lake, range(copy, copy + 1), orders=ARRIVING_ORDERS)
        before = watch.snapshot.number
        seconds.append(_timed(watch))
        if watch.snapshot.number == before:
            raise AssertionError("what arrived was not seen")
        idle.append(_timed(watch))
    sums = watch.snapshot.honesty.sums.values()
    if not all(one.adds_up for one in sums):
        raise AssertionError("credited and unattributed do not add up to all orders")
    headline = watch.snapshot.campaigns[0].headline
    watch.stop()
    return {
        "clicks, orders": f"{lake.rows('clicks'):,}, {headline.orders:,}",
        "begins after": f"{opened:.1f} s",
        f"a refresh with {ARRIVING_ORDERS} more orders": _quantiles(seconds),
        "a look without anything new": _quantiles(idle),
        "memory": f"{psutil.Process().memory_info().rss / MIB:,.0f} MB",
    }


def _copies(rounds: int) -> range:
    """Numbers of copies that the lake does not hold yet, of this run and of those before."""
    first = 10_000 + int(time.time()) % 100_000 * 10
    return range(first, first + rounds)


def _timed(watch: Watch) -> float:
    begun = time.perf_counter()
    watch.look()
    return time.perf_counter() - begun


def _quantiles(seconds: list[float]) -> str:
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    return f"p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms, at most {1000 * max(seconds):.0f} ms"


def _clients(small: Lake, root: Path, asked: argparse.Namespace) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "CODETRAIL_HASH_KEY": HASH_KEY}
    server = subprocess.Popen([COMMAND, "--workspace", root, "monitor", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _until_it_answers(url, server)
        return _served(url, server.pid, small, Lake(root / "lake"), asked)
    finally:
        server.terminate()
        server.wait()


def _until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/healthz")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the page ended before it answered: why stands above")


def _served(url: str, pid: int, small: Lake, lake: Lake, asked: argparse.Namespace) -> dict[str, str]:
    heard = [0] * asked.clients
    for client in range(asked.clients):
        threading.Thread(target=_listen, args=(url, client, heard), daemon=True).start()
    process, memory = psutil.Process(pid), []
    begun, cpu = time.perf_counter(), sum(process.cpu_times()[:2])
    copies = iter(_copies(1_000_000))
    while time.perf_counter() - begun < 60 * asked.minutes:
        copy = next(copies)
        copy_lake(small, lake, range(copy, copy + 1), orders=ARRIVING_ORDERS)
        memory.append((time.perf_counter() - begun, process.memory_info().rss / MIB))
        time.sleep(max(0.0, len(memory) - (time.perf_counter() - begun)))
    seconds, used = time.perf_counter() - begun, sum(process.cpu_times()[:2]) - cpu
    half = memory[len(memory) // 2 :]
    slope = np.polyfit([at / 60 for at, _ in half], [of for _, of in half], 1)[0]
    course = " ".join(f"{of:,.0f}" for _, of in memory[:: max(1, len(memory) // 8)])
    return {
        "arrived": f"{len(memory):,} times {ARRIVING_ORDERS} orders in {seconds:.0f} s",
        "each client heard": f"{min(heard):,} to {max(heard):,} messages",
        "its CPU": f"{100 * used / seconds:.0f} % of a core",
        "its memory": f"{course} MB; of the second half {slope:+.1f} MB a minute",
        **_told_by_itself(url),
    }


def _listen(url: str, client: int, heard: list[int]) -> None:
    with urllib.request.urlopen(f"{url}/events") as stream:
        for line in stream:
            heard[client] += line.startswith(b"event: ")


def _told_by_itself(url: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            sample.name: json.dumps(sample.value)
            for family in families
            if family.name.startswith("codetrail_page_refresh")
            for sample in family.samples
            if sample.name.endswith(("_count", "_sum"))
        }


if __name__ == "__main__":
    main()
