"""A live run that is killed, stopped or left without its engine: nothing lost, nothing doubled, none left behind."""

import random
import time

import pytest

from pipelines.stores.lake import Lake
from tests.end_to_end.live_run import assert_as_if_nothing_happened, pulse, wait_until

pytestmark = pytest.mark.slow
LONGER_THAN_AN_ENGINE_WAITS_FOR_A_JOB = 12  # seconds


def test_the_job_is_killed_then_its_engine_then_it_is_stopped_for_a_while(live_world, tmp_path):
    root = live_world.workspace(tmp_path)
    orphans = []
    for share in (0.0, 0.2):
        with live_world.follow(root) as run:
            run.wait_until_landed(live_world.part(share) + 1)
            run.wait_until(run.engine, "the run has an engine")
            time.sleep(random.random())  # wherever this is, the next run mends it
            orphans.append(run.kill())
    with live_world.follow(root) as run:
        run.wait_until_landed(live_world.part(0.4))
        run.wait_until(lambda: "partition found" in run.said and run.engine(), "the run reads")
        first = run.engine()
        first.kill()
        run.wait_until(lambda: run.engine() not in (None, first), "the run has a new engine")
        run.wait_until_landed(live_world.part(0.6))
        run.suspend()
        time.sleep(LONGER_THAN_AN_ENGINE_WAITS_FOR_A_JOB)
        assert pulse(run.lake) == "dead"
        run.resume()
        run.wait_until(lambda: pulse(run.lake) == "reading", "the run is seen to live again")
        run.wait_until_caught_up(live_world.ends)
        assert "Prism is gone" in run.said
        assert run.stop() == 0
    assert pulse(run.lake) == "ended"
    with live_world.follow(root) as run:
        run.wait_until(lambda: pulse(run.lake) == "reading" and run.engine(), "the run waits for messages")
        orphans.append(run.kill())
    assert_as_if_nothing_happened(Lake(root / "lake"), live_world.expected)
    wait_until(lambda: not any(one.is_running() for one in orphans), "no engine outlives its run for long")
