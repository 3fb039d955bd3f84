"""A hostile world, read once without any accident: what every accident must end equal to."""

import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.simulate.world import simulate
from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING, TABLES
from pipelines.testing import HASH_KEY, LakeState, drain, lake_state
from services.broker import Broker
from tests.end_to_end import killed_run, live_run
from tests.end_to_end.forked import Forked, preload
from tests.end_to_end.live_run import LiveRun

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
preload("tests.end_to_end.killed_run", "tests.end_to_end.killed_requeue")


@dataclass(frozen=True)
class HostileWorld:
    """Its inputs, and the lake of one run from beginning to end."""

    inputs: Path
    expected: LakeState
    environment: dict[str, str]

    def copy_to(self, root: Path) -> Path:
        """A workspace of the same inputs and no lake; topic files are not written to, so they are shared."""
        root.mkdir(parents=True, exist_ok=True)
        for folder in ("topics", "reference"):
            (root / folder).symlink_to(self.inputs / folder)
        return root

    def start(self, root: Path, moment: str = "never", table: str = "", number: int = 0) -> Forked:
        """A `codetrail run` in small blocks in a process of its own; see killed_run.py."""
        return Forked(killed_run.main, str(root), moment, table, number, said=root / "said", env=self.environment)


@pytest.fixture(scope="session")
def hostile_world(tmp_path_factory):
    inputs = tmp_path_factory.mktemp("hostile")
    simulate(inputs, seed=5, orders=1500, faults="hostile", until=UNTIL)
    drain(inputs)
    environment = {**os.environ, "CODETRAIL_HASH_KEY": HASH_KEY.decode()}
    expected = lake_state(Lake(inputs / "lake"))
    shutil.rmtree(inputs / "lake")
    return HostileWorld(inputs, expected, environment)


@pytest.fixture(scope="session")
def commits(hostile_world, tmp_path_factory):
    """Every commit that each run in small blocks makes: a table, and the how manieth of it, counted from 0.

    How often attributions are committed depends on the machine's speed: at least twice.
    """
    run = hostile_world.start(hostile_world.copy_to(tmp_path_factory.mktemp("traced")))
    printed = run.last_words()
    assert run.returncode == 0, printed
    counted = Counter(line for line in printed.splitlines() if line in TABLES)
    counted["order_attributions"] = 2
    return [(table, number) for table, times in sorted(counted.items()) for number in range(times)]


@dataclass(frozen=True)
class LiveWorld:
    """Messages that lie on a broker, and the lake of one bounded replay of them; tests only read them."""

    broker: Broker
    prism: str
    reference: Path
    ends: dict[str, int]
    expected: LakeState

    def workspace(self, root: Path) -> Path:
        return live_run.workspace(root, self.reference)

    def follow(self, root: Path, *options: str, **settings) -> LiveRun:
        return LiveRun(root, self.broker, self.prism, *options, **settings)

    def part(self, share: float) -> int:
        """This share of all offsets."""
        return round(share * sum(self.ends.values()))


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Path:
    """The topics and the reference data of a hostile world that is small enough to be sent often."""
    inputs = tmp_path_factory.mktemp("shop")
    simulate(inputs, seed=5, orders=300, faults="hostile", until=UNTIL)
    return inputs


@pytest.fixture(scope="session")
def live_world(new_broker, prism, shop, tmp_path_factory) -> LiveWorld:
    """The hostile world on a broker, with all that only Kafka knows: nulls, holes, a producer that repeats itself."""
    broker = new_broker(settings=live_run.LARGE_MESSAGES)
    broker.reset()
    events = live_run.events_of(shop)
    middle = len(events) // 2
    live_run.send(broker, events[:middle])
    live_run.send(broker, events[:200], transactional_id="given-up")
    live_run.send(broker, [(topic, partition, None) for topic in LANDING for partition in (0, 1)])
    live_run.send(broker, events[middle - 500 :])
    root = live_run.workspace(tmp_path_factory.mktemp("replayed"), shop / "reference")
    expected = live_run.replayed(root, broker)
    return LiveWorld(broker, prism, shop / "reference", live_run.ends_of(broker), expected)


@pytest.fixture(scope="session")
def own_broker(new_broker) -> Broker:
    """A broker for tests that change its topics, kill it or stop it; each begins with a `reset`."""
    return new_broker(settings=live_run.LARGE_MESSAGES)


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own for the lake; gives the function that mounts it anew with other options."""
    lake = tmp_path / "lake"
    lake.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(lake)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"NOT TESTED, full and read-only disks: this user may not mount one ({mounted.stderr.strip()})")

    def remount(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(lake)], check=True)

    yield remount
    subprocess.run(["umount", str(lake)], check=True)
