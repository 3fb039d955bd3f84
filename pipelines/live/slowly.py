"""Slowly: what costs more and moves less is made anew by turns, so that no look is much dearer than another."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

EVERY = timedelta(seconds=5)
LATEST = 2 * EVERY

T = TypeVar("T")


class Slowly:
    """Named parts that each hold for EVERY; of those that are older, one look makes the oldest anew.

    A look that is busy, because something arrived, leaves it to one that is not, if that comes before LATEST.
    """

    def __init__(self) -> None:
        self._made_at: dict[str, datetime] = {}
        self._made: dict[str, Any] = {}
        self._turn: str | None = None

    def look(self, now: datetime, *, is_busy: bool) -> None:
        """A new look begins."""
        self._now, self._turn = now, self.due(now, LATEST if is_busy else EVERY)

    def due(self, now: datetime, after: timedelta = EVERY) -> str | None:
        """The part whose turn it is; None while all are younger than `after`."""
        due = [name for name, at in self._made_at.items() if now - at >= after]
        return min(due, key=self._made_at.__getitem__, default=None)

    def of(self, name: str, make: Callable[[], T]) -> T:
        """A part as it was made last; `make` makes it in its turn, and the first time."""
        if name not in self._made or name == self._turn:
            self._made[name], self._made_at[name] = make(), self._now
        part: T = self._made[name]
        return part
