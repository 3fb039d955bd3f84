"""Releases: what people did with rejected messages, each step written down before and after it is taken."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl

from pipelines.failures import LakeUnavailable
from pipelines.stores.lake import Lake, reporting
from pipelines.stores.tables import QUARANTINE_RELEASES

TABLE = "quarantine_releases"
Rejected = tuple[str, int, int]
"""The place of a rejected message: topic, partition, offset."""


class Action(StrEnum):
    """What was done; of a message's actions the first in this order says where it stands."""

    REQUEUED = "requeued"
    SENDING = "sending"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Release:
    """One row of `quarantine_releases`, its columns in their order."""

    topic: str
    partition: int
    offset: int
    action: Action
    released_at: datetime
    released_by: str
    mend: str | None = None
    note: str | None = None
    new_partition: int | None = None
    new_offset: int | None = None
    digest: str | None = None

    @property
    def place(self) -> Rejected:
        return self.topic, self.partition, self.offset


def releases(lake: Lake) -> list[Release]:
    """All of them, the oldest first; none where an older lake has no such table."""
    if not lake.exists(TABLE):
        return []
    rows = lake.read(TABLE).sort("released_at", maintain_order=True)
    return [Release(**row | {"action": Action(row["action"])}) for row in rows.iter_rows(named=True)]


def standing(done: Iterable[Release]) -> Mapping[Rejected, Action]:
    """Where each message stands that anything was done with; all others are open."""
    ranks = list(Action)
    found: dict[Rejected, Action] = {}
    for release in done:
        found[release.place] = min(release.action, found.get(release.place, release.action), key=ranks.index)
    return found


def record(lake: Lake, done: Iterable[Release]) -> None:
    """Writes these down as one commit, beside whatever run is at work; raises LakeUnavailable."""
    frame = pl.DataFrame([astuple(one) for one in done], schema=pl.Schema(QUARANTINE_RELEASES), orient="row")
    if frame.height:
        lake.note(TABLE, frame.to_arrow().cast(QUARANTINE_RELEASES))


@contextmanager
def alone(lake: Lake) -> Iterator[None]:
    """Only one at a time releases messages of a lake: what another may be sending, nobody can look for.

    Raises LakeUnavailable while another does; a process that was killed does not any more.
    """
    lake.create()
    with reporting(lake.uri(TABLE)):
        folder = os.open(lake.root / TABLE, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LakeUnavailable(
                f"another `codetrail quarantine` command is at work on {lake.root}: run again when it has ended"
            ) from error
        yield
    finally:
        os.close(folder)
