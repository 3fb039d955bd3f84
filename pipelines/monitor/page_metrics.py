"""Page metrics: what the live page counts and measures for Prometheus, each defined here and nowhere else."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY = CollectorRegistry()
"""The page's own: what a run of the job measures is not mixed in."""

ProcessCollector(registry=REGISTRY)
_OPEN = Gauge("codetrail_page_open", "Pages that are open and told of changes.", registry=REGISTRY)
_REQUESTS = Counter(
    "codetrail_page_requests_total", "Answered requests by route and status.", ["route", "status"], registry=REGISTRY
)
_REFRESHES = Histogram(
    "codetrail_page_refresh_duration_seconds",
    "How long a look at the lake took, from its new files to the next snapshot.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
    registry=REGISTRY,
)
_AGE = Gauge(
    "codetrail_page_snapshot_age_seconds",
    "How long ago the lake was last looked at with success, whether or not anything had changed.",
    registry=REGISTRY,
)
_NUMBER = Gauge("codetrail_page_snapshot_number", "The number of the newest snapshot.", registry=REGISTRY)

_open = 0


def open_pages() -> int:
    return _open


@contextmanager
def page_open() -> Iterator[None]:
    """A page is open meanwhile."""
    global _open
    _open += 1
    _OPEN.set(_open)
    try:
        yield
    finally:
        _open -= 1
        _OPEN.set(_open)


def answered(route: str, status: int) -> None:
    """`route` as it is written in the code: never a path that somebody asked for, of which there is no end."""
    _REQUESTS.labels(route, status).inc()


def refreshing() -> AbstractContextManager[object]:
    """The watch looks at the lake meanwhile."""
    return _REFRESHES.time()


def exposed(number: int, refreshed_at: datetime, now: datetime) -> bytes:
    """All of it in Prometheus' text format."""
    _NUMBER.set(number)
    _AGE.set((now - refreshed_at).total_seconds())
    return generate_latest(REGISTRY)
