"""Engines: where a pipeline runs. Nothing else in the project knows."""

import logging
import re
from collections.abc import Callable, Mapping

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.failures import FAILURES, CodetrailError

Build = Callable[[beam.Pipeline], None]
_WHERE = re.compile(r"(?: \[while running '[^']*'\])+$")
_RAISED = re.compile(r"^(?:pipelines\.failures\.)?(\w+): (.*?)(?: \[while running .*)?$", re.MULTILINE)


def run_direct(build: Build) -> Mapping[str, int]:
    """Runs a bounded pipeline in this process; its counters by `namespace/name`.

    The runner is taken by class: Beam's `DirectRunner` is a switch whose choice varies by machine.
    Raises what a stage raised.
    """
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)  # it logs a trace of what it raises
    pipeline = beam.Pipeline(FnApiRunner(), options=PipelineOptions([]))
    build(pipeline)
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except (CodetrailError, RuntimeError) as error:
        raise _as_failure(error) from error
    counters = result.metrics().query()["counters"]
    totals: dict[str, int] = {}
    for counter in counters:
        name = f"{counter.key.metric.namespace}/{counter.key.metric.name}"
        totals[name] = totals.get(name, 0) + counter.committed
    return totals


def _as_failure(error: Exception) -> Exception:
    """A runner adds a stage's label to an expected failure, or hands it over as text: it becomes itself again."""
    if isinstance(error, CodetrailError):
        return type(error)(_WHERE.sub("", str(error)))
    for name, message in reversed(_RAISED.findall(str(error))):
        if name in FAILURES:
            return FAILURES[name](message)
    return error
