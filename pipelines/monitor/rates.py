"""Rates: how often an address may ask: a bucket of tokens that fills up again, for each address its own."""

from collections import OrderedDict
from collections.abc import Callable

BURST = 600  # requests at once: fifty pages that open together
PER_SECOND = 60
MOST_ADDRESSES = 10_000


class Rates:
    """`clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float], burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._clock, self._burst, self._per_second = clock, burst, per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Takes a token of the address: 0, or the seconds until there is one again."""
        now = self._clock()
        left, then = self._buckets.pop(address, (float(self._burst), now))
        left = min(self._burst, left + (now - then) * self._per_second)
        is_free = left >= 1
        self._buckets[address] = (left - 1 if is_free else left), now
        while len(self._buckets) > MOST_ADDRESSES:  # the one that has asked for nothing the longest
            self._buckets.popitem(last=False)
        return 0.0 if is_free else (1 - left) / self._per_second
