"""Heartbeat: whether a run lives, for who sees only the lake: a small file beside its tables, and how to judge it."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

FILE = "_heartbeat.json"
STAGED = "_heartbeat.{}.tmp"  # by epoch
PATIENCE = timedelta(seconds=10)  # five beats

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
State = Literal["running", "waiting", "failed", "ended"]
Condition = Literal["none", "starting", "reading", "stuck", "broker_away", "waiting", "dead", "failed", "ended"]
BEATING: tuple[State, ...] = ("running", "waiting")


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How far a partition's end is ahead of what has landed, and how long the first of these messages has waited."""

    lag_messages: int
    lag_seconds: float
    end_offset: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a run last said of itself: `running`, `waiting` to go on after a failure, `failed` for good, or `ended`.

    `reason` is the name of the failure. All instants are by the run's clock, but the time between `read_at` or
    `broker_away_since` and `beat_at` is by one that nobody can set. `read_at` is when its readers last came round,
    null until they begin, and for a bounded run. `broker_away_since` is null while a broker is connected. `partitions`
    are the lags by `topic/partition` as they were at `lag_at`, none until they are measured.
    """

    epoch: int
    pid: int
    host: str
    engine: str
    started_at: Instant
    beat_at: Instant
    state: State
    reason: str | None = None
    read_at: Instant | None = None
    broker_away_since: Instant | None = None
    lag_at: Instant | None = None
    partitions: Mapping[str, PartitionLag] = field(default_factory=dict)


def read_heartbeat(lake_root: Path) -> Heartbeat | None:
    """What the newest run said last; None if none has said anything, or it cannot be read. Never raises."""
    return heartbeat_or_problem(lake_root)[0]


def heartbeat_or_problem(lake_root: Path) -> tuple[Heartbeat | None, str | None]:
    """The heartbeat, or why it cannot be read; neither where no run has left one. Never raises."""
    file = lake_root / FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=Heartbeat), None
    except FileNotFoundError:
        return None, None
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.MsgspecError) as error:
        return None, f"{file} cannot be read ({error}): a run's next beat replaces it"


def write_heartbeat(lake_root: Path, heartbeat: Heartbeat) -> bool:
    """Replaces the file, whole; False, and nothing is written, if it is a later run's. Raises OSError."""
    there = read_heartbeat(lake_root)
    if there is not None and there.epoch > heartbeat.epoch:
        return False
    staged = lake_root / STAGED.format(heartbeat.epoch)
    try:
        staged.write_bytes(msgspec.json.encode(heartbeat))
        staged.replace(lake_root / FILE)
    except OSError:
        with suppress(OSError):
            staged.unlink(missing_ok=True)
        raise
    return True


def is_alive(heartbeat: Heartbeat | None, now: datetime, patience: timedelta = PATIENCE) -> bool:
    """Whether the run's process beat within `patience` of `now`; a beat from the future is none.

    For who looks once and goes by the clock; a Pulse is for who looks again.
    """
    return heartbeat is not None and heartbeat.state in BEATING and abs(now - heartbeat.beat_at) <= patience


def follower(lake_root: Path, now: datetime) -> Heartbeat | None:
    """The run that lives and does not end by itself; one that reads to an end is superseded instead."""
    heartbeat = read_heartbeat(lake_root)
    follows = heartbeat is not None and heartbeat.engine != "direct" and is_alive(heartbeat, now)
    return heartbeat if follows else None


class Pulse:
    """Whether a run lives, for who looks again and again: its beat has changed within `patience` by one's own clock.

    No clock that is set, here or where the run is, makes a dead run live, or a living one dead for long. Only the
    first look goes by the clock, and one that comes after more than `patience` without any.
    """

    def __init__(self, patience: timedelta = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._looked_at: float | None = None
        self._beat: tuple[int, datetime] | None = None
        self._changed_at: float | None = None

    def is_alive(self, heartbeat: Heartbeat | None, now: datetime) -> bool:
        """Takes in what the file says at this look."""
        here, patience = self._clock(), self._patience.total_seconds()
        is_first = self._looked_at is None or here - self._looked_at > patience
        self._looked_at = here
        if heartbeat is None:
            return False
        beat = heartbeat.epoch, heartbeat.beat_at
        if is_first or self._beat is None:
            age = max(0.0, (now - heartbeat.beat_at).total_seconds())
            self._changed_at = here - age if is_alive(heartbeat, now, self._patience) else None
        elif beat != self._beat:
            self._changed_at = here
        self._beat = beat
        return heartbeat.state in BEATING and self._changed_at is not None and here - self._changed_at <= patience


def condition(heartbeat: Heartbeat | None, *, is_alive: bool) -> Condition:
    """How the run that left this heartbeat is doing, in a word; whether it `is_alive` is a Pulse's to say.

    `starting`: it attributes what a crash left, and its engine starts. `stuck`: its process lives and its readers
    have not come round for more than the patience. `dead`: it ended without a word.
    """
    if heartbeat is None:
        return "none"
    if heartbeat.state == "failed" or heartbeat.state == "ended":
        return heartbeat.state
    if not is_alive:
        return "dead"
    if heartbeat.state == "waiting":
        return "waiting"
    if heartbeat.read_at is None:
        return "starting"
    if heartbeat.beat_at - heartbeat.read_at > PATIENCE:
        return "stuck"
    return "reading" if heartbeat.broker_away_since is None else "broker_away"
