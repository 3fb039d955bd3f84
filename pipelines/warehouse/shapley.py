"""Shapley attribution: each influencer's mean contribution to what the paths earned, over all orders of joining."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction


def shapley_values(paths: Iterable[tuple[Iterable[str], int]]) -> dict[str, Fraction]:
    """Each influencer's Shapley value where v(S) is the sum of the values of the paths within S.

    `paths`: the influencers of a path, repeats allowed, with its value. The values sum to those of the paths.

    Such a v is a sum of unanimity games, one a path, and the Shapley value is linear and shares a unanimity game
    equally (Shapley 1953; for attribution Zhao, Mahboobi and Bagheri 2018, arXiv:1804.05327). So the closed form
    value / influencers of the path is exact for any number of influencers, and nothing is sampled.
    """
    by_size: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for path, value in paths:
        influencers = set(path)
        for influencer in influencers:
            by_size[influencer][len(influencers)] += value
    return {
        influencer: sum((Fraction(value, size) for size, value in by_size[influencer].items()), Fraction(0))
        for influencer in sorted(by_size)
    }
