"""The job on a real Flink cluster, two TaskManagers, four partitions: whatever is killed, the lake is a replay's."""

import shutil

import pytest

from pipelines.reports.flink import flink
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from services.cluster import TASK_MANAGERS, FlinkCluster
from services.provision import FLINK
from tests.end_to_end.flink_run import (
    FlinkRun,
    assert_each_partition_was_written_by_one_at_a_time,
    kill_a_worker,
    last_kept,
    retries_and_commits,
)
from tests.end_to_end.live_run import (
    assert_as_if_nothing_happened,
    ends_of,
    events_of,
    pulse,
    replayed,
    send,
    workspace,
)

pytestmark = pytest.mark.slow
PARTITIONS = 4
PARTS = 7  # of the messages: each is on its way when something is killed


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if shutil.which("java") is None or not FLINK.is_dir():
        pytest.skip("NO FLINK HERE, so nothing about a cluster was tested: `make services-flink` gets it")
    started = FlinkCluster.start(tmp_path_factory.mktemp("flink"))
    yield started
    started.stop()


def test_the_doctor_finds_a_cluster_that_fits(cluster):
    given = {"flink_master": cluster.master, "flink_job_endpoint": cluster.job_endpoint}
    assert [one.state for one in flink(Settings(**given, flink_parallelism=2 * TASK_MANAGERS))] == ["ok", "ok"]
    (found, _) = flink(Settings(**given, flink_parallelism=2 * TASK_MANAGERS + 1))
    assert (found.state, found.next_step) == ("missing", "start more TaskManagers, or lower flink_parallelism")
    (_, server) = flink(Settings(**given | {"flink_job_endpoint": cluster.worker_pool}))
    assert server.state == "missing"


def test_every_part_of_the_cluster_is_killed(cluster, own_broker, shop, tmp_path):
    own_broker.reset(PARTITIONS)
    events = [(topic, place % PARTITIONS, value) for place, (topic, _, value) in enumerate(events_of(shop))]
    parts = [events[number::PARTS] for number in range(PARTS)]
    root = workspace(tmp_path / "live", shop / "reference")

    def send_and_wait_until_some_is_there(run):
        landed = run.landed()
        send(own_broker, parts.pop())
        run.wait_until_landed(landed + 1)

    with FlinkRun(root, own_broker, cluster) as run:
        send_and_wait_until_some_is_there(run)
        run.wait_until(lambda: pulse(run.lake) == "reading", "checkpoints tell that it reads")
        kill_a_worker(cluster)
        send_and_wait_until_some_is_there(run)
        cluster.kill_part("taskmanager-0")
        cluster.start_part("taskmanager-0")
        send_and_wait_until_some_is_there(run)
        cluster.kill_part("job-server")
        send_and_wait_until_some_is_there(run)
        assert run.submissions() == 1  # Flink has healed all that by itself
        cluster.start_part("job-server")
        cluster.kill_part("jobmanager")
        cluster.start_part("jobmanager")
        run.wait_until(lambda: run.submissions() == 2, "the run submits the job anew, its state comes out of the lake")
        send_and_wait_until_some_is_there(run)
        told = run.checkpoint()
        send(own_broker, parts.pop())
        cluster.kill_part("jobmanager")
        run.kill()
    checkpoint = last_kept(told)
    cluster.start_part("jobmanager")
    cluster.wait_until_ready()
    with FlinkRun(root, own_broker, cluster, "--from-checkpoint", checkpoint) as run:
        run.wait_until(lambda: run.restored_from() == checkpoint, "the job goes on from the checkpoint")
        send(own_broker, parts.pop())
        run.wait_until_caught_up(ends_of(own_broker))
        assert run.stop() == 0
    assert not parts
    lake = Lake(root / "lake")
    assert pulse(lake) == "ended"
    expected = replayed(workspace(tmp_path / "replayed", shop / "reference"), own_broker)
    assert_as_if_nothing_happened(lake, expected)
    assert_each_partition_was_written_by_one_at_a_time(lake)
    retries, commits = retries_and_commits(lake)
    print(f"{commits} commits, {retries} retries")
    assert retries <= commits * (TASK_MANAGERS - 1)
