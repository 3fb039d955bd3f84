"""Two runs on one workspace at once: the later one takes the lake over, the earlier one stops and names it."""

import time

import pytest

from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_states, drain, lake_state

pytestmark = pytest.mark.slow


def test_the_first_run_stops_and_names_the_second(hostile_world, tmp_path):
    root = hostile_world.copy_to(tmp_path)
    first = hostile_world.start(root)
    lake = Lake(root / "lake")
    while not lake.exists("clicks") or lake.open("clicks").transaction_version("clicks/0") is None:
        assert first.poll() is None
        time.sleep(0.02)
    second = drain(root)
    _, said = first.communicate(timeout=120)
    assert (first.returncode, second.epoch) == (3, 2), said
    assert "run 2 writes to" in said
    assert "this one, run 1, stops" in said
    assert "Traceback" not in said
    assert_equal_states(lake_state(lake), hostile_world.expected)
