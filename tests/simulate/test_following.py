"""Followers grow, whoever posts; who buys some has them at once."""

from datetime import timedelta

import numpy as np
import pytest

from pipelines.simulate.faults import DAY
from pipelines.simulate.following import draw_following


def following(cast, materials, bought):
    return draw_following(np.random.default_rng(6), cast, materials, bought)


@pytest.mark.parametrize("bought", [0.0, 0.3])
def test_followers_begin_with_what_the_team_noted_and_never_fall(cast, materials, bought):
    levels = following(cast, materials, bought).levels
    assert levels[:, 0].tolist() == [someone.followers for someone in cast.influencers]
    assert (np.diff(levels) >= 0).all()


def test_one_buys_on_one_day(cast, materials):
    honest, other = following(cast, materials, 0.0), following(cast, materials, 0.3)
    assert (honest.bought_by, honest.bought_on) == (None, None)
    assert np.flatnonzero((honest.levels != other.levels).any(axis=1)).tolist() == [other.bought_by]
    steps = np.diff(other.levels[other.bought_by]) / other.levels[other.bought_by, :-1]
    assert np.flatnonzero(steps > 0.2).size == 1
    jumped_on = cast.starts_at.date() + timedelta(days=1 + int(steps.argmax()))
    assert jumped_on == other.bought_on


def test_an_instant_has_the_followers_of_its_day(cast, materials):
    course = following(cast, materials, 0.0)
    assert course.at(2, course.begins_at + 5 * DAY - 1) == course.levels[2, 4]
    assert course.at(2, course.begins_at + 5 * DAY) == course.levels[2, 5]
