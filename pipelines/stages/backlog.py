"""Backlog: while a reader is behind, its partitions' blocks go on in the order of the broker's timestamps."""

from collections.abc import Iterator
from math import inf

from pipelines.records import Messages

PATIENCE = 20  # turns, each with a block of every partition that is waited for; what has gone on meanwhile is in memory


class Backlog:
    """The blocks that were read and have not gone on, one at most of each partition.

    Topics come at paces of their own: a block of orders may span months of which one of clicks is a day. Orders that
    go on before their clicks are attributed once without, and again with them.
    """

    def __init__(self) -> None:
        self._held: dict[str, Messages] = {}
        self._waited: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(len(block.payloads) for block in self._held.values())

    @property
    def sources(self) -> frozenset[str]:
        """The partitions whose next block is here already."""
        return frozenset(self._held)

    def add(self, block: Messages) -> None:
        """Takes a block of a partition of which it has none."""
        self._held[block.source] = block

    def take(self, *, in_order: bool) -> Iterator[Messages]:
        """The blocks whose turn it is, one at least if there are any; all of them unless they go `in_order`.

        A block of orders goes by its last timestamp, any other by its first; it waits while a partition that has just
        had its turn may still have older messages, for PATIENCE turns at most: a clock may be wrong.
        """
        until: float = inf
        for block in sorted(self._held.values(), key=_goes_by):
            if in_order and _goes_by(block) >= until and self._waited.get(block.source, 0) < PATIENCE:
                self._waited[block.source] = self._waited.get(block.source, 0) + 1
                continue
            until = min(until, max(block.sent_at or (), default=inf))
            self._waited.pop(block.source, None)
            yield self._held.pop(block.source)


def _goes_by(block: Messages) -> float:
    if not block.sent_at:
        return -inf
    return max(block.sent_at) if block.topic == "orders" else min(block.sent_at)
