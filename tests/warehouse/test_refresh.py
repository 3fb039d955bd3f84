"""Refresh: the steps in order, a failure that ends no loop and leaves what is published, and an end when told to."""

import threading

import pytest
from prometheus_client import generate_latest

from pipelines.failures import BadInput, CheckFailed
from pipelines.warehouse.refresh import refresh, refresh_every
from pipelines.warehouse.refresh_metrics import REGISTRY


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def failing(failure: Exception):
    def step() -> None:
        raise failure

    return step


def test_the_steps_follow_each_other_and_are_measured(readme_shop):
    taken = []
    before = measured("codetrail_refresh_step_duration_seconds_count", step="publish")
    steps = {name: (lambda name=name: taken.append(name)) for name in ("build", "check", "publish")}
    refresh(readme_shop.root, steps, threading.Event())
    assert taken == ["build", "check", "publish"]
    assert measured("codetrail_refresh_step_duration_seconds_count", step="publish") == before + 1
    assert measured("codetrail_published_version") == 1
    assert measured("codetrail_published_timestamp_seconds") > 0
    assert measured("codetrail_check_findings", severity="block") == 0
    assert b"process_resident_memory_bytes" in generate_latest(REGISTRY)


def test_a_step_that_fails_ends_it_and_is_counted(tmp_path):
    taken = []
    before = measured("codetrail_refresh_failures_total", step="check", reason="CheckFailed")
    steps = {"check": failing(CheckFailed("two are broken")), "publish": lambda: taken.append("publish")}
    with pytest.raises(CheckFailed, match="two are broken"):
        refresh(tmp_path, steps, threading.Event())
    assert taken == []
    assert measured("codetrail_refresh_failures_total", step="check", reason="CheckFailed") == before + 1


def test_failures_are_told_and_tried_again_until_it_is_told_to_stop(tmp_path, capfd):
    stop, tried = threading.Event(), []

    def steps():
        tried.append(len(tried))
        if len(tried) == 1:
            raise BadInput("codetrail.toml is no TOML")
        if len(tried) == 2:
            return {"build": failing(OSError("no space left"))}
        return {"build": stop.set, "check": lambda: tried.append("never")}

    refresh_every(0.01, tmp_path, steps, stop)
    assert tried == [0, 1, 2]
    said = capfd.readouterr().err
    assert "codetrail.toml is no TOML" in said
    assert "no space left" in said
