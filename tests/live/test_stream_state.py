"""Stream state: what a run's heartbeat says to whoever keeps the page open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.live.stream_state import StreamState
from pipelines.stores.heartbeat import Heartbeat, PartitionLag, write_heartbeat

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LAGS = {"orders/0": PartitionLag(3, 1.5, 103), "clicks/0": PartitionLag(4, 0.5, 204)}
READING = Heartbeat(1, 1, "here", "prism", NOW, NOW, "running", read_at=NOW, partitions=LAGS)


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        (READING, "alive", "The stream is live."),
        (replace(READING, read_at=None), "alive", "The stream is starting."),
        (replace(READING, read_at=NOW - timedelta(seconds=11)), "dead", "read nothing since 2026-03-10 11:59:49 UTC"),
        (replace(READING, broker_away_since=NOW), "dead", "no broker since 2026-03-10 12:00:00 UTC"),
        (replace(READING, state="waiting", reason="lake_unavailable"), "waiting", "failed (lake_unavailable)"),
        (replace(READING, state="failed", reason="offset_gone"), "dead", "stopped at 2026-03-10 12:00:00 UTC (offset"),
        (replace(READING, state="ended"), "ended", "the last run ended at 2026-03-10 12:00:00 UTC"),
        (replace(READING, beat_at=NOW - timedelta(minutes=1)), "dead", "last heard of at 2026-03-10 11:59:00 UTC"),
    ],
)
def test_what_a_heartbeat_says(tmp_path, said, state, words):
    write_heartbeat(tmp_path, said)
    stream = StreamState(tmp_path).at(NOW)
    assert stream.state == state
    assert words in stream.sentence
    assert (stream.lag_messages, stream.lag_seconds) == (7, 1.5)


def test_a_lake_that_nobody_has_fed(tmp_path):
    assert StreamState(tmp_path).at(NOW).state == "none"


def test_a_heartbeat_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "_heartbeat.json").write_text("{", encoding="utf-8")
    stream = StreamState(tmp_path).at(NOW)
    assert (stream.state, "cannot be read" in stream.sentence) == ("none", True)
