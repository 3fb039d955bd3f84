"""What a Flink cluster says over REST: its version, its jobs, why they failed, how their checkpoints went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

import grpc

from pipelines.failures import EngineFailed

REQUEST_SECONDS = 10.0
OVER = frozenset({"CANCELED", "FAILED", "FINISHED"})
"""States that a job does not leave."""


@dataclass(frozen=True)
class FlinkJob:
    """A job by Flink's own id, and its state: one of Flink's words, such as RUNNING or RESTARTING."""

    job_id: str
    name: str
    state: str


@dataclass(frozen=True)
class Trouble:
    """Why a job, or a task of it, failed: Java's stack trace with what a worker raised in it; milliseconds."""

    at: int
    told: str


@dataclass(frozen=True)
class Checkpoints:
    """How many completed, the size of the last in bytes and where it is kept, and which one the job went on from."""

    completed: int
    last_bytes: int | None
    last_path: str | None
    restored_from: str | None


@dataclass(frozen=True)
class FlinkRest:
    """The JobManager at `address`, host:port. Every question raises EngineFailed when it does not answer."""

    address: str

    def version(self) -> str:
        return str(self._get("/config")["flink-version"])

    def task_managers(self) -> int:
        return len(self._get("/taskmanagers")["taskmanagers"])

    def slots(self) -> int:
        """Of all TaskManagers, whether a job has them or not."""
        return int(self._get("/overview")["slots-total"])

    def jobs(self) -> list[FlinkJob]:
        """Those that run, and those that are over and not forgotten yet."""
        return [FlinkJob(one["jid"], one["name"], one["state"]) for one in self._get("/jobs/overview")["jobs"]]

    def state(self, job_id: str) -> str:
        return str(self._get(f"/jobs/{job_id}")["state"])

    def troubles(self, job_id: str) -> Sequence[Trouble]:
        """The last first, concurrent ones of other tasks included."""
        entries = self._get(f"/jobs/{job_id}/exceptions?maxExceptions=5")["exceptionHistory"]["entries"]
        every = [one for entry in entries for one in (entry, *entry.get("concurrentExceptions", ()))]
        return [Trouble(int(one["timestamp"]), str(one["stacktrace"])) for one in every]

    def checkpoints(self, job_id: str) -> Checkpoints:
        told = self._get(f"/jobs/{job_id}/checkpoints")
        last, restored = (told["latest"][which] or {} for which in ("completed", "restored"))
        return Checkpoints(
            int(told["counts"]["completed"]),
            last.get("state_size"),
            last.get("external_path"),
            restored.get("external_path"),
        )

    def cancel(self, job_id: str) -> None:
        """Asks for it; the job is CANCELLING for a while."""
        self._ask("PATCH", f"/jobs/{job_id}?mode=cancel")

    def _get(self, path: str) -> Any:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str) -> Mapping[str, Any]:
        connection = HTTPConnection(self.address, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status >= 400:
                raise EngineFailed(f"Flink's JobManager at {self.address} refuses {method} {path}: {content[:300]!r}")
            return dict(json.loads(content or b"{}"))
        except (OSError, HTTPException, ValueError) as error:
            raise EngineFailed(
                f"Flink's JobManager does not answer at http://{self.address} ({error}): look whether the cluster is "
                "up and --flink-master names its REST address, host:port"
            ) from error
        finally:
            connection.close()


def speaks_grpc(endpoint: str, seconds: float) -> bool:
    """Whether a gRPC server answers at host:port within so long."""
    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=seconds)
        except grpc.FutureTimeoutError:
            return False
        return True
