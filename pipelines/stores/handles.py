"""Handles: open tables kept at hand, so that looking at one again reads only the commits since."""

import threading
import time

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

TRUSTED_SECONDS = 60.0
"""A handle that was not looked at for longer is opened anew: its next commits may be cleaned out of the log, and
would then look as if there were none. The log keeps commits for longer than this."""


class _Handles(threading.local):
    """Of each thread its own, since a handle changes when it is brought up to date."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[DeltaTable, float]] = {}


_HANDLES = _Handles()


def newest(uri: str) -> DeltaTable:
    """The table as it is now; raises DeltaError or OSError when it cannot be read.

    The handle is this thread's: whoever holds two of one table holds the same.
    """
    now = time.monotonic()
    held, looked_at = _HANDLES.held.pop(uri, (None, now))
    if held is None or now - looked_at > TRUSTED_SECONDS:
        held = DeltaTable(uri)
    else:
        try:
            held.update_incremental()
        except DeltaError:  # a checkpoint or a commit was cleaned away in between
            held = DeltaTable(uri)
    _HANDLES.held[uri] = (held, now)
    return held


def forget(uri: str) -> None:
    """The table is another one from now on: for who makes it."""
    _HANDLES.held.pop(uri, None)
