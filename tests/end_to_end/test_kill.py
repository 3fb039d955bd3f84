"""SIGKILL at any point of a run, and the next run ends as one that was never killed: nothing lost, nothing doubled."""

import random
import signal
import time

import pytest

from pipelines.stores.lake import Lake
from pipelines.testing import drain
from tests.end_to_end.live_run import assert_as_if_nothing_happened

pytestmark = pytest.mark.slow


def kill(world, root, moment, table="", number=0):
    """Runs until the process kills itself."""
    run = world.start(root, moment, table, number)
    printed = run.last_words()
    assert run.returncode == -signal.SIGKILL, f"the run ended with {run.returncode}: {printed}"


def assert_recovers(world, root):
    drain(root)
    assert_as_if_nothing_happened(Lake(root / "lake"), world.expected)


@pytest.mark.parametrize(
    ("moment", "table", "number"),
    [
        pytest.param("after", "rejected_events", 3, id="between the rejects of a block and its landing"),
        pytest.param("after", "clicks", 3, id="after a block has landed and before the next one's rejects"),
        pytest.param("before", "order_attributions", 1, id="after landing and before any attribution"),
        pytest.param("after", "order_attributions", 2, id="between two commits of attributions"),
        pytest.param("file", "orders", 1, id="between a data file and its log entry"),
        pytest.param("staged", "clicks", 2, id="before a log entry is there for readers"),
        pytest.param("linked", "order_attributions", 1, id="when a log entry is there and not tidied up"),
        pytest.param("finish", "", 0, id="when all is attributed and nobody says so"),
        pytest.param("before", "topic_files", 2, id="before the last word on how far the files were read"),
        pytest.param("after", "orders", 0, id="while it takes the lake over"),
    ],
)
def test_killed(hostile_world, tmp_path, moment, table, number):
    """A table's commit 0 is the take-over. How often attributions are committed depends on the machine's speed."""
    root = hostile_world.copy_to(tmp_path)
    kill(hostile_world, root, moment, table, number)
    assert_recovers(hostile_world, root)


def test_killed_while_tables_are_created(hostile_world, tmp_path):
    root = hostile_world.copy_to(tmp_path)
    kill(hostile_world, root, "create", number=3)
    assert_recovers(hostile_world, root)


@pytest.mark.parametrize("seed", range(2))
def test_killed_during_a_commit_and_again_while_it_recovers(hostile_world, commits, tmp_path, seed):
    chance = random.Random(seed)
    root = hostile_world.copy_to(tmp_path)
    kill(hostile_world, root, "during", *chance.choice(commits))
    kill(hostile_world, root, chance.choice(["before", "after"]), "order_attributions", 1)
    assert_recovers(hostile_world, root)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_killed_from_outside_at_any_time(hostile_world, tmp_path, part):
    """At a part of what a run takes on this machine now: wherever that is, the next run mends it."""
    root = hostile_world.copy_to(tmp_path)
    run = hostile_world.start(root)
    while not Lake(root / "lake").exists("reference_versions"):
        assert run.returncode is None
        time.sleep(0.02)
    time.sleep(4 * part * random.random())
    run.kill()
    run.last_words()
    assert_recovers(hostile_world, root)
