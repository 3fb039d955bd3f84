"""A disk that is full or read-only: exit 3, a message that says what to do, and a lake that is as whole as before."""

import pytest

from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_states, drain, lake_state

pytestmark = pytest.mark.slow


def failed(run):
    said = run.last_words()
    assert run.returncode == 3, said
    return said


@pytest.mark.parametrize("size", ["96k", "800k"])
def test_a_full_disk_stops_the_run_and_the_next_one_ends_equal(hostile_world, tmp_path, disk, size):
    root = hostile_world.copy_to(tmp_path)
    disk(f"size={size}")
    said = failed(hostile_world.start(root))
    assert "free space" in said
    assert "Traceback" not in said
    disk("size=64m")
    drain(root)
    assert_equal_states(lake_state(Lake(root / "lake")), hostile_world.expected)


def test_a_read_only_lake_is_left_as_it_is(hostile_world, tmp_path, disk):
    root = hostile_world.copy_to(tmp_path)
    disk("size=64m")
    drain(root)
    disk("ro")
    said = failed(hostile_world.start(root))
    assert "mend the permissions" in said
    assert "Traceback" not in said
    assert_equal_states(lake_state(Lake(root / "lake")), hostile_world.expected)
