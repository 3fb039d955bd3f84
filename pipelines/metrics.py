"""Metrics: what a run counts and measures for Prometheus, each defined and explained here and nowhere else."""

import math
import threading
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from importlib.metadata import version

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    start_http_server,
)

from pipelines.failures import BadInput
from pipelines.records import Share

disable_created_metrics()  # type: ignore[no-untyped-call]

_BUILD = Gauge("codetrail_build_info", "Always 1; the versions are its labels.", ["version", "beam", "deltalake"])
_UP = Gauge("codetrail_up", "1 while a run works, 0 while it waits to go on after a failure.")
_EPOCH = Gauge("codetrail_run_epoch", "The epoch of this process's run: which one of the lake's runs it is.")
_FAILURES = Counter("codetrail_run_failures_total", "Failures that stopped the run, by their reason.", ["reason"])
_FAILED_AT = Gauge(
    "codetrail_last_failure_timestamp_seconds", "When a failure last stopped the run, by its reason.", ["reason"]
)
_EVENTS = Counter(
    "codetrail_stage_events_total",
    "What went into a stage, came out and failed; bundles that are tried again count again.",
    ["stage", "kind"],
)
_LANDED = Counter(
    "codetrail_landed_messages_total", "Messages committed to their landing table, each once.", ["topic", "partition"]
)
_REJECTED = Counter(
    "codetrail_rejected_messages_total",
    "Messages committed to rejected_events, each once.",
    ["topic", "step", "reason"],
)
_DEAD_LETTERS = Counter(
    "codetrail_dead_letters_total", "Rejected messages that the dead-letter topic has taken.", ["topic"]
)
_BROKER_UP = Gauge("codetrail_broker_up", "1 while a broker is connected, 0 while none is; follow only.")
_LAG_MESSAGES = Gauge(
    "codetrail_lag_messages", "Offsets between what has landed and the partition's end.", ["topic", "partition"]
)
_LAG_SECONDS = Gauge(
    "codetrail_lag_seconds", "How long ago the oldest message was sent that has not landed.", ["topic", "partition"]
)
_WATERMARK_AGE = Gauge("codetrail_watermark_age_seconds", "How far the lake's watermark is behind the clock.")
_WATERMARK_AGE.set(math.nan)  # there is none yet
_COMMITS = Histogram(
    "codetrail_commit_duration_seconds",
    "How long a commit to a table of the lake took.",
    ["table"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8),
)
_RETRIES = Counter(
    "codetrail_commit_retries_total", "Commits to a table of the lake that came after another writer's.", ["table"]
)
_FRESHNESS = Histogram(
    "codetrail_freshness_seconds",
    "From the broker's timestamp of a block's oldest order event to the commit of the orders that it touched.",
    buckets=(0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 1800, 7200, 86_400),
)
_STATE_ROWS = Gauge("codetrail_state_rows", "Rows that a step holds in memory.", ["step"])
_STATE_BYTES = Gauge("codetrail_state_bytes", "Estimated bytes of the rows that a step holds in memory.", ["step"])
_STATE_RELEASED = Gauge(
    "codetrail_state_released_orders", "Orders that a step let go of: they are read back when touched.", ["step"]
)

_held: dict[tuple[str, int], Tally[str]] = {}
_held_by_step: dict[str, Tally[str]] = {}
_lock = threading.Lock()
_STATE = {"rows": _STATE_ROWS, "bytes": _STATE_BYTES, "released": _STATE_RELEASED}


@contextmanager
def serving(port: int | None, registry: CollectorRegistry = REGISTRY) -> Iterator[None]:
    """Answers at `http://<any address>:port/metrics` meanwhile, with a run's metrics unless others are named.

    Opens nothing without a port.

    Raises BadInput when the port is not free.
    """
    if port is None:
        yield
        return
    try:
        server, answering = start_http_server(port, registry=registry)
    except OSError as error:
        raise BadInput(
            f"metrics_port {port} cannot be opened ({error}): stop what listens there, or set another"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        answering.join()


def run_begun(epoch: int) -> None:
    """What the process held for a run before is let go of."""
    with _lock:
        _held.clear()
        _held_by_step.clear()
    _UP.set(1)
    _EPOCH.set(epoch)
    _BUILD.labels(version("codetrail"), version("apache-beam"), version("deltalake")).set(1)


def run_failed(reason: str) -> None:
    """The run waits now, or ends."""
    _UP.set(0)
    _FAILURES.labels(reason).inc()
    _FAILED_AT.labels(reason).set_to_current_time()


def stage_counted(stage: str, kind: str, count: int) -> None:
    _EVENTS.labels(stage, kind).inc(count)


def landed(topic: str, partition: int, messages: int) -> None:
    _LANDED.labels(topic, partition).inc(messages)


def rejected(topic: str, by_kind: Mapping[tuple[str, str], int]) -> None:
    """Committed rejects of a topic, by step and reason."""
    for (step, reason), messages in by_kind.items():
        _REJECTED.labels(topic, step, reason).inc(messages)


def dead_letters_sent(topic: str, messages: int) -> None:
    _DEAD_LETTERS.labels(topic).inc(messages)


def broker_seen(*, is_up: bool) -> None:
    _BROKER_UP.set(is_up)


def lagging(topic: str, partition: int, messages: int, seconds: float) -> None:
    _LAG_MESSAGES.labels(topic, partition).set(messages)
    _LAG_SECONDS.labels(topic, partition).set(seconds)


def watermark_reached(micros: int) -> None:
    """Microseconds; its age goes on growing by itself."""
    _WATERMARK_AGE.set_function(lambda: time.time() - micros / 1_000_000)


def timing_commit(table: str) -> AbstractContextManager[None]:
    """Measures what is done in its context; a commit that fails counts too."""
    return _COMMITS.labels(table).time()


def commit_retried(table: str, times: int) -> None:
    """A commit that others' were quicker than, so many times; never is told too."""
    _RETRIES.labels(table).inc(times)


def committed(shares: Iterable[Share], now: datetime) -> None:
    """What these shares of blocks touched is committed `now`."""
    for share in shares:
        if share.sent_at is not None and share.source.startswith("orders/"):
            _FRESHNESS.observe(max(0.0, now.timestamp() - share.sent_at / 1_000_000))


def holding(step: str, key: int, size: tuple[int, int, int]) -> None:
    """What a step holds of one key now, in place of what it held of it before: rows, bytes, released orders."""
    with _lock:
        now = Tally(dict(zip(_STATE, size, strict=True)))
        before = _held.get((step, key), Tally())
        total = _held_by_step.setdefault(step, Tally())
        total.update(now)
        total.subtract(before)
        _held[step, key] = now
        for name, gauge in _STATE.items():
            gauge.labels(step).set(total[name])
