"""Handles: the logs of tables kept at hand, so that looking at one again reads only the commits since."""

import threading
import time
from pathlib import Path

from pipelines.stores.table_log import TRUSTED_SECONDS, TableLog


class _Handles(threading.local):
    """Of each thread its own, since a handle changes when it is brought up to date."""

    def __init__(self) -> None:
        self.held: dict[Path, tuple[TableLog, float]] = {}


_HANDLES = _Handles()


def newest(folder: Path) -> TableLog:
    """The table as it is now; raises DeltaError or OSError when it cannot be read.

    The handle is this thread's: whoever holds two of one table holds the same.
    """
    now = time.monotonic()
    held, looked_at = _HANDLES.held.pop(folder, (None, now))
    if held is None or now - looked_at > TRUSTED_SECONDS:
        held = TableLog(folder)
    else:
        held.catch_up()
    _HANDLES.held[folder] = (held, now)
    return held
