"""Shapley values against games worked out by hand, and against every order in which influencers can join."""

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.warehouse.shapley import shapley_values


def by_permutations(paths):
    """Each influencer's mean marginal contribution to the value of the paths within those who joined before."""
    influencers = sorted({influencer for path, _ in paths for influencer in path})
    orders = list(permutations(influencers))
    summed = dict.fromkeys(influencers, Fraction(0))
    for order in orders:
        for place, influencer in enumerate(order):
            before, after = set(order[:place]), set(order[: place + 1])
            gained = sum(value for path, value in paths if set(path) <= after and not set(path) <= before)
            summed[influencer] += Fraction(gained, len(orders))
    return summed


@pytest.mark.parametrize(
    ("paths", "values"),
    [
        pytest.param([("a", 10)], {"a": 10}, id="alone: all"),
        pytest.param([("a", 10), ("b", 20), ("ab", 30)], {"a": 25, "b": 35}, id="together: half each"),
        pytest.param([("abc", 10)], dict.fromkeys("abc", Fraction(10, 3)), id="a third is a third"),
        pytest.param([("abab", 10)], {"a": 5, "b": 5}, id="repeats change nothing"),
        pytest.param([("ab", 0), ("c", 5)], {"a": 0, "b": 0, "c": 5}, id="paths that earned nothing"),
        pytest.param([], {}, id="no path"),
    ],
)
def test_values_worked_out_by_hand(paths, values):
    assert shapley_values(paths) == values


path_sets = st.lists(
    st.tuples(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=7), st.integers(0, 10**12)), max_size=10
)


@settings(deadline=None, max_examples=25)
@given(path_sets)
def test_values_are_the_mean_contributions_over_all_orders_of_joining(paths):
    assert shapley_values(paths) == by_permutations(paths)


@given(path_sets)
def test_values_sum_to_what_all_paths_earned(paths):
    assert sum(shapley_values(paths).values()) == sum(value for _, value in paths)
