"""Tokens: whether what a worker remembers of a key is the last word on it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar
from weakref import WeakSet

import apache_beam as beam
from apache_beam.coders import StrUtf8Coder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

TOKEN = ReadModifyWriteStateSpec("token", StrUtf8Coder())
OF_TOKEN = beam.DoFn.StateParam(TOKEN)
LOOKS_AT_HORIZON = timedelta(minutes=1)  # a horizon is a midnight: there is no hurry


class Closing(Protocol):
    """What holds rows since a horizon, and lets go of older ones."""

    horizon: int

    def close(self, horizon: int) -> None:
        """Lets go of what is older than a later horizon."""


Held = TypeVar("Held", bound=Closing)


class Turn:
    """A bundle's time with a key, from `take` to `put`; not alone where another bundle's overlaps with it."""

    def __init__(self) -> None:
        self.is_alone = True


class WorkingSets(Generic[Held]):
    """What this process holds of each key, valid for the token that was written to the key's state with it.

    `fill` makes what is held of a key from the lake; `is_first` says that the key has no state yet. Threads may
    share it. An engine gives a key to one bundle at a time; where one does not, what is held stays complete.
    """

    def __init__(self, fill: Callable[..., Held], horizon: Callable[[], int]) -> None:
        self._fill = fill
        self._horizon = horizon
        self._held: dict[int, tuple[str, Held]] = {}
        self._turns: dict[int, WeakSet[Turn]] = {}  # a bundle that fails never ends its turn
        self._looked: tuple[datetime, int] | None = None
        self._lock = threading.Lock()

    def take(self, key: int, token: str | None) -> tuple[Held, Turn]:
        """What is held of the key; what a failed bundle left behind has another token and is dropped."""
        turn = Turn()
        with self._lock:
            others = self._turns.setdefault(key, WeakSet())
            for other in others:
                turn.is_alone = other.is_alone = False
            others.add(turn)
            held_token, held = self._held.pop(key, (None, None))
        if held is None or held_token != token:
            held = self._fill(key, is_first=token is None)
        return held, turn

    def put(self, key: int, token: str, held: Held, turn: Turn) -> None:
        """Keeps it for the next turn; not if two overlapped: neither has seen what the other was given."""
        with self._lock:
            self._turns[key].discard(turn)
            if turn.is_alone:
                self._held[key] = (token, held)

    def close(self, held: Held, now: datetime) -> None:
        """Lets go of what the horizon has passed."""
        if self._looked is None or abs(now - self._looked[0]) >= LOOKS_AT_HORIZON:
            self._looked = now, self._horizon()
        if self._looked[1] > held.horizon:
            held.close(self._looked[1])
