"""Whether the Flink cluster that the settings name can run the job: what answers, and whether versions fit."""

from collections.abc import Iterator
from importlib.metadata import version

from pipelines.engine_flink import LINE, LINES, job_server_options
from pipelines.failures import EngineFailed
from pipelines.reports.diagnosis import Finding
from pipelines.settings import Settings
from pipelines.stores.flink_rest import FlinkRest

NEEDED = frozenset({"checkpointing_interval", "finish_bundle_before_checkpointing", "savepoint_path"})
NAME_IT = "name it with flink_master (the JobManager's REST address), or leave that setting out"


def flink(settings: Settings | None) -> Iterator[Finding]:
    """Nothing where no cluster is named."""
    if settings is None or settings.flink_master is None:
        return
    yield _cluster(FlinkRest(settings.flink_master), settings.flink_parallelism)
    yield _job_server(settings.flink_job_endpoint)


def _cluster(rest: FlinkRest, parallelism: int) -> Finding:
    try:
        found, slots = rest.version(), rest.slots()
    except EngineFailed as failure:
        return Finding("Flink", "missing", str(failure), NAME_IT)
    told = f"{found} at {rest.address}, {slots} slots for flink_parallelism {parallelism}"
    line = ".".join(found.split(".")[:2])
    if line not in LINES:
        step = f"use a cluster of Flink {LINE}, and Beam's job server for it"
        return Finding("Flink", "missing", f"{told}; Beam {version('apache-beam')} runs on {', '.join(LINES)}", step)
    if slots < parallelism:
        return Finding("Flink", "missing", told, "start more TaskManagers, or lower flink_parallelism")
    if line != LINE:
        step = f"tested is {LINE}; the job server must be of the cluster's own line, beam-runners-flink-{line}"
        return Finding("Flink", "warning", told, step)
    return Finding("Flink", "ok", told)


def _job_server(endpoint: str) -> Finding:
    step = f"start Beam's job server (org.apache.beam:beam-runners-flink-{LINE}), or name it with flink_job_endpoint"
    try:
        missing = NEEDED - job_server_options(endpoint)
    except EngineFailed as failure:
        return Finding("job server", "missing", str(failure), step)
    if missing:
        told = f"{endpoint} is no job server for Flink, or too old: it knows no {', '.join(sorted(missing))}"
        return Finding("job server", "missing", told, step)
    return Finding("job server", "ok", f"{endpoint}, for a pool of workers that run Beam {version('apache-beam')}")
