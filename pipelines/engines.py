"""Engines: where a pipeline runs. Nothing else in the project knows."""

import re
from collections.abc import Callable, Mapping

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.failures import FAILURES

Build = Callable[[beam.Pipeline], None]
_RAISED = re.compile(r"^(?:pipelines\.failures\.)?(\w+): (.*?)(?: \[while running .*)?$", re.MULTILINE)


def run_direct(build: Build) -> Mapping[str, int]:
    """Runs a bounded pipeline in this process; its counters by `namespace/name`.

    The runner is taken by class: Beam's `DirectRunner` is a switch whose choice varies by machine.
    """
    pipeline = beam.Pipeline(FnApiRunner(), options=PipelineOptions([]))
    build(pipeline)
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except RuntimeError as error:
        raise _as_failure(error) from error
    counters = result.metrics().query()["counters"]
    totals: dict[str, int] = {}
    for counter in counters:
        name = f"{counter.key.metric.namespace}/{counter.key.metric.name}"
        totals[name] = totals.get(name, 0) + counter.committed
    return totals


def _as_failure(error: RuntimeError) -> Exception:
    """A runner hands a worker's exception over as text: an expected failure becomes itself again."""
    for name, message in reversed(_RAISED.findall(str(error))):
        if name in FAILURES:
            return FAILURES[name](message)
    return error
