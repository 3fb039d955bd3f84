"""A live run on a Flink cluster, how its parts are killed, and what its lake's log tells of who wrote."""

import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from pipelines.failures import EngineFailed
from pipelines.stores.flink_rest import OVER, FlinkRest
from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING
from services.cluster import FlinkCluster
from tests.end_to_end.live_run import LiveRun, wait_until

CHECKPOINT_SECONDS = 1


class FlinkRun(LiveRun):
    """`codetrail run --engine flink`; see LiveRun."""

    def __init__(
        self, root: Path, broker, cluster: FlinkCluster, *options: str, parallelism: int = 2, **settings: str
    ) -> None:
        self._rest = FlinkRest(cluster.master)
        where = ("--flink-master", cluster.master, "--job-endpoint", cluster.job_endpoint)
        how = ("--worker-pool", cluster.worker_pool, "--parallelism", str(parallelism))
        kept = ("--checkpoint-dir", cluster.checkpoints)
        settings = {"CODETRAIL_FLINK_CHECKPOINT_SECONDS": str(CHECKPOINT_SECONDS), **settings}
        super().__init__(root, broker, "", "--engine", "flink", *where, *how, *kept, *options, **settings)

    def job(self) -> str | None:
        """Flink's id of the job that runs now."""
        return next((job.job_id for job in self._rest.jobs() if job.state not in OVER), None)

    def checkpoint(self) -> str:
        """Where the last one is kept, when there is one."""
        self.wait_until(lambda: self._rest.checkpoints(self.job()).last_path, "a checkpoint is kept")
        return self._rest.checkpoints(self.job()).last_path

    def restored_from(self) -> str | None:
        """The checkpoint that the job went on from; None before it has, and while the JobManager gets ready for it."""
        with suppress(EngineFailed):
            return self._rest.checkpoints(job).restored_from if (job := self.job()) else None
        return None

    def submissions(self) -> int:
        return self.said.count('"job submitted"')


def last_kept(told: str) -> str:
    """The newest whole checkpoint of the job that this one was of: to be asked when the JobManager is dead.

    As long as it lives it deletes each when it has the next.
    """
    kept = Path(urlsplit(told).path).parent.glob("chk-*/_metadata")
    newest = max((file.parent.name for file in kept), key=lambda name: int(name.removeprefix("chk-")))
    return f"{told.rpartition('/')[0]}/{newest}"


def kill_a_worker(cluster: FlinkCluster) -> None:
    """SIGKILL to the Python worker that was started last."""
    pool = psutil.Process(cluster.processes["worker-pool"].pid)
    victim = max(pool.children(), key=lambda child: child.create_time())
    victim.kill()
    wait_until(lambda: victim.status() == psutil.STATUS_ZOMBIE or not victim.is_running(), "the worker is dead")


def commits_of(lake: Lake) -> dict[str, list[dict]]:
    """The actions of each commit of a table, in their order."""
    logs = {
        table: sorted((lake.root / table / "_delta_log").glob("*.json")) for table in (*LANDING, "order_attributions")
    }
    return {
        table: [[json.loads(line) for line in file.read_text().split("\n") if line] for file in files]
        for table, files in logs.items()
    }


def assert_each_partition_was_written_by_one_at_a_time(lake: Lake) -> None:
    """Of each partition, every commit goes on where the one before ended: two writers would step back, or repeat."""
    for table in LANDING:
        ends = defaultdict(list)
        for commit in commits_of(lake)[table]:
            for action in commit:
                source = action.get("txn", {}).get("appId", "")
                if source.startswith(f"{table}/") and " " not in source:
                    ends[source].append(action["txn"]["version"])
        assert ends
        for source, its in ends.items():
            assert its == sorted(set(its)), source


def retries_and_commits(lake: Lake) -> tuple[int, int]:
    """How often a commit came after another writer's, and how many commits there were, of all tables."""
    told = [
        action["commitInfo"]["operationMetrics"]["num_retries"]
        for commits in commits_of(lake).values()
        for commit in commits
        for action in commit
        if "operationMetrics" in action.get("commitInfo", {})
    ]
    return sum(told), len(told)
