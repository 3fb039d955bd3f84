"""The watermark: up to when events are taken to have arrived, and so which orders are settled."""

from collections.abc import Iterable


def watermark_of(latest: Iterable[int], disorder: int, idle_after: int, now: int) -> int | None:
    """The least over the partitions that are not idle of their greatest `occurred_at`, less the stated disorder.

    A partition is idle when it has fallen more than `idle_after` behind the furthest one: it then holds
    nothing back. Never beyond the clock; None before the first event. All in microseconds.
    """
    seen = list(latest)
    if not seen:
        return None
    furthest = min(max(seen), now)
    return min(now, min(one for one in seen if furthest - one <= idle_after) - disorder)


def is_settled(ordered_at: int, lateness: int, watermark: int | None) -> bool:
    """Whether the watermark has passed an order by the lateness; all in microseconds."""
    return watermark is not None and ordered_at + lateness <= watermark
