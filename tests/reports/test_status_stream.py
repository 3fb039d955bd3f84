"""The stream's line in a status: what the newest run's heartbeat says of it, in plain words for a stranger."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from pipelines.reports.status import rendered, status
from pipelines.reports.status_stream import SAID, stream
from pipelines.stores.heartbeat import FILE, Condition, Heartbeat, PartitionLag, write_heartbeat
from pipelines.stores.workspace import Workspace

NOW = datetime(2026, 7, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALIVE = Heartbeat(
    epoch=9,
    pid=812,
    host="shop-1",
    engine="prism",
    started_at=NOW - 3600 * SECOND,
    beat_at=NOW - SECOND,
    state="running",
    read_at=NOW - SECOND,
    lag_at=NOW - 5 * SECOND,
    partitions={"clicks/0": PartitionLag(1000, 75.0, 9000), "orders/1": PartitionLag(234, 2.0, 500)},
)
LONG_AGO = NOW - 200 * SECOND


@pytest.fixture(scope="module")
def root(world, tmp_path_factory):
    root = tmp_path_factory.mktemp("stream") / "copy"
    shutil.copytree(world.workspace.root, root)
    return root


@pytest.fixture
def line(root, world, printed):
    """What the line says of a heartbeat that the lake holds."""

    def of(heartbeat):
        write_heartbeat(root / "lake", heartbeat)
        found = status(Workspace(root), world.settings, NOW)
        assert printed(stream(found)) in printed(rendered(found))
        return " ".join(printed(stream(found)).split())

    return of


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "run 9 is alive and reads; 1,234 messages unread, the first for 1 min 15 s at 2026-07-02 23:59:55 UTC."),
        ({"partitions": {}}, "run 9 is alive and reads; nothing unread at 2026-07-02 23:59:55 UTC."),
        ({"lag_at": None, "partitions": {}}, "alive and reads; how much is unread is not measured yet."),
        ({"read_at": None}, "alive and starts: it attributes what had landed before it; since 2026-07-02 23:00:00 UTC"),
        ({"read_at": LONG_AGO}, "alive and has read nothing since 2026-07-02 23:56:40 UTC: end it and start it again."),
        ({"broker_away_since": LONG_AGO}, "alive and waits for a broker, away since 2026-07-02 23:56:40 UTC; 1,234 me"),
        (
            {"state": "waiting", "reason": "KafkaUnavailable"},
            "run 9 failed (KafkaUnavailable) and goes on soon by itse",
        ),
        ({"beat_at": LONG_AGO}, "run 9 (process 812 on shop-1) said nothing since 3 min 20 s ago: nobody reads, start"),
        ({"state": "failed", "reason": "OffsetGone"}, "none: run 9 was stopped by OffsetGone 1 s ago."),
        ({"state": "ended"}, "none: run 9 ended 1 s ago."),
    ],
)
def test_how_the_newest_run_is_doing(line, said, words):
    assert words in line(replace(ALIVE, **said))


def test_a_workspace_whose_last_run_was_bounded_says_when_it_ended(world, printed):
    found = status(world.workspace, world.settings, NOW)
    assert (found.stream.condition, found.stream.heartbeat.engine) == ("ended", "direct")
    assert printed(stream(found)) == "Stream: none: run 2 ended 1 d ago.\n"


def test_a_hostile_host_is_harmless(line, unharmed):
    unharmed(line(replace(ALIVE, host="\x1b[31m[bold]\u202e", beat_at=LONG_AGO)))


def test_without_a_heartbeat_and_with_a_broken_one(root, world, printed):
    (root / "lake" / FILE).unlink(missing_ok=True)
    found = status(Workspace(root), world.settings, NOW)
    assert "no run has left a sign of life" in printed(stream(found))
    (root / "lake" / FILE).write_text("{")
    found = status(Workspace(root), world.settings, NOW)
    assert found.stream.condition == "none"
    assert "a run's next beat replaces it" in " ".join(printed(stream(found)).split())
    assert found.problems == ()  # no run is kept from going on


def test_the_document_has_the_heartbeat_whole(root, world):
    write_heartbeat(root / "lake", ALIVE)
    document = msgspec.to_builtins(status(Workspace(root), world.settings, NOW).stream)
    assert document["condition"] == "reading"
    assert document["heartbeat"]["partitions"]["clicks/0"] == {
        "lag_messages": 1000,
        "lag_seconds": 75.0,
        "end_offset": 9000,
    }


def test_every_condition_has_its_words():
    assert set(SAID) == set(get_args(Condition))
