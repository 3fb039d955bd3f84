"""Refresh metrics: what the loop of build, check and publish measures for Prometheus, each defined here alone."""

from contextlib import AbstractContextManager
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
"""The loop's own: what a run of the job measures is not mixed in."""

ProcessCollector(registry=REGISTRY)
_STEPS = Histogram(
    "codetrail_refresh_step_duration_seconds",
    "How long a step took: build, check, publish, export; one that fails counts too.",
    ["step"],
    buckets=(1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280),
    registry=REGISTRY,
)
_FAILURES = Counter(
    "codetrail_refresh_failures_total",
    "Refreshes that failed, by step and reason; what was published before stays.",
    ["step", "reason"],
    registry=REGISTRY,
)
_FINDINGS = Gauge(
    "codetrail_check_findings",
    "Expectations and dbt tests that the last check found broken: severity block or warn.",
    ["severity"],
    registry=REGISTRY,
)
_PUBLISHED = Gauge(
    "codetrail_published_timestamp_seconds",
    "When what is published now was published; 0: nothing is.",
    registry=REGISTRY,
)
_VERSION = Gauge("codetrail_published_version", "The number of the version that is published now.", registry=REGISTRY)


def timing(step: str) -> AbstractContextManager[object]:
    """The step is at work meanwhile."""
    return _STEPS.labels(step).time()


def failed(step: str, reason: str) -> None:
    _FAILURES.labels(step, reason).inc()


def checked(broken: int, warnings: int) -> None:
    _FINDINGS.labels("block").set(broken)
    _FINDINGS.labels("warn").set(warnings)


def published(version: int, at: datetime) -> None:
    _VERSION.set(version)
    _PUBLISHED.set(at.timestamp())
