"""Logs: one JSON object a line for programs, nothing below the level that was asked for."""

import json

import pytest

from pipelines.logs import FIRST, configure, log


@pytest.fixture(autouse=True)
def _as_before():
    yield
    configure("warning", {})


def test_a_line_is_an_object_that_says_when_how_grave_and_what(capsys):
    configure("info", {})
    log.info("block landed", topic="clicks", partition=0, offset=12)
    line = json.loads(capsys.readouterr().err)
    assert tuple(line)[:3] == FIRST
    assert line["timestamp"].endswith("Z")
    assert {name: line[name] for name in line if name != "timestamp"} == {
        "level": "info",
        "event": "block landed",
        "topic": "clicks",
        "partition": 0,
        "offset": 12,
    }


@pytest.mark.parametrize(("level", "said"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_what_is_less_grave_is_not_said(capsys, level, said):
    configure(level, {})
    log.debug("a")
    log.info("b")
    log.warning("c")
    assert len(capsys.readouterr().err.splitlines()) == said


def test_what_json_does_not_know_is_said_as_text(capsys):
    configure("info", {})
    log.info("x", value={1}, payload=b"\x1b[31m")
    assert json.loads(capsys.readouterr().err)["payload"] == "b'\\x1b[31m'"
