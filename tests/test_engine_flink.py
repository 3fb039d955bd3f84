"""The Flink engine: what Beam is told, which part is missing, and what a task's stack trace means."""

import pytest

from pipelines.engine_flink import Flink, job_server_options, require_flink, understood
from pipelines.failures import EngineFailed, LakeUnavailable, Superseded

TRACE = """java.lang.RuntimeException: Error received from SDK harness for instruction 15: Traceback (most recent call):
  File "land.py", line 90, in process
{raised} [while running 'Land/CommitBlocks-ptransform-30']

\tat org.apache.beam.runners.fnexecution.control.FnApiControlClient.onNext(FnApiControlClient.java:180)
"""


@pytest.fixture
def nowhere(port) -> str:
    return f"127.0.0.1:{port}"


def flink_at(address, **options):
    return Flink(address, address, "pool:50000", parallelism=2, checkpoint_seconds=1.5, **options)


def test_checkpoints_are_taken_kept_and_gone_on_from():
    plain = set(flink_at("a:1").flags("job"))
    assert {"--checkpointing_interval=1500", "--retain_externalized_checkpoints_on_cancellation"} <= plain
    kept = set(flink_at("a:1", checkpoint_dir="s3://b/c", from_checkpoint="s3://b/c/chk-7").flags("job"))
    assert kept - plain == {
        "--state_backend=filesystem",
        "--state_backend_storage_path=s3://b/c",
        "--savepoint_path=s3://b/c/chk-7",
    }


def test_a_job_manager_that_does_not_answer_is_named_with_what_to_do(nowhere):
    with pytest.raises(EngineFailed, match=rf"JobManager does not answer at http://{nowhere} .*--flink-master"):
        require_flink(flink_at(nowhere))


def test_a_job_server_that_does_not_answer_is_named_with_what_to_do(nowhere, monkeypatch):
    monkeypatch.setattr("pipelines.engine_flink._ANSWER_SECONDS", 0.2)
    with pytest.raises(EngineFailed, match=rf"job server does not answer at {nowhere}: .*--job-endpoint"):
        job_server_options(nowhere)


@pytest.mark.parametrize("failure", [Superseded, LakeUnavailable])
def test_what_a_stage_raised_on_the_cluster_is_itself_again(failure):
    found = understood(
        TRACE.format(raised=f"pipelines.failures.{failure.__name__}: the disk is full; free space"), "p:1"
    )
    assert (type(found), str(found)) == (failure, "the disk is full; free space")


def test_a_lake_that_workers_do_not_see_is_named_with_what_to_do():
    raised = "pipelines.failures.LakeUnavailable: shop/lake/clicks cannot be used: No files in log segment. Free space"
    found = understood(TRACE.format(raised=raised), "p:1")
    assert isinstance(found, EngineFailed)
    assert "mount the workspace's folder" in str(found)


def test_a_pool_that_no_task_manager_reaches_is_named_with_what_to_do():
    found = understood("java.io.IOException\n\tat ...ExternalEnvironmentFactory.createEnvironment", "pool:50000")
    assert "no worker pool answers a TaskManager at pool:50000: start one" in str(found)
