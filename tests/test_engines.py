"""A pipeline on an engine: its counters come back, and what a stage raises, as it was raised."""

import stat
import subprocess
import sys
import time

import apache_beam as beam
import psutil
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.metrics import Metrics
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from pipelines.engines import run_direct, run_prism
from pipelines.failures import EngineFailed, LakeUnavailable, MissingMessages
from tests.end_to_end.live_run import wait_until

HOLDS_A_SLEEPER = """
import subprocess
from pipelines.engines import killed_with_this_process
with killed_with_this_process(subprocess.Popen(["sleep", "600"])):
    print("held", flush=True)
    input()
"""


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


def test_what_prism_says_when_it_has_lost_a_failure_is_no_surprise():
    """Two bundles that fail at once leave Prism with elements and no work; that is rare, so it is raised here."""

    def fail(element):
        raise RuntimeError("nothing in progress and no refreshes with non zero pending elements: 2")

    with pytest.raises(EngineFailed, match="lost count"):
        run_direct(over(fail))


SEEN = ReadModifyWriteStateSpec("seen", VarIntCoder())
OF_SEEN = beam.DoFn.StateParam(SEEN)


class Overlapping(beam.DoFn):
    """Writes when it begins and ends with an element of a key that has state; slow enough to be split."""

    def __init__(self, file):
        self._file = file

    def process(self, element, seen=OF_SEEN):
        with self._file.open("a") as file:
            file.write("begins\n")
        time.sleep(0.15)
        seen.write((seen.read() or 0) + 1)
        with self._file.open("a") as file:
            file.write(f"ends {seen.read()}\n")


def test_prism_works_on_one_bundle_of_a_key_at_a_time(prism, tmp_path):
    file, elements = tmp_path / "log", 30

    def build(p):
        keyed = p | beam.Create(range(elements)) | beam.Map(lambda n: ("key", n)).with_output_types(tuple[str, int])
        _ = keyed | beam.ParDo(Overlapping(file))

    run_prism(build, prism)
    expected = [line for n in range(1, elements + 1) for line in ("begins", f"ends {n}")]
    assert file.read_text().splitlines() == expected


@pytest.mark.parametrize("lives", [0, 0.2, 0.5])
def test_a_prism_that_dies_at_any_moment_ends_the_run(prism, tmp_path, lives):
    mortal = tmp_path / "mortal"
    mortal.write_text(f'#!/bin/sh\n"{prism}" "$@" &\nsleep {lives}\nkill -9 $!\nwait\n')
    mortal.chmod(stat.S_IRWXU)
    with pytest.raises(EngineFailed, match=r"Prism is gone|does not answer"):
        run_prism(lambda p: p | beam.Create([1]) | beam.Map(lambda _: time.sleep(20)), str(mortal))


@pytest.mark.parametrize("end", [psutil.Popen.kill, lambda holder: holder.stdin.close()], ids=["killed", "through"])
def test_an_engine_and_its_guard_go_with_whoever_holds_them(end):
    pipe = subprocess.PIPE
    with psutil.Popen([sys.executable, "-c", HOLDS_A_SLEEPER], stdin=pipe, stdout=pipe, stderr=pipe) as holder:
        assert holder.stdout.readline() == b"held\n"
        wait_until(lambda: len(holder.children(recursive=True)) == 3, "the guard waits")
        held = holder.children(recursive=True)
        end(holder)
    wait_until(lambda: not any(one.is_running() for one in held), "nothing is left")
