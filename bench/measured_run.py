"""A run of the command line under measurement: what it and its Prism use, and whether its lake has caught up.

It needs what the tests need, psutil among it.
"""

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich import box
from rich.table import Table

from pipelines.stores.kafka import partitions, spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.lake import Lake
from pipelines.stores.standing import attributed_offsets, landed_offsets
from services.broker import Broker

COMMAND = Path(sys.executable).with_name("codetrail")
LARGE_MESSAGES = {"message.max.bytes": "4194304"}  # a simulated world has messages just above a mebibyte
CATCH_UP_SECONDS = 1200.0
HASH_KEY = secrets.token_hex(16)  # one for all runs, whose lakes are compared
MIB = 1 << 20
PROCESSES = ("run", "prism", "broker")


@dataclass(frozen=True)
class Sample:
    """At a moment, by process: memory in MiB, and CPU seconds since it began; CPU also of the whole `machine`."""

    seconds: float
    memory: Mapping[str, float]
    cpu: Mapping[str, float]


@dataclass(frozen=True)
class Used:
    """What a process and its children used in all."""

    wall: float
    cpu: float


class MeasuredRun:
    """A `codetrail run` on Kafka in a process of its own, which is looked at every second: `run`, `prism`, `broker`."""

    def __init__(self, root: Path, broker: Broker, *options: str, client: str = "kafka-python") -> None:
        self.samples: list[Sample] = []
        self._broker = psutil.Process(broker.pid)
        self._log = (root / "run.log").open("wb")
        self._begun = time.perf_counter()
        self._process = subprocess.Popen(
            [COMMAND, "--workspace", root, "run", "--source", "kafka", *options],
            env={**environment(broker), "CODETRAIL_KAFKA_CLIENT": client},
            stdout=self._log,
            stderr=self._log,
        )
        self._root = root
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self._begun

    def require_alive(self) -> None:
        if self._process.poll() is not None:
            raise AssertionError(f"the run ended with {self._process.returncode}:\n{self._said()}")

    def wait_until_caught_up(self, broker: Broker) -> float:
        """The seconds since it began at which everything that is on the broker has been attributed."""
        lake, connection = Lake(self._root / "lake"), Connection(broker.bootstrap_servers)
        ends = {f"{topic}/{p}": end for (topic, p), (_, end) in spans(connection, partitions(connection)).items()}
        while not has_caught_up(lake, ends):
            self.require_alive()
            if self.seconds > CATCH_UP_SECONDS:
                raise AssertionError(f"after {self.seconds:.0f} s the run has not caught up:\n{self._said()}")
            time.sleep(0.5)
        return self.seconds

    def wait(self) -> Used:
        """When it has ended by itself; raises AssertionError if it did not end well."""
        _, status, used = os.wait4(self._process.pid, 0)
        wall = self.seconds
        self._over.set()
        self._sampler.join()
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._log.close()
        if self._process.returncode:
            raise AssertionError(f"the run ended with {self._process.returncode}:\n{self._said()}")
        return Used(wall, used.ru_utime + used.ru_stime)

    def stop(self) -> Used:
        self.require_alive()
        self._process.terminate()
        return self.wait()

    def kill(self) -> None:
        """For the case that the measurement fails."""
        if self._process.returncode is None:
            self._process.kill()

    def _sample(self) -> None:
        run = psutil.Process(self._process.pid)
        while not self._over.is_set():
            with suppress(psutil.NoSuchProcess):
                named = [("run", run), ("broker", self._broker)]
                named += [("prism" if "prism" in of.name() else "run", of) for of in run.children(recursive=True)]
                memory, cpu = dict.fromkeys(PROCESSES, 0.0), dict.fromkeys(PROCESSES, 0.0)
                for name, process in named:
                    used = process.cpu_times()
                    memory[name] += process.memory_info().rss / MIB
                    cpu[name] += used.user + used.system
                busy = psutil.cpu_times()
                cpu["machine"] = busy.user + busy.nice + busy.system + busy.softirq + busy.irq
                self.samples.append(Sample(self.seconds, memory, cpu))
            self._over.wait(1.0)

    def _said(self) -> str:
        return (self._root / "run.log").read_text(encoding="utf-8", errors="replace")[-4000:]


@contextmanager
def measured_run(root: Path, broker: Broker, *options: str, client: str = "kafka-python") -> Iterator[MeasuredRun]:
    run = MeasuredRun(root, broker, *options, client=client)
    try:
        yield run
    finally:
        run.kill()


def environment(broker: Broker) -> dict[str, str]:
    """What every process of a measurement is given."""
    own = {"CODETRAIL_HASH_KEY": HASH_KEY, "CODETRAIL_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
    return {**os.environ, **own}


def has_caught_up(lake: Lake, ends: Mapping[str, int]) -> bool:
    """Whether the messages below these offsets have landed and gone through attribution."""
    if not lake.exists("order_attributions"):
        return False
    sources = list(ends)
    landed, attributed = landed_offsets(lake, sources), attributed_offsets(lake, sources)
    return all(min(landed.get(source, 0), attributed.get(source, 0)) >= end for source, end in ends.items())


def used_between(samples: list[Sample], start: float, end: float) -> dict[str, float]:
    """How many cores each process used between two moments of the run, and the whole `machine`."""
    within = [sample for sample in samples if start <= sample.seconds <= end]
    first, last = within[0], within[-1]
    return {name: (last.cpu[name] - first.cpu[name]) / (last.seconds - first.seconds) for name in first.cpu}


def peak_mb(samples: list[Sample]) -> float:
    """The most memory that the run and its Prism had together."""
    return max(sample.memory["run"] + sample.memory["prism"] for sample in samples)


def figures(title: str, rows: Mapping[str, str]) -> Table:
    """A table of two columns, what and how much."""
    table = Table(title=title, box=box.SIMPLE, show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    return table
