"""Tokens: what is remembered of a key counts only with the token that was written last."""

import gc
from datetime import timedelta
from itertools import count

import pytest

from pipelines.stages.tokens import LOOKS_AT_HORIZON, WorkingSets
from pipelines.testing import CLOCK


class Memory:
    """Remembers how it was filled, and what it was told to let go of."""

    def __init__(self, key, number, *, is_first):
        self.said = key, number, is_first
        self.horizon = 0

    def close(self, horizon):
        self.horizon = horizon


@pytest.fixture
def sets():
    filled, horizons = count(), count(10)
    return WorkingSets(lambda key, is_first: Memory(key, next(filled), is_first=is_first), lambda: next(horizons))


def test_what_has_another_token_is_dropped_and_filled_anew(sets):
    first, turn = sets.take(3, None)
    sets.put(3, "token", first, turn)
    again, turn = sets.take(3, "token")
    assert again is first
    assert first.said == (3, 0, True)
    sets.put(3, "of a bundle that failed", first, turn)
    assert sets.take(3, "token")[0].said == (3, 1, False)
    assert sets.take(3, "token")[0].said == (3, 2, False)


def test_of_two_bundles_at_one_key_neither_leaves_what_it_holds(sets):
    first, turn = sets.take(3, None)
    sets.put(3, "a", first, turn)
    slow, of_slow = sets.take(3, "a")
    quick, of_quick = sets.take(3, "a")
    assert slow is first
    assert quick is not first
    assert not of_slow.is_alone
    assert not of_quick.is_alone
    sets.put(3, "b", quick, of_quick)
    sets.put(3, "c", slow, of_slow)
    for token in ("b", "c"):
        held, turn = sets.take(3, token)
        assert held not in (slow, quick)
        assert turn.is_alone
        sets.put(3, token, held, turn)


def test_other_keys_are_of_no_concern(sets):
    (_, one), (_, other) = sets.take(3, None), sets.take(4, None)
    assert one.is_alone
    assert other.is_alone


def test_a_bundle_that_failed_holds_nobody_up(sets):
    sets.take(3, None)  # and its turn is never ended
    gc.collect()
    held, turn = sets.take(3, None)
    assert turn.is_alone
    sets.put(3, "token", held, turn)
    assert sets.take(3, "token")[0] is held


def test_the_horizon_is_looked_at_now_and_then_also_when_the_clock_goes_back(sets):
    held, _ = sets.take(3, None)
    for at, expected in [
        (CLOCK, 10),
        (CLOCK + LOOKS_AT_HORIZON / 2, 10),
        (CLOCK + LOOKS_AT_HORIZON, 11),
        (CLOCK - timedelta(days=1), 12),
    ]:
        sets.close(held, at)
        assert held.horizon == expected


def test_every_key_is_closed_by_one_look(sets):
    (held, _), (other, _) = sets.take(3, None), sets.take(4, None)
    sets.close(held, CLOCK)
    sets.close(other, CLOCK)
    assert held.horizon == other.horizon == 10
