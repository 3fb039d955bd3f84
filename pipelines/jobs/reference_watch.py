"""The reference watch: an endless run sees within seconds that the reference data changed, and begins again by them."""

import threading
from pathlib import Path

from pipelines.failures import CodetrailError
from pipelines.jobs.begin import World
from pipelines.logs import log
from pipelines.stages.stream import STOPPING
from pipelines.stores.rulebook import rulebook

LOOK_SECONDS = 1.0
Sight = tuple[tuple[str, int, int], ...]
"""Of each file its name, its size and when it was written."""


class ReferenceChanged(Exception):
    """The streams were ended because the reference data changed: the run is to begin again, at once."""


class ReferenceWatch:
    """As a context, looks at the reference files every second, and ends the streams when another version is there.

    A change is read once two looks find the same files, so that one which is being written is left alone. Data that are
    wrong are told once and change nothing: the run goes on by those that it has.
    """

    def __init__(self, world: World, version: str, *, seconds: float = LOOK_SECONDS) -> None:
        self._world, self._version, self._seconds = world, version, seconds
        self._over = threading.Event()
        self._has_changed = threading.Event()
        self._thread = threading.Thread(target=self._look_now_and_then, name="reference", daemon=True)
        self._read: Sight | None = None

    def __enter__(self) -> "ReferenceWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def has_changed(self) -> bool:
        return self._has_changed.is_set()

    def _look_now_and_then(self) -> None:
        before: Sight | None = None
        while not self._over.wait(self._seconds):
            seen = sight(self._world.workspace.root / "reference")
            if seen == before and seen != self._read and self._is_other(seen):
                self._has_changed.set()
                STOPPING.set()
                return
            before = seen

    def _is_other(self, seen: Sight) -> bool:
        self._read = seen
        try:
            reference = self._world.reference()
            version = rulebook(reference, self._world.settings).reference_version
        except (CodetrailError, OSError) as problem:
            log.warning("reference data not usable", why=str(problem), next="the run goes on by those that it has")
            return False
        if version != self._version:
            log.info("reference data changed", before=self._version, reference=version)
        return version != self._version


def sight(folder: Path) -> Sight:
    """What the files of a folder look like from outside; empty where it cannot be looked at."""
    try:
        found = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    except OSError:
        return ()
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)
