"""What arrives, and when: the messages of a topic in the order of their arrival, and those of all topics merged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.simulate.writing import CHUNK_ROWS


class Arrival(NamedTuple):
    """A message, and the instant of the simulated world at which it reaches its topic, in microseconds."""

    at: int
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrives on one topic: the lines at the positions `order`, each at its element of `arrives_at`.

    Each insert, a message of any bytes, arrives together with the element of `order` that it names, before it.
    """

    topic: str
    lines: pl.Series
    order: npt.NDArray[np.int64]
    arrives_at: npt.NDArray[np.int64]
    inserts: list[tuple[int, bytes]]

    def arrivals(self) -> Iterator[Arrival]:
        start = 0
        for before, message in self.inserts:
            yield from self._between(start, before)
            yield Arrival(int(self.arrives_at[before]), self.topic, message)
            start = before
        yield from self._between(start, len(self.order))

    def _between(self, start: int, end: int) -> Iterator[Arrival]:
        for first in range(start, end, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, end))
            lines = self.lines.gather(self.order[rows]).to_list()
            for at, line in zip(self.arrives_at[rows].tolist(), lines, strict=True):
                yield Arrival(at, self.topic, line.encode())


def merged(deliveries: Iterable[Delivery]) -> Iterator[Arrival]:
    """The messages of all topics as they arrive; of one instant, the earlier topic's first."""
    return merge(*(delivery.arrivals() for delivery in deliveries), key=attrgetter("at"))
