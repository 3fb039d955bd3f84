"""Beat: an endless run tells every two seconds that it lives and reads, and asks whether the lake is still its own."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from pipelines.failures import LakeUnavailable, Superseded
from pipelines.logs import log
from pipelines.stages.sightings import SIGHTINGS, Sightings
from pipelines.stages.stream import STOPPING
from pipelines.stores.heartbeat import Heartbeat, PartitionLag, State, write_heartbeat
from pipelines.stores.kafka_lag import Lag
from pipelines.stores.lake import Lake

BEAT_SECONDS = 2.0


class Heart:
    """Beats, as a context, from the moment that a run of this process has taken the lake over: also while it waits.

    When a later run has taken the lake over, the streams of this process are ended, also where nothing comes. A
    heartbeat that cannot be written is told once and stops nothing.
    """

    def __init__(
        self,
        lake: Lake,
        now: Callable[[], datetime],
        *,
        seconds: float = BEAT_SECONDS,
        sightings: Sightings = SIGHTINGS,
    ) -> None:
        self._lake, self._now, self._seconds, self._sightings = lake, now, seconds, sightings
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_now_and_then, name="heart", daemon=True)
        self._said: Heartbeat | None = None
        self._epoch: int | None = None  # of the run that has the lake; None while another may be taking it over
        self._begun_at = 0.0
        self._is_told = False

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._say("ended" if kind is None else "failed", None if kind is None else kind.__name__)

    def begun(self, epoch: int, engine: str) -> None:
        """A run has taken the lake over: from now on it is alive."""
        self._begun_at = time.monotonic()
        with self._lock:
            self._epoch, self._said = epoch, newborn(epoch, engine, self._now())
        self._say("running")

    def waits(self, reason: str) -> None:
        """The run has failed, and is to go on soon."""
        self._say("waiting", reason)

    def measured(self, lags: Iterable[Lag]) -> None:
        """How far the run is behind now: the next beat tells it."""
        now = self._now()
        found = {
            f"{lag.topic}/{lag.partition}": PartitionLag(lag.messages, lag.seconds(now.timestamp()), lag.end)
            for lag in lags
        }
        with self._lock:
            if self._said is not None:
                self._said = replace(self._said, lag_at=now, partitions=found)

    def goes_on(self) -> None:
        """A run of this process may take the lake over; raises Superseded if another's has done so, LakeUnavailable.

        Until the next one has begun nobody can tell whose a later epoch is: it may fail while it takes the lake over.
        """
        with self._lock:
            self._require_newest()
            self._epoch = None

    def _require_newest(self) -> None:
        if self._epoch is not None:
            self._lake.require_newest(self._epoch)

    def _beat_now_and_then(self) -> None:
        while not self._over.wait(self._seconds):
            try:
                with self._lock:
                    self._require_newest()
            except Superseded:
                STOPPING.set()
            except LakeUnavailable:
                pass  # whatever commits next says so
            self._say()

    def _say(self, state: State | None = None, reason: str | None = None) -> None:
        """One beat; without a state, in the one of before. Nothing is said before a run has begun."""
        with self._lock:
            if self._said is None:
                return
            if state is not None:
                self._said = replace(self._said, state=state, reason=reason)
            now, age = self._now(), self._sightings.seconds_since_turn()
            away = self._sightings.seconds_without_broker()
            has_read = age is not None and age <= time.monotonic() - self._begun_at
            self._said = replace(
                self._said,
                beat_at=now,
                read_at=now - timedelta(seconds=age) if age is not None and has_read else None,
                broker_away_since=None if away is None else now - timedelta(seconds=away),
            )
            self._is_told = not leave(self._lake, self._said, is_told=self._is_told)


def newborn(epoch: int, engine: str, now: datetime) -> Heartbeat:
    """The first word of a run of this process."""
    return Heartbeat(epoch, os.getpid(), socket.gethostname(), engine, started_at=now, beat_at=now, state="running")


def leave(lake: Lake, heartbeat: Heartbeat, *, is_told: bool = False) -> bool:
    """Writes a heartbeat into the lake; False if that cannot be done, which is logged unless it `is_told` already."""
    try:
        write_heartbeat(lake.root, heartbeat)
    except OSError as error:
        if not is_told:
            log.warning("heartbeat not written", why=str(error), next="the run goes on; free space or mend permissions")
        return False
    return True
