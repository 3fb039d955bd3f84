"""Refresh: build, check and publish, one after the other, once or again and again until told to stop."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pipelines.failures import BadInput, CheckFailed, CodetrailError
from pipelines.logs import log
from pipelines.warehouse import refresh_metrics
from pipelines.warehouse.findings import read_result
from pipelines.warehouse.versions import current_version

Steps = Mapping[str, Callable[[], None]]


def refresh(root: Path, steps: Steps, stop: threading.Event) -> None:
    """Takes the steps in order, unless it is told to stop between two of them; a step that fails ends it.

    What is published then, and what the check found, is told to the metrics. Raises what the step raises.
    """
    try:
        for name, step in steps.items():
            if stop.is_set():
                return
            try:
                with refresh_metrics.timing(name):
                    step()
            except (CodetrailError, OSError) as failure:
                refresh_metrics.failed(name, type(failure).__name__)
                raise
    finally:
        tell(root)


def refresh_every(seconds: float, root: Path, steps: Callable[[], Steps], stop: threading.Event) -> None:
    """Refreshes until it is told to stop, each time `seconds` after the time before began, or at once if that is over.

    A failure is told in the log and the metrics, leaves what was published as it is, and is tried again in its turn.
    `steps` is asked each time, so that settings that were changed meanwhile count.
    """
    tell(root)
    while not stop.is_set():
        began = time.monotonic()
        try:
            refresh(root, steps(), stop)
        except (CodetrailError, OSError) as failure:
            log.error("refresh failed, tried again", failure=type(failure).__name__, why=str(failure), seconds=seconds)
        stop.wait(max(0.0, began + seconds - time.monotonic()))


def tell(root: Path) -> None:
    """Tells the metrics what is published now and what the last check found, as far as there is any."""
    with suppress(BadInput):
        _, version = current_version(root)
        refresh_metrics.published(version.version, version.published_at)
    with suppress(CheckFailed):
        verdict = read_result(root / "warehouse" / "check.json")
        refresh_metrics.checked(len(verdict.failures), len(verdict.warnings))
