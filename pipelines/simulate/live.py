"""A simulated world's clock at work: its months pass in minutes, so that each event happens as it is sent."""

import re
from datetime import datetime, timedelta
from typing import Self

import numpy as np
import numpy.typing as npt

from pipelines.simulate.deliveries import Delivery
from pipelines.simulate.faults import DAY, SECOND
from pipelines.simulate.shoppers import microseconds

_OCCURRED_AT = re.compile(rb'"occurred_at": ?"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))"')


DAYS_TO_GO = 35  # of a world's 90: then all of its campaigns but one are on


class LiveClock:
    """The world's instants → ours: what arrives as its n-th message is sent n / `rate` seconds after `begins_at`.

    `arrives_at`: the world's instants of arrival, ascending, in microseconds. Between them our time passes evenly,
    so what came before something else still does.
    """

    def __init__(self, arrives_at: npt.NDArray[np.int64], begins_at: int, rate: float) -> None:
        self._instants, places = np.unique(arrives_at, return_index=True)
        self._ours = begins_at + (places * (SECOND / rate)).astype(np.int64)

    @classmethod
    def of(cls, deliveries: list[Delivery], begins_at: int, rate: float) -> Self:
        """The clock of a world of which these deliveries are all."""
        inserted = [delivery.arrives_at[[place for place, _ in delivery.inserts]] for delivery in deliveries]
        arrives_at = np.concatenate([*(delivery.arrives_at for delivery in deliveries), *inserted])
        return cls(np.sort(arrives_at), begins_at, rate)

    def moved(self, payload: bytes) -> bytes:
        """The message with its `occurred_at` moved; what has none, or an absurd one, stays as it is."""
        found = _OCCURRED_AT.search(payload)
        if found is None:
            return payload
        told = datetime.fromisoformat(found[1].decode())
        at = microseconds(told)
        if not self._instants[0] - DAY <= at <= self._instants[-1] + DAY:
            return payload
        ours = int(np.interp(at, self._instants, self._ours))
        text = (told + timedelta(microseconds=ours - at)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return payload[: found.start(1)] + text.encode() + payload[found.end(1) :]


def end_of_a_world_around(now: datetime) -> datetime:
    """When a world ends whose campaigns are on now, its codes and links valid."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=DAYS_TO_GO)
