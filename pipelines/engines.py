"""Engines: where a pipeline runs. Nothing else in the project knows."""

import gc
import logging
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.portability.prism_runner import PrismJobServer
from apache_beam.runners.worker import sdk_worker
from apache_beam.runners.worker.bundle_processor import BundleProcessor

from pipelines.failures import FAILURES, CodetrailError, EngineFailed
from pipelines.garbage import looked_for_seldom

Build = Callable[[beam.Pipeline], None]
_WHERE = re.compile(r"(?: \[while running '[^']*'\])+$")
_RAISED = re.compile(r"^(?:pipelines\.failures\.)?(\w+): (.*?)(?: \[while running .*)?$", re.MULTILINE)
_LOST = "nothing in progress and no refreshes with non zero pending elements"
_START_SECONDS = 30.0
_WATCH_SECONDS = 0.5
_LAST_WORDS_SECONDS = 5  # for a failure that came with the engine's end
_FOR_YEARS = 10 * 365 * 86_400  # seconds
_JOBLESS_SECONDS = 10  # how long Prism waits for a job, as of a run that is killed before it has one
_UNTIL_ORPHANED = "cat > /dev/null; kill -KILL $0"  # what stands on its input ends with the process that holds it


def run_direct(build: Build) -> Mapping[str, int]:
    """Runs a bounded pipeline in this process; its counters by `namespace/name`.

    The runner is taken by class: Beam's `DirectRunner` is a switch whose choice varies by machine.
    Raises what a stage raised.
    """
    quieten_beam()
    pipeline = beam.Pipeline(FnApiRunner(), options=PipelineOptions([]))
    build(pipeline)
    try:
        with _garbage_looked_for_seldom():
            return _finished(pipeline)
    except (CodetrailError, RuntimeError) as error:
        raise as_failure(error) from error


def run_prism(build: Build, binary: str | None) -> Mapping[str, int]:
    """Runs an endless pipeline on a Prism of its own, its stages in this process, until its sources are through.

    Raises what a stage raised, and EngineFailed when Prism does not start or is gone.
    """
    quieten_beam()
    _keep_bundles_whole()
    with _prism(binary or _downloaded()) as (process, endpoint):
        options = ["--streaming", f"--job_endpoint={endpoint}", "--environment_type=LOOPBACK", "--job_name=codetrail"]
        options += [f"--job_server_timeout={_FOR_YEARS}"]  # Beam counts watching the job as one request to Prism
        pipeline = beam.Pipeline(PortableRunner(), options=PipelineOptions(options))
        build(pipeline)
        try:
            with _garbage_looked_for_seldom():
                return _while_alive(process, lambda: _finished(pipeline))
        except (CodetrailError, RuntimeError, grpc.RpcError) as error:
            raise as_failure(error) from error


@contextmanager
def _garbage_looked_for_seldom() -> Iterator[None]:
    """What was imported lives to the end, and what a block is made of goes by itself: nothing need look at either."""
    gc.freeze()
    try:
        with looked_for_seldom():
            yield
    finally:
        gc.unfreeze()  # what is frozen when the process ends, DuckDB reports as leaks


def _finished(pipeline: beam.Pipeline) -> Mapping[str, int]:
    result = pipeline.run()
    result.wait_until_finish()
    return _counters(result)


def _while_alive(process: subprocess.Popen[bytes], work: Callable[[], Mapping[str, int]]) -> Mapping[str, int]:
    """What `work` returns or raises; EngineFailed when the process ends first, for which some calls of Beam wait on."""
    future: Future[Mapping[str, int]] = Future()
    threading.Thread(target=fulfil, args=(future, work), name="engine", daemon=True).start()
    while process.poll() is None and not wait([future], timeout=_WATCH_SECONDS).done:
        pass
    if wait([future], timeout=_LAST_WORDS_SECONDS).done:
        return future.result()
    raise EngineFailed("Prism is gone")


def fulfil(future: Future[Mapping[str, int]], work: Callable[[], Mapping[str, int]]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 (whoever asks for the result gets it)
        future.set_exception(error)


@contextmanager
def _prism(binary: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Prism that serves this run alone and goes with it, also if it is killed."""
    with closing(socket.socket()) as chosen:
        chosen.bind(("localhost", 0))
        port = chosen.getsockname()[1]
    arguments = (f"--job_port={port}", "--serve_http=false", "--log_level=error", "--log_kind=json")
    process = subprocess.Popen(
        [binary, *arguments, f"--idle_shutdown_timeout={_JOBLESS_SECONDS}s"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt from the terminal is the run's to answer
    )
    with killed_with_this_process(process):
        endpoint = f"localhost:{port}"
        if not _answers(process, port):
            raise EngineFailed(f"{binary} does not answer at {endpoint}: look whether it runs by itself")
        yield process, endpoint


@contextmanager
def killed_with_this_process(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kills `process` when the block ends or this process does, however that is.

    Prism by itself may look for work for ever, and take a core for it, when the run that it works for is killed.
    """
    command = ["sh", "-c", _UNTIL_ORPHANED, str(process.pid)]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as guard:
            try:
                yield
            finally:
                guard.kill()  # before Prism: soon another process may have its number
    finally:
        process.kill()
        process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("localhost", port), timeout=_START_SECONDS).close()
        except OSError:
            time.sleep(_WATCH_SECONDS / 10)
        else:
            return True
    return False


def _downloaded() -> str:
    """Prism as Beam itself gets it."""
    server = PrismJobServer(PipelineOptions([]))
    try:
        return str(server.local_bin(*server.path_to_binary()))
    except (OSError, RuntimeError, ValueError) as error:
        raise EngineFailed(
            f"Prism is nowhere here, and Beam cannot download it ({error}): `codetrail doctor` says how to get it"
        ) from error


def quieten_beam() -> None:
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)  # it logs a trace of what it raises
    logging.getLogger("apache_beam.runners.worker").setLevel(logging.CRITICAL)
    logging.getLogger().addFilter(_is_not_of_prism)
    vars(sdk_worker)["print"] = _nothing  # it also prints that trace
    threading.excepthook = _without_lost_calls


def _keep_bundles_whole() -> None:
    """Prism splits a bundle that is slow and gives its rest to another at once, also where both are of one key.

    Two bundles of one key would read the same state, and one's would be lost: nothing is split here.
    """
    BundleProcessor.try_split = _without_splits


def _without_splits(*_: object) -> beam_fn_api_pb2.ProcessBundleSplitResponse:
    return beam_fn_api_pb2.ProcessBundleSplitResponse()


def _is_not_of_prism(record: logging.LogRecord) -> bool:
    """What Prism says of failed bundles, which the run's own failure tells."""
    return record.module != "portable_runner"


def _nothing(*_: object, **__: object) -> None:
    pass


def _without_lost_calls(raised: threading.ExceptHookArgs) -> None:
    """When Prism is gone each of Beam's threads would print a trace of that; the run says it once."""
    if not issubclass(raised.exc_type, grpc.RpcError):
        threading.__excepthook__(raised)


def _counters(result: beam.runners.runner.PipelineResult) -> Mapping[str, int]:
    totals: dict[str, int] = {}
    for counter in result.metrics().query()["counters"]:
        name = f"{counter.key.metric.namespace}/{counter.key.metric.name}"
        totals[name] = totals.get(name, 0) + (counter.committed or 0)
    return totals


def as_failure(error: Exception) -> Exception:
    """A runner adds a stage's label to an expected failure, or hands it over as text: it becomes itself again."""
    if isinstance(error, CodetrailError):
        return type(error)(_WHERE.sub("", str(error)))
    for name, message in reversed(_RAISED.findall(str(error))):
        if name in FAILURES:
            return FAILURES[name](message)
    if isinstance(error, grpc.RpcError):
        return EngineFailed("Prism is gone")
    if _LOST in str(error):  # of a bundle that failed Prism may tell only this, and nothing of what the stage raised
        return EngineFailed("Prism has lost count of its bundles, most likely as one of them failed")
    return error
