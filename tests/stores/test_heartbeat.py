"""Heartbeat: the newest run's word is kept whole, and neither silence nor a wrong clock passes for life."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.stores.heartbeat import (
    FILE,
    PATIENCE,
    Heartbeat,
    PartitionLag,
    Pulse,
    condition,
    heartbeat_or_problem,
    is_alive,
    read_heartbeat,
    write_heartbeat,
)

NOW = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)
BEAT = Heartbeat(
    epoch=3,
    pid=812,
    host="shop-1",
    engine="prism",
    started_at=NOW - 60 * SECOND,
    beat_at=NOW,
    state="running",
    read_at=NOW - SECOND / 5,
    lag_at=NOW - 4 * SECOND,
    partitions={"clicks/0": PartitionLag(12, 0.75, 4711)},
)
BEYOND = PATIENCE + SECOND / 1000


class Clock:
    """One's own monotonic clock."""

    seconds = 1000.0

    def __call__(self):
        return self.seconds


def test_what_is_written_is_read(tmp_path):
    assert write_heartbeat(tmp_path, BEAT)
    assert read_heartbeat(tmp_path) == BEAT
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_its_form_is_plain_json(tmp_path):
    write_heartbeat(tmp_path, BEAT)
    assert json.loads((tmp_path / FILE).read_bytes()) == {
        "epoch": 3,
        "pid": 812,
        "host": "shop-1",
        "engine": "prism",
        "started_at": "2026-07-01T11:59:00.123456Z",
        "beat_at": "2026-07-01T12:00:00.123456Z",
        "state": "running",
        "reason": None,
        "read_at": "2026-07-01T11:59:59.923456Z",
        "broker_away_since": None,
        "lag_at": "2026-07-01T11:59:56.123456Z",
        "partitions": {"clicks/0": {"lag_messages": 12, "lag_seconds": 0.75, "end_offset": 4711}},
    }


def test_an_older_run_never_overwrites_a_later_one_s_word(tmp_path):
    ended = replace(BEAT, epoch=4, state="ended")
    write_heartbeat(tmp_path, BEAT)
    assert write_heartbeat(tmp_path, ended)
    assert not write_heartbeat(tmp_path, replace(BEAT, beat_at=NOW + SECOND))
    assert read_heartbeat(tmp_path) == ended


def test_where_no_run_was_there_is_none_and_nothing_wrong(tmp_path):
    assert heartbeat_or_problem(tmp_path / "lake") == (None, None)


TORN = [
    pytest.param(b"", id="empty"),
    pytest.param(b'{"epoch": 3, "pid": 8', id="cut"),
    pytest.param(b"\xff\xfe\x00", id="no text"),
    pytest.param(b'{"epoch": 3, "host": "\xff"}', id="not UTF-8"),
    pytest.param(b"[" * 100_000, id="nested"),
    pytest.param(b'{"epoch": 3}', id="fields missing"),
    pytest.param(b'{"epoch": "three"}', id="another type"),
    pytest.param(b"null", id="no object"),
]


@pytest.mark.parametrize("content", TORN)
def test_a_broken_file_is_none_with_a_reason_and_is_replaced(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    found, problem = heartbeat_or_problem(tmp_path)
    assert found is read_heartbeat(tmp_path) is None
    assert FILE in problem
    assert write_heartbeat(tmp_path, BEAT)
    assert read_heartbeat(tmp_path) == BEAT


def test_an_instant_without_a_zone_is_no_instant(tmp_path):
    write_heartbeat(tmp_path, BEAT)
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text().replace("456Z", "456"))
    assert read_heartbeat(tmp_path) is None


def test_a_file_that_cannot_be_replaced_is_told_and_nothing_stays_behind(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(OSError, match=FILE):
        write_heartbeat(tmp_path, BEAT)
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert "cannot be read" in heartbeat_or_problem(tmp_path)[1]


def test_who_reads_while_it_is_written_reads_it_whole(tmp_path):
    write_heartbeat(tmp_path, BEAT)
    over = threading.Event()
    found = []

    def look():
        while not over.is_set():
            found.append(read_heartbeat(tmp_path))

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(500):
        write_heartbeat(tmp_path, replace(BEAT, beat_at=NOW + number * SECOND, host="h" * number))
    over.set()
    reader.join()
    assert found
    assert None not in found


@pytest.mark.parametrize(
    ("ago", "alive"),
    [(0 * SECOND, True), (PATIENCE, True), (BEYOND, False), (-SECOND, True), (-BEYOND, False), (-YEAR, False)],
)
def test_by_the_clock_a_run_lives_that_beat_a_moment_ago(ago, alive):
    assert is_alive(BEAT, NOW + ago) is alive


@pytest.mark.parametrize(("state", "alive"), [("waiting", True), ("ended", False), ("failed", False)])
def test_a_run_that_has_ended_does_not_live(state, alive):
    assert is_alive(replace(BEAT, state=state), NOW) is alive
    assert not is_alive(None, NOW)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pulse(clock):
    return Pulse(clock=clock)


def beats(pulse, clock, *, seconds, beat_at=NOW, now=NOW, every=2.0, changes=True):
    """What the pulse says at each look of so many seconds."""
    said = []
    for look in range(1, int(seconds / every) + 1):
        clock.seconds += every
        passed = timedelta(seconds=look * every)
        said.append(pulse.is_alive(replace(BEAT, beat_at=beat_at + (passed if changes else 0 * SECOND)), now + passed))
    return said


def test_a_run_lives_as_long_as_its_beat_changes_and_is_dead_soon_after(pulse, clock):
    assert all(beats(pulse, clock, seconds=60))
    last = NOW + 60 * SECOND
    assert beats(pulse, clock, seconds=16, beat_at=last, now=last, changes=False) == [True] * 5 + [False] * 3


@pytest.mark.parametrize("off", [-YEAR, YEAR], ids=["behind", "ahead"])
def test_clocks_that_differ_harm_neither_the_living_nor_the_dead(pulse, clock, off):
    assert beats(pulse, clock, seconds=20, beat_at=NOW + off) == [False] + [True] * 9
    last = NOW + off + 20 * SECOND
    assert beats(pulse, clock, seconds=40, beat_at=last, now=NOW, changes=False)[6:] == [False] * 14


def test_the_reader_s_clock_goes_back_to_the_last_beat_of_a_dead_run_and_nothing_lives(pulse, clock):
    assert not pulse.is_alive(BEAT, NOW + YEAR)
    clock.seconds += 1
    assert not pulse.is_alive(BEAT, NOW)


def test_at_first_sight_a_beat_counts_as_old_as_it_says(pulse, clock):
    assert pulse.is_alive(BEAT, NOW + 8 * SECOND)
    clock.seconds += 3
    assert not pulse.is_alive(BEAT, NOW + 11 * SECOND)


def test_a_change_that_nobody_watched_may_be_long_ago(pulse, clock):
    assert pulse.is_alive(BEAT, NOW)
    clock.seconds += 3600
    unseen = replace(BEAT, beat_at=NOW + 60 * SECOND)
    assert not pulse.is_alive(unseen, NOW + 3600 * SECOND)
    clock.seconds += 2
    assert pulse.is_alive(replace(unseen, beat_at=NOW + 3602 * SECOND), NOW + 3602 * SECOND)


def test_a_file_that_is_gone_or_of_an_ended_run_has_no_pulse(pulse, clock):
    assert pulse.is_alive(BEAT, NOW)
    assert not pulse.is_alive(None, NOW)
    assert not pulse.is_alive(replace(BEAT, state="ended", beat_at=NOW + SECOND), NOW + SECOND)


@pytest.mark.parametrize(
    ("said", "alive", "word"),
    [
        ({}, True, "reading"),
        ({}, False, "dead"),
        ({"read_at": None}, True, "starting"),
        ({"read_at": NOW - PATIENCE}, True, "reading"),
        ({"read_at": NOW - BEYOND}, True, "stuck"),
        ({"broker_away_since": NOW - SECOND}, True, "broker_away"),
        ({"broker_away_since": NOW - SECOND}, False, "dead"),
        ({"state": "waiting"}, True, "waiting"),
        ({"state": "waiting"}, False, "dead"),
        ({"state": "ended"}, False, "ended"),
        ({"state": "failed"}, False, "failed"),
    ],
)
def test_the_condition_of_a_run_in_a_word(said, alive, word):
    assert condition(replace(BEAT, **said), is_alive=alive) == word


def test_without_a_heartbeat_there_is_no_condition():
    assert condition(None, is_alive=False) == "none"
