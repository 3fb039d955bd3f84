"""Slowly: what costs more and moves less is made anew by turns, so that no look is much dearer than another."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

EVERY = timedelta(seconds=5)

T = TypeVar("T")


class Slowly:
    """Named parts that each hold for EVERY; of those that are older, one look makes the oldest anew."""

    def __init__(self) -> None:
        self._made_at: dict[str, datetime] = {}
        self._made: dict[str, Any] = {}
        self._turn: str | None = None

    def look(self, now: datetime) -> None:
        """A new look begins."""
        self._now, self._turn = now, self.due(now)

    def due(self, now: datetime) -> str | None:
        """The part whose turn it is; None while all hold."""
        due = [name for name, at in self._made_at.items() if now - at >= EVERY]
        return min(due, key=self._made_at.__getitem__, default=None)

    def of(self, name: str, make: Callable[[], T]) -> T:
        """A part as it was made last; `make` makes it in its turn, and the first time."""
        if name not in self._made or name == self._turn:
            self._made[name], self._made_at[name] = make(), self._now
        part: T = self._made[name]
        return part
