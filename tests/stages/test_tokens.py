"""Tokens: what is remembered of a key counts only with the token that was written last."""

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
    first = sets.take(3, None)
    sets.put(3, "token", first)
    assert sets.take(3, "token") is first
    assert first.said == (3, 0, True)
    sets.put(3, "of a bundle that failed", first)
    assert sets.take(3, "token").said == (3, 1, False)
    assert sets.take(3, "token").said == (3, 2, False)


def test_the_horizon_is_looked_at_now_and_then_also_when_the_clock_goes_back(sets):
    held = sets.take(3, None)
    for at, expected in [
        (CLOCK, 10),
        (CLOCK + LOOKS_AT_HORIZON / 2, 10),
        (CLOCK + LOOKS_AT_HORIZON, 11),
        (CLOCK - timedelta(days=1), 12),
    ]:
        sets.close(held, at)
        assert held.horizon == expected


def test_every_key_is_closed_by_one_look(sets):
    held, other = sets.take(3, None), sets.take(4, None)
    sets.close(held, CLOCK)
    sets.close(other, CLOCK)
    assert held.horizon == other.horizon == 10
