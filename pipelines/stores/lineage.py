"""Lineage: what a run of a job reads and writes, handed to an OpenLineage backend by OpenLineage's own client."""

import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pipelines.failures import CodetrailError
from pipelines.rules.privacy import redact_text

RUNNING_SECONDS = 300.0
PATIENCE_SECONDS = 5.0
CONFIGURED = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")
FILE = "openlineage.yml"
# What the client and its transports raise, requests' errors among them. Another one ends the sending thread alone.
UNSENT = (OSError, RuntimeError, ValueError, TypeError, LookupError, ImportError)
State = Literal["START", "RUNNING", "COMPLETE", "FAIL", "ABORT"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that a check asked of a data set; `broken` rows are not as it asks, None where all are."""

    expectation: str
    why: str
    severity: Literal["error", "warn"] = "error"
    broken: int | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is read or written, by OpenLineage's names for its kind; `rows` are those that the run wrote."""

    namespace: str
    name: str
    columns: tuple[tuple[str, str], ...] = ()
    version: str | None = None
    rows: int | None = None
    assertions: tuple[Assertion, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run reads and writes, as far as is known now."""

    inputs: tuple[DataSet, ...] = ()
    outputs: tuple[DataSet, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A run of a job: where and how the job is named, which run it is, and whether it ends by itself."""

    namespace: str
    name: str
    run_id: str
    is_endless: bool = False


def is_wanted(environment: Mapping[str, str], folders: tuple[Path, ...]) -> bool:
    """Whether OpenLineage is configured, by its variables or by its file in one of these folders, and installed.

    Configured and not installed is told as a warning. Imports nothing of OpenLineage.
    """
    if environment.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    said = next((name for name in sorted(environment) if name.startswith(CONFIGURED)), None)
    said = said or next((str(folder / FILE) for folder in folders if (folder / FILE).is_file()), None)
    if said is not None and find_spec("openlineage") is None:
        _warn(
            "no lineage is told",
            f"{said} asks for it, and openlineage-python is not installed",
            "pip install 'codetrail[openlineage]', or set OPENLINEAGE_DISABLED=true",
        )
        return False
    return said is not None


class Telling:
    """Tells of a run as a context: START, RUNNING every five minutes of an endless one, then how it ended.

    `facts` is asked for each. Events are sent in their order by a thread of their own, for which the end waits five
    seconds at most. A backend that is away is told once in the log until it is back, and stops nothing.
    """

    def __init__(
        self,
        job: Job,
        facts: Callable[[], Facts],
        now: Callable[[], datetime],
        *,
        seconds: float = RUNNING_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._job, self._facts, self._now = job, facts, now
        self._seconds, self._patience = seconds, patience
        self._known = Facts()
        self._is_told = False
        self._telling = threading.Lock()  # of that, by the run and by the sender
        self._over = threading.Event()
        self._waiting: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send, name="lineage", daemon=True)
        self._teller = threading.Thread(target=self._tell_now_and_then, name="lineage running", daemon=True)

    def __enter__(self) -> Self:
        self._sender.start()
        self._tell("START")
        if self._job.is_endless:
            self._teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if self._job.is_endless:
            self._teller.join()
        if kind is None:
            self._tell("COMPLETE")
        else:
            failed = issubclass(kind, Exception)  # Ctrl-C and its like are none
            self._tell("FAIL" if failed else "ABORT", redact_text(f"{kind.__name__}: {error}"))
        self._waiting.put(None)
        self._sender.join(self._patience)
        if self._sender.is_alive():
            self._tell_unsent(f"no answer within {self._patience:g} s")

    def _tell(self, state: State, failure: str | None = None) -> None:
        with suppress(CodetrailError, OSError):  # then no more is known than before
            self._known = self._facts()
        self._waiting.put(partial(_event, state, self._job, self._known, self._now(), failure))

    def _tell_now_and_then(self) -> None:
        while not self._over.wait(self._seconds):
            self._tell("RUNNING")

    def _send(self) -> None:
        """Each event in its turn; the client tries as often as it is configured to."""
        client: Any = None
        while (event := self._waiting.get()) is not None:
            try:
                client = client or _client()
                client.emit(event())
                self._is_told = False
            except UNSENT as error:
                self._tell_unsent(f"{type(error).__name__}: {error}")
        if client is not None:
            client.close(self._patience)

    def _tell_unsent(self, why: str) -> None:
        with self._telling:
            if not self._is_told:
                _warn("lineage not sent", why, "nothing stops; look at the backend and at OpenLineage's settings")
            self._is_told = True


def _warn(what: str, why: str, next_step: str) -> None:
    from pipelines.logs import log  # where nothing is told it costs nothing

    log.warning(what, why=why, next=next_step)


def _client() -> Any:
    from openlineage.client import OpenLineageClient

    return OpenLineageClient()


def _event(state: State, job: Job, facts: Facts, at: datetime, failure: str | None) -> Any:
    from pipelines.stores.lineage_events import event

    return event(state, job, facts, at, failure)
