"""A live run as a process of its own, the messages that it follows, and what its lake must end equal to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psutil
from kafka import KafkaProducer

from pipelines.jobs.drain import drain_kafka
from pipelines.stores.heartbeat import condition, is_alive, read_heartbeat
from pipelines.stores.kafka import partitions, spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.lake import Lake
from pipelines.stores.standing import attributed_offsets, landed_offsets
from pipelines.stores.tables import LANDING, TABLES
from pipelines.testing import (
    HASH_KEY,
    LakeState,
    assert_equal_states,
    assert_money_adds_up,
    lake_state,
    world_of,
)

COMMAND = (str(Path(sys.executable).with_name("codetrail")),)
LARGE_MESSAGES = {"message.max.bytes": "4194304"}  # a hostile world has some of just above 1 MiB
SMALL_BLOCKS = {"CODETRAIL_BLOCK_MESSAGES": "150", "CODETRAIL_BLOCK_SECONDS": "0.1"}  # so that there are many commits
PATIENCE = 180.0  # seconds; never what a test asserts
POLL = 0.2

Sent = tuple[str, int | None, bytes | None]
"""A message: its topic, its partition (None: any) and its value."""


def send(broker, messages: Iterable[Sent], **options) -> None:
    """Returns when the broker has them all; within a transaction if `options` name one, and then aborts it."""
    options = {"max_request_size": 4 << 20, "linger_ms": 20} | options
    producer = KafkaProducer(**broker.client_settings(), **options)
    if "transactional_id" in options:
        producer.init_transactions()
        producer.begin_transaction()
    sending = [producer.send(topic, value, key=b"any", partition=partition) for topic, partition, value in messages]
    producer.flush()
    for one in sending:
        one.get(timeout=PATIENCE)
    if "transactional_id" in options:
        producer.abort_transaction()
    producer.close()


def events_of(inputs: Path) -> list[Sent]:
    """The messages of a simulated world, those of all topics mixed, each topic's in its own order."""
    placed = []
    for topic in LANDING:
        lines = [line for line in (inputs / "topics" / f"{topic}.ndjson").read_bytes().split(b"\n") if line]
        placed += [(place / len(lines), (topic, place % 2, line)) for place, line in enumerate(lines)]
    return [message for _, message in sorted(placed, key=lambda one: one[0])]


def workspace(root: Path, reference: Path) -> Path:
    """A workspace of this reference data and no lake."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "reference").symlink_to(reference)
    return root


def replayed(root: Path, broker, **settings) -> LakeState:
    """What one bounded replay of the broker's topics ends as; `root` is a workspace without a lake."""
    drain_kafka(world_of(root, bootstrap_servers=broker.bootstrap_servers, **settings))
    return lake_state(Lake(root / "lake"))


def ends_of(broker) -> dict[str, int]:
    """The offset behind the last message of each partition that has one, by `topic/partition`."""
    connection = Connection(broker.bootstrap_servers)
    held = spans(connection, partitions(connection))
    return {f"{topic}/{partition}": end for (topic, partition), (_, end) in held.items() if end}


def pulse(lake: Lake) -> str:
    """How the newest run is doing, as the lake alone tells it."""
    heartbeat = read_heartbeat(lake.root)
    return condition(heartbeat, is_alive=is_alive(heartbeat, datetime.now(UTC)))


def assert_as_if_nothing_happened(lake: Lake, expected: LakeState) -> None:
    assert_equal_states(lake_state(lake), expected)
    assert_money_adds_up(lake)
    assert_revisions_follow_each_other(lake)


def assert_revisions_follow_each_other(lake: Lake) -> None:
    revisions = lake.read("order_attributions", ["order_id", "revision_key"])
    for keys in revisions.group_by("order_id").agg("revision_key")["revision_key"].to_list():
        assert sorted(keys) == list(range(1, len(keys) + 1))


def wait_until(holds, what: str, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"in {seconds:.0f} s not so: {what}"
        time.sleep(POLL)


class LiveRun:
    """`codetrail run --source kafka --follow`; as a context it leaves no process behind."""

    def __init__(self, root: Path, broker, prism: str, *options: str, command=COMMAND, **settings: str) -> None:
        self.lake = Lake(root / "lake")
        self._log = root / f"run-{time.monotonic_ns()}.log"
        environment = {**os.environ, "CODETRAIL_PRISM_LOCATION": prism, "CODETRAIL_HASH_KEY": HASH_KEY.decode()}
        source = ("--source", "kafka", "--bootstrap-servers", broker.bootstrap_servers, "--follow")
        with self._log.open("wb") as log:
            self.process = psutil.Popen(
                [*command, "--workspace", str(root), "run", *source, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment | SMALL_BLOCKS | settings,
            )
        self._engines: set[psutil.Process] = set()

    def __enter__(self) -> "LiveRun":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None and (engine := self.kill()):
            engine.kill()

    @property
    def said(self) -> str:
        """What it has printed and logged so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def engine(self) -> psutil.Process | None:
        """The Prism that runs its stages now."""
        for child in self.process.children():
            if child not in self._engines and child.name() == "prism":
                self._engines.add(child)
        return next((one for one in self._engines if one.is_running()), None)

    def kill(self) -> psutil.Process | None:
        """SIGKILL; the Prism that it leaves behind, which notices by itself."""
        engine = self.engine()
        self._engines.clear()
        self.process.kill()
        self.process.wait()
        return engine

    def suspend(self) -> None:
        self.process.suspend()

    def resume(self) -> None:
        self.process.resume()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code."""
        code = self.process.wait(seconds)
        assert "Traceback" not in self.said, self.said
        return code

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.terminate()
        return self.ended()

    def wait_until(self, holds, what: str, seconds: float = PATIENCE) -> None:
        """Waits for a condition as long as the run lives."""

        def holds_or_ended() -> bool:
            assert self.process.poll() is None, f"the run ended with {self.process.poll()}: {self.said}"
            return holds()

        try:
            wait_until(holds_or_ended, what, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; the run says: {self.said}") from None

    def wait_until_landed(self, messages: int) -> None:
        """Until that many offsets of all partitions lie behind it."""
        self.wait_until(lambda: self.landed() >= messages, f"{messages} messages landed")

    def wait_until_caught_up(self, ends: dict[str, int], seconds: float = PATIENCE) -> None:
        """Until all up to these offsets has landed and gone through attribution."""
        try:
            self.wait_until(lambda: self.attributed(ends) == ends, f"attributed up to {ends}", seconds)
        except AssertionError as failure:
            raise AssertionError(f"attributed up to {self.attributed(ends)}; {failure}") from None

    def landed(self) -> int:
        places = [f"{topic}/{partition}" for topic in LANDING for partition in range(4)]
        return sum(landed_offsets(self.lake, places).values()) if self._has_lake() else 0

    def attributed(self, ends: dict[str, int]) -> dict[str, int]:
        return attributed_offsets(self.lake, list(ends)) if self._has_lake() else {}

    def _has_lake(self) -> bool:
        return all(self.lake.exists(table) for table in TABLES)
