"""A pipeline on an engine: its counters come back, and what a stage raises, as it was raised."""

import apache_beam as beam
import pytest
from apache_beam.metrics import Metrics

from pipelines.engines import run_direct
from pipelines.failures import LakeUnavailable, MissingMessages


def counted(element):
    Metrics.counter("stage", "in").inc(element)
    return element


def over(function):
    return lambda pipeline: pipeline | beam.Create([1, 2, 3]) | "Stage" >> beam.Map(function)


def test_counters_are_summed_over_the_pipeline():
    assert run_direct(over(counted)) == {"stage/in": 6}


@pytest.mark.parametrize("failure", [LakeUnavailable, MissingMessages])
def test_an_expected_failure_comes_back_as_itself_with_its_own_words(failure, caplog):
    def fail(element):
        raise failure("the disk is full; free space")

    with pytest.raises(failure) as raised:
        run_direct(over(fail))
    assert str(raised.value) == "the disk is full; free space"
    assert "Traceback" not in caplog.text


def test_an_unexpected_failure_stops_the_job_and_names_the_stage():
    def fail(element):
        raise KeyError("never thought of")

    with pytest.raises(KeyError, match=r"never thought of .*while running 'Stage'"):
        run_direct(over(fail))


def test_a_runtime_error_that_nobody_expects_stays_one():
    def fail(element):
        raise RuntimeError("LakeUnavailably odd")

    with pytest.raises(RuntimeError, match="LakeUnavailably odd"):
        run_direct(over(fail))
