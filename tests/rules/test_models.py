"""Attribution models: each touch's exact part, and which touches a path transform leaves."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.models import PATH_MODELS, PATH_TRANSFORMS, path_parts, time_decay

WEEK = 7 * 86_400_000_000  # microseconds


def weights(model, ages):
    parts = dict(path_parts(ages, WEEK))[model]
    return [Fraction(part, sum(parts)) for part in parts]


@pytest.mark.parametrize(
    ("model", "ages", "shares"),
    [
        pytest.param("first", [2, 1, 0], "1 0 0", id="first"),
        pytest.param("last", [2, 1, 0], "0 0 1", id="last"),
        pytest.param("linear", [2, 1, 0], "1/3 1/3 1/3", id="linear"),
        pytest.param("position", [0], "1", id="position of one touch"),
        pytest.param("position", [1, 0], "1/2 1/2", id="position of two"),
        pytest.param("position", [2, 1, 0], "2/5 1/5 2/5", id="position of three"),
        pytest.param("position", [4, 3, 2, 1, 0], "2/5 1/15 1/15 1/15 2/5", id="position of five"),
        pytest.param("time_decay", [0], "1", id="time_decay of one touch"),
        pytest.param("time_decay", [0, 0], "1/2 1/2", id="time_decay of two at once"),
        pytest.param("time_decay", [WEEK, 0], "1/3 2/3", id="time_decay, a half-life apart"),
        pytest.param("time_decay", [3 * WEEK, 2 * WEEK], "1/3 2/3", id="time_decay, both old: only the gap counts"),
        pytest.param("time_decay", [2 * WEEK, WEEK, 0], "1/7 2/7 4/7", id="time_decay of three"),
        pytest.param("time_decay", [0, WEEK], "2/3 1/3", id="time_decay goes by age, not by place"),
        pytest.param("time_decay", [100_000 * WEEK, 0], "0 1", id="time_decay, 100,000 half-lives: nothing is left"),
        pytest.param("time_decay", [100_000 * WEEK, 100_000 * WEEK], "1/2 1/2", id="time_decay, both that old"),
        pytest.param(
            "time_decay", [1074 * WEEK, 0], f"1/{2**1074 + 1} {2**1074}/{2**1074 + 1}", id="the least binary64"
        ),
    ],
)
def test_weights(model, ages, shares):
    assert weights(model, ages) == [Fraction(share) for share in shares.split()]


def test_an_age_is_divided_and_raised_in_binary64():
    """Three days of a half-life of seven are no exact power: the nearest double stands, exactly."""
    half_life, days = 7 * 86_400_000_000, 3 * 86_400_000_000
    exact = Fraction(2.0 ** -(days / half_life))
    assert weights("time_decay", [days, 0]) == [exact / (1 + exact), 1 / (1 + exact)]


journeys = st.lists(st.integers(0, 2**52), min_size=1, max_size=12)


@given(journeys, st.integers(1, 2**52))
def test_every_model_gives_one_whole(ages, half_life):
    found = path_parts(ages, half_life)
    assert tuple(model for model, _ in found) == PATH_MODELS
    for _, parts in found:
        assert len(parts) == len(ages)
        assert min(parts) >= 0
        assert sum(Fraction(part, sum(parts)) for part in parts) == 1


@given(journeys, st.integers(1, 2**52))
def test_a_younger_touch_never_weighs_less(ages, half_life):
    by_age = sorted(zip(ages, time_decay(ages, half_life), strict=True))
    assert [part for _, part in by_age] == sorted((part for _, part in by_age), reverse=True)


@pytest.mark.parametrize(
    ("transform", "owners", "kept"),
    [
        pytest.param("none", "aabba", [0, 1, 2, 3, 4], id="none keeps all"),
        pytest.param("collapse_repeats", "aabba", [0, 2, 4], id="collapse_repeats keeps the first of each run"),
        pytest.param("collapse_repeats", "aaa", [0], id="collapse_repeats of one run"),
        pytest.param("unique", "aabba", [0, 2], id="unique keeps each one's first"),
        pytest.param("unique", "cbabc", [0, 1, 2], id="unique keeps their order"),
        pytest.param("none", "", [], id="none of nothing"),
        pytest.param("collapse_repeats", "", [], id="collapse_repeats of nothing"),
        pytest.param("unique", "", [], id="unique of nothing"),
    ],
)
def test_the_touches_that_a_path_transform_leaves(transform, owners, kept):
    assert PATH_TRANSFORMS[transform](owners) == kept


@given(st.text(alphabet="abc", max_size=10))
def test_path_transforms_keep_everybody_and_the_order(owners):
    for transform in PATH_TRANSFORMS.values():
        kept = transform(owners)
        assert kept == sorted(set(kept))
        assert {owners[place] for place in kept} == set(owners)
