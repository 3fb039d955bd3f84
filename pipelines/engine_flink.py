"""The Flink engine: the same job on a cluster, handed over by a job server and watched over the cluster's own REST."""

import json
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import apache_beam as beam
import grpc
from apache_beam.io.flink.flink_streaming_impulse_source import FlinkStreamingImpulseSource
from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from apache_beam.runners.portability.portable_runner import PortableRunner

from pipelines.engines import Build, as_failure, fulfil, quieten_beam
from pipelines.failures import CodetrailError, EngineFailed
from pipelines.logs import log
from pipelines.stores.flink_rest import OVER, FlinkJob, FlinkRest

BUNDLE_ELEMENTS, BUNDLE_MILLISECONDS = 100, 100
LINE = "1.19"
"""Of Flink, what is tested."""
LINES: tuple[str, ...] = tuple(FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS)
"""What this Beam says it runs on."""
SEED_SECONDS = 60
_ANSWER_SECONDS = 5.0
_SUBMIT_SECONDS = 180.0
_CANCEL_SECONDS = 60.0
_GONE_SECONDS = 10.0  # a JobManager with a standby is back by then
_WATCH_SECONDS = 0.5
_POOL = re.compile(r"ExternalEnvironmentFactory|ExternalWorkerPool|StartWorker")
_NO_LAKE = re.compile(
    r"No such file or directory|not a Delta table|No files in log segment|TableNotFound", re.IGNORECASE
)


@dataclass(frozen=True)
class Flink:
    """Which cluster, and how the job runs on it.

    `master`, `job_endpoint` and `worker_pool` are host:port: the JobManager's REST, Beam's job server, and the pool of
    Python workers as each TaskManager sees it. A checkpoint is taken every `checkpoint_seconds`, kept below the URI
    `checkpoint_dir` (None: where the cluster's configuration says), and not deleted with the job.
    """

    master: str
    job_endpoint: str
    worker_pool: str
    parallelism: int
    checkpoint_seconds: float
    checkpoint_dir: str | None = None
    from_checkpoint: str | None = None

    @property
    def rest(self) -> FlinkRest:
        return FlinkRest(self.master)

    def flags(self, name: str) -> list[str]:
        """What Beam is told of a job of this name."""
        flags = [
            *("--streaming", f"--job_name={name}", f"--job_endpoint={self.job_endpoint}"),
            *("--environment_type=EXTERNAL", f"--environment_config={self.worker_pool}"),
            *(f"--parallelism={self.parallelism}", f"--checkpointing_interval={round(self.checkpoint_seconds * 1000)}"),
            *("--externalized_checkpoints_enabled", "--retain_externalized_checkpoints_on_cancellation"),
            # What a block became is whole on one side of a checkpoint, so that who adds it up may forget halves.
            "--finish_bundle_before_checkpointing",
            *(f"--max_bundle_size={BUNDLE_ELEMENTS}", f"--max_bundle_time_mills={BUNDLE_MILLISECONDS}"),
        ]
        if self.checkpoint_dir is not None:
            flags += ["--state_backend=filesystem", f"--state_backend_storage_path={self.checkpoint_dir}"]
        if self.from_checkpoint is not None:
            flags.append(f"--savepoint_path={self.from_checkpoint}")
        return flags


def seeds() -> beam.PTransform:
    """A source of empty elements for ever, at once and every SEED_SECONDS from each of the cluster's workers."""
    source = FlinkStreamingImpulseSource()
    source.config = {"interval_ms": SEED_SECONDS * 1000, "message_count": 0}
    return source


def require_flink(flink: Flink) -> None:
    """Raises EngineFailed that names what is missing: the JobManager, slots for the workers, or the job server."""
    if (slots := flink.rest.slots()) < flink.parallelism:
        raise EngineFailed(
            f"the cluster at {flink.master} has {slots} slots for a parallelism of {flink.parallelism}: start more "
            "TaskManagers, or lower --parallelism"
        )
    job_server_options(flink.job_endpoint)


def job_server_options(endpoint: str) -> frozenset[str]:
    """The names of the options that a job server knows; raises EngineFailed when none answers."""
    asked = beam_job_api_pb2.DescribePipelineOptionsRequest()
    with grpc.insecure_channel(endpoint) as channel:
        try:
            stub = beam_job_api_pb2_grpc.JobServiceStub(channel)
            told = stub.DescribePipelineOptions(asked, timeout=_ANSWER_SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            raise EngineFailed(
                f"Beam's job server does not answer at {endpoint}: start it with the --flink-master of the cluster, or "
                "name it with --job-endpoint"
            ) from error
    return frozenset(option.name for option in told.options)


def cancel_jobs(flink: Flink, prefix: str) -> None:
    """Ends jobs whose name begins so, which a run that was killed has left behind; raises EngineFailed."""
    for job in flink.rest.jobs():
        if job.name.startswith(prefix) and job.state not in OVER:
            log.info("earlier job cancelled", job=job.job_id, name=job.name)
            _cancelled(flink.rest, job.job_id)


def run_flink(
    build: Build,
    flink: Flink,
    name: str,
    stopping: threading.Event,
    reads: Callable[[], None],
    final: tuple[type[CodetrailError], ...],
) -> None:
    """Runs an endless pipeline on the cluster until `stopping` is set, then cancels it.

    `name` is the job's own. `reads` is called whenever a checkpoint has been completed, which passes through every
    step. Of what a stage raises, Flink itself tries again from its last checkpoint, but for the `final` failures, which
    are raised here. Raises EngineFailed when the job cannot be submitted, fails for good, or is gone.
    """
    quieten_beam()
    submission = _submission(build, PipelineOptions(flink.flags(name)))
    watch = _Watch(flink, _begun(flink, name, submission, stopping), reads, final)
    try:
        while not stopping.wait(_WATCH_SECONDS):
            watch.look()
    finally:
        watch.end()


def _submission(build: Build, options: PipelineOptions) -> Future[None]:
    """The job on its way to the cluster; what becomes of it there does not depend on this any more."""

    def submit() -> None:
        pipeline = beam.Pipeline(PortableRunner(), options=options)
        build(pipeline)
        pipeline.run().wait_until_finish()

    future: Future[None] = Future()
    threading.Thread(target=fulfil, args=(future, submit), name="submission", daemon=True).start()
    return future


def _begun(flink: Flink, name: str, submission: Future[None], stopping: threading.Event) -> FlinkJob:
    until = time.monotonic() + _SUBMIT_SECONDS
    while time.monotonic() < until:
        for job in flink.rest.jobs():
            if job.name == name:
                log.info("job submitted", job=job.job_id, master=flink.master, parallelism=flink.parallelism)
                return job
        if submission.done():
            error = submission.exception()
            if isinstance(error, (RuntimeError, grpc.RpcError, CodetrailError)):
                raise EngineFailed(
                    f"the job server at {flink.job_endpoint} could not hand the job over: {_first(str(error))}"
                )
            submission.result()
        stopping.wait(_WATCH_SECONDS)
    raise EngineFailed(
        f"the job server at {flink.job_endpoint} has not handed the job over to {flink.master} in "
        f"{_SUBMIT_SECONDS:.0f} s: look at its log, and whether it was started with this --flink-master"
    )


class _Watch:
    """Looks how the job is doing, and says what is new."""

    def __init__(
        self,
        flink: Flink,
        job: FlinkJob,
        reads: Callable[[], None],
        final: tuple[type[CodetrailError], ...],
    ) -> None:
        self._flink, self._rest, self._job_id = flink, flink.rest, job.job_id
        self._reads, self._final = reads, final
        self._is_over = False
        self._answered_at = time.monotonic()
        self._checkpoints = 0
        self._troubled_at = 0

    def look(self) -> None:
        """Raises what ends the run."""
        try:
            state = self._rest.state(self._job_id)
            self._tell_troubles()
            self._tell_checkpoints()
        except EngineFailed as failure:
            if time.monotonic() - self._answered_at > _GONE_SECONDS:
                self._is_over = True
                raise EngineFailed(f"the job is gone from the cluster, or the cluster itself: {failure}") from failure
            return
        self._answered_at = time.monotonic()
        if state in OVER:
            self._is_over = True
            raise EngineFailed(f"the job {self._job_id} on {self._flink.master} is {state}: {self._last_trouble()}")

    def end(self) -> None:
        if not self._is_over:
            _cancelled(self._rest, self._job_id)

    def _tell_checkpoints(self) -> None:
        checkpoints = self._rest.checkpoints(self._job_id)
        if checkpoints.completed != self._checkpoints:
            self._checkpoints = checkpoints.completed
            self._reads()
            log.debug(
                "checkpoint", number=checkpoints.completed, bytes=checkpoints.last_bytes, kept=checkpoints.last_path
            )

    def _tell_troubles(self) -> None:
        new = [one for one in self._rest.troubles(self._job_id) if one.at > self._troubled_at]
        for trouble in sorted(new, key=lambda one: one.at):
            self._troubled_at = trouble.at
            failure = understood(trouble.told, self._flink.worker_pool)
            if isinstance(failure, self._final):
                raise failure
            log.warning("job failed, Flink goes on from its last checkpoint", why=_first(str(failure)))

    def _last_trouble(self) -> str:
        troubles = self._rest.troubles(self._job_id)
        return (
            _first(str(understood(troubles[0].told, self._flink.worker_pool))) if troubles else "somebody cancelled it"
        )


def understood(told: str, worker_pool: str) -> Exception:
    """What a stage raised, or which part is missing, by the stack trace that Flink keeps of a failed task."""
    failure = as_failure(RuntimeError(told))
    if isinstance(failure, CodetrailError):
        if _NO_LAKE.search(str(failure)):
            return EngineFailed(
                f"a worker does not find the lake ({failure}): mount the workspace's folder at this path wherever "
                "workers run"
            )
        return failure
    if _POOL.search(told):
        return EngineFailed(
            f"no worker pool answers a TaskManager at {worker_pool}: start one beside each TaskManager "
            "(python -m apache_beam.runners.worker.worker_pool_main), or name it with --worker-pool"
        )
    return failure


def _cancelled(rest: FlinkRest, job_id: str) -> None:
    """Returns when the job is over; raises EngineFailed."""
    rest.cancel(job_id)
    until = time.monotonic() + _CANCEL_SECONDS
    while rest.state(job_id) not in OVER:
        if time.monotonic() > until:
            raise EngineFailed(f"the job {job_id} is not cancelled in {_CANCEL_SECONDS:.0f} s: look at the cluster")
        time.sleep(_WATCH_SECONDS)


def _first(text: str) -> str:
    """The line of a stack trace that says most: the last cause's, or the first."""
    causes = [line for line in text.splitlines() if line.startswith("Caused by: ")]
    return json.dumps((causes or text.splitlines() or [""])[-1 if causes else 0][:500], ensure_ascii=False).strip('"')
