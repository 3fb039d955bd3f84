"""Whether the numbers move: the stream's word, and the page's own sight."""

from datetime import timedelta

import pytest

from pipelines.live.snapshot import Stream
from pipelines.monitor.standing import STALE, standing_of
from tests.monitor.snapshots import DEAD, NOW, HandWatched


@pytest.mark.parametrize(
    ("state", "word", "tone"),
    [("alive", "Live", "good"), ("waiting", "Waiting", "doubt"), ("dead", "Stream is dead", "bad"),
     ("ended", "Stream has ended", "quiet"), ("none", "No stream", "quiet")],
)  # fmt: skip
def test_a_stream_is_told_in_a_word(state, word, tone):
    standing = standing_of(HandWatched(state=Stream(state, "…")), NOW)
    assert (standing.word, standing.tone, standing.is_dead) == (word, tone, state == "dead")


def test_who_has_not_looked_for_ten_seconds_is_blind_whatever_the_stream_does():
    watched = HandWatched(problem="gone")
    assert standing_of(watched, NOW + STALE).blind_since is None
    standing = standing_of(watched, NOW + STALE + timedelta(microseconds=1))
    assert (standing.word, standing.tone, standing.blind_since, standing.problem) == ("Blind", "bad", NOW, "gone")


def test_a_dead_stream_is_dead():
    assert standing_of(HandWatched(state=DEAD), NOW).is_dead
