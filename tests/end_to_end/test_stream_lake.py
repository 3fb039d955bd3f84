"""A live run on a lake that another run takes over, with foreign files, on a full disk, by a wrong clock."""

import json
import signal
import sys
from pathlib import Path

import pytest

from pipelines.stores.lake import WATERMARK, Lake
from pipelines.testing import assert_equal_states, lake_state
from tests.end_to_end.live_run import assert_as_if_nothing_happened

pytestmark = pytest.mark.slow
WRONG_CLOCK = Path(__file__).parent / "wrong_clock.py"


def leave_behind(lake, table):
    """What a writer that was killed leaves: a file that is torn, and a whole one that no commit names."""
    file = Path(lake.open(table).file_uris()[0])
    whole = file.read_bytes()
    file.with_name("part-torn.snappy.parquet").write_bytes(whole[: len(whole) // 2])
    file.with_name("part-orphan.snappy.parquet").write_bytes(whole)


def watermarks(lake):
    """Every watermark that the log of attributions records, oldest first."""
    log = Path(lake.uri("order_attributions")) / "_delta_log"
    actions = [json.loads(line) for file in sorted(log.glob("*.json")) for line in file.read_text().splitlines()]
    return [action["txn"]["version"] for action in actions if action.get("txn", {}).get("appId") == WATERMARK]


def test_a_second_run_takes_over_and_what_a_killed_writer_left_does_no_harm(live_world, tmp_path):
    root = live_world.workspace(tmp_path)
    with live_world.follow(root) as first:
        first.wait_until_landed(live_world.part(0.2))
        first.suspend()  # so that it has something left to commit
        for table in ("clicks", "orders"):
            leave_behind(first.lake, table)
        with live_world.follow(root) as second:
            second.wait_until(lambda: "run begun" in second.said, "the second run has begun")
            first.resume()
            assert first.ended() == 3
            assert "run 2 writes to" in first.said
            assert "this one, run 1, stops" in first.said
            second.wait_until_caught_up(live_world.ends)
            assert second.stop() == 0
    assert_as_if_nothing_happened(Lake(root / "lake"), live_world.expected)


def test_the_clock_is_set_back_and_the_watermark_is_not(live_world, tmp_path):
    root = live_world.workspace(tmp_path)
    with live_world.follow(root, command=(sys.executable, str(WRONG_CLOCK))) as run:
        run.wait_until(lambda: run.landed() > live_world.part(0.3) and run.lake.watermark(), "there is a watermark")
        before = run.lake.watermark()
        run.process.send_signal(signal.SIGUSR1)
        run.wait_until_caught_up(live_world.ends)
        assert "the clock was set back" in run.said
        assert run.stop() == 0
    lake = Lake(root / "lake")
    recorded = watermarks(lake)
    assert recorded == sorted(recorded)
    assert before <= lake.watermark()
    ingested = lake.read("clicks", ["ingested_at"])["ingested_at"]
    assert ingested.min() < before < ingested.max()  # some by the clock that was set back
    assert_equal_states(lake_state(lake), live_world.expected)


def test_the_disk_is_full_and_the_run_goes_on_when_there_is_space_again(live_world, tmp_path, disk):
    root = live_world.workspace(tmp_path)
    disk("size=600k")
    with live_world.follow(root) as run:
        run.wait_until(lambda: "No space left on device" in run.said, "the disk is full")
        assert "free space" in run.said
        stood = run.landed()
        assert 0 < stood < live_world.part(1.0)
        disk("size=64m")
        run.wait_until_caught_up(live_world.ends)
        assert run.stop() == 0
    assert_as_if_nothing_happened(Lake(root / "lake"), live_world.expected)
