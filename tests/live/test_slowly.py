"""By turns: a part holds for five seconds, and one look makes at most one anew."""

from datetime import UTC, datetime, timedelta

from pipelines.live.slowly import EVERY, LATEST, Slowly

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTS = ("sums", "pacing", "signals")


def made(slowly: Slowly, now: datetime, *, is_busy: bool = False) -> list[str]:
    """What a look at `now` makes anew, of all parts."""
    anew = []
    slowly.look(now, is_busy=is_busy)
    for part in PARTS:
        assert slowly.of(part, lambda part=part: anew.append(part) or part) == part
    return anew


def test_all_are_made_at_first_and_then_each_in_its_turn():
    slowly = Slowly()
    assert made(slowly, NOON) == list(PARTS)
    assert slowly.due(NOON + EVERY - timedelta(microseconds=1)) is None
    later = NOON + EVERY
    looks = [made(slowly, later + n * timedelta(seconds=1)) for n in range(5)]
    assert looks == [["sums"], ["pacing"], ["signals"], [], []]
    assert made(slowly, later + EVERY) == ["sums"]


def test_a_busy_look_leaves_it_to_an_idle_one_for_a_while():
    slowly = Slowly()
    made(slowly, NOON)
    assert made(slowly, NOON + EVERY, is_busy=True) == []
    assert made(slowly, NOON + EVERY) == ["sums"]
    assert made(slowly, NOON + LATEST, is_busy=True) == ["pacing"]


def test_what_waited_longest_comes_first():
    slowly = Slowly()
    made(slowly, NOON)
    made(slowly, NOON + EVERY)
    assert slowly.due(NOON + 3 * EVERY) == "pacing"
