"""Sightings: what the readers of this process see of the cluster, said once, whichever of them sees it first."""

import threading
import time
from collections.abc import Callable

from pipelines import metrics
from pipelines.logs import log

PATIENCE = 5.0  # seconds without a broker that nobody need hear of: leaders move, machines are busy


class Sightings:
    """Says when the brokers go away, when one is back, and which partitions are new, and knows that readers read.

    Readers share it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._away_since: float | None = None
        self._is_told = False
        self._partitions: set[str] = set()
        self._turned_at: float | None = None

    def turn(self) -> None:
        """A reader has come round: it has asked for messages, whether there were any or not."""
        self._turned_at = self._clock()

    def seconds_since_turn(self) -> float | None:
        """How long ago a reader last came round; None if none ever has."""
        turned_at = self._turned_at
        return None if turned_at is None else self._clock() - turned_at

    def seconds_without_broker(self) -> float | None:
        """For how long no reader has been connected; None while one is, and until somebody need hear of it."""
        with self._lock:
            return self._clock() - self._away_since if self._is_told and self._away_since is not None else None

    def broker(self, *, is_connected: bool) -> None:
        """Warns once when no reader has been connected for a while, and once when one is again."""
        with self._lock:
            if not is_connected:
                self._away()
            elif self._away_since is not None:
                if self._is_told:
                    seconds = round(self._clock() - self._away_since, 1)
                    log.warning("broker back", seconds=seconds)
                self._away_since, self._is_told = None, False
            metrics.broker_seen(is_up=not self._is_told)

    def partition(self, source: str, offset: int | None) -> None:
        """A `topic/partition` that this process reads from now on; None: from its oldest message."""
        with self._lock:
            if source in self._partitions:
                return
            self._partitions.add(source)
        topic, _, partition = source.partition("/")
        log.info("partition found", topic=topic, partition=int(partition), offset=offset)

    def _away(self) -> None:
        now = self._clock()
        if self._away_since is None:
            self._away_since = now
        if not self._is_told and now - self._away_since >= PATIENCE:
            self._is_told = True
            log.warning(
                "broker away", seconds=round(now - self._away_since, 1), next="reading goes on when one is back"
            )


SIGHTINGS = Sightings()
"""What this process has said."""
