"""Markov attribution: how much less would convert if an influencer were taken out of every path."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from fractions import Fraction

import numpy as np

EXACT_INFLUENCERS = 24
"""Up to so many influencers the chain is solved in whole numbers, whose cost grows with the fourth power."""
DECIMALS = 12
"""Above, it is solved in binary64 and each effect rounded to so many decimals; the error stays below one of them."""


class End(Enum):
    """The states of a chain that are no influencer; no id can be mistaken for one."""

    START = "start"
    CONVERSION = "conversion"
    NULL = "null"


State = str | End
Solve = Callable[[list[list[int]], list[int]], list[Fraction]]


def removal_effects(transitions: Mapping[tuple[State, State], int]) -> dict[str, Fraction]:
    """Each influencer's 1 - P(conversion without it) / P(conversion), 0 to 1, in the order of the ids.

    `transitions` counts each step of whole paths, from START to CONVERSION or NULL; a removed influencer's
    arrivals go to NULL. Empty where no path converts: there is nothing to lose.

    The count of arrivals at a state is that of its departures, so the empirical chain visits i departures(i) /
    paths times on average, and one inverse answers for every removal. With M = diag(departures) - transitions,
    h = M^-1 conversions is P(conversion) from each influencer, and the effect of i is
    h(i) / (all conversions x M^-1(i, i)). Steps from an influencer to itself cancel out.
    """
    influencers = sorted({state for pair in transitions for state in pair if isinstance(state, str)})
    place = {influencer: i for i, influencer in enumerate(influencers)}
    matrix = [[0] * len(influencers) for _ in influencers]
    converting = [0] * len(influencers)
    for (origin, target), count in transitions.items():
        if not isinstance(origin, str):
            continue
        row = place[origin]
        matrix[row][row] += count
        if isinstance(target, str):
            matrix[row][place[target]] -= count
        elif target is End.CONVERSION:
            converting[row] += count
    if not any(converting):
        return {}
    solve: Solve = _exact if len(influencers) <= EXACT_INFLUENCERS else _rounded
    return dict(zip(influencers, solve(matrix, converting), strict=True))


def _exact(matrix: Sequence[Sequence[int]], converting: Sequence[int]) -> list[Fraction]:
    """Inverts in place, fraction-free after Bareiss: every division leaves no remainder, the determinant cancels."""
    rows = [[*row, conversions] for row, conversions in zip(matrix, converting, strict=True)]
    divisor = 1
    for k, chosen in enumerate(rows):  # no pivot is 0: from every state a path ends
        pivot, chosen[k] = chosen[k], divisor
        for row in rows:
            if row is not chosen:
                factor, row[k] = row[k], 0
                row[:] = [(pivot * x - factor * y) // divisor for x, y in zip(row, chosen, strict=True)]
        divisor = pivot
    everything = sum(converting)
    return [Fraction(row[-1], everything * row[i]) for i, row in enumerate(rows)]


def _rounded(matrix: Sequence[Sequence[int]], converting: Sequence[int]) -> list[Fraction]:
    inverse = np.linalg.inv(np.array(matrix, dtype=np.float64))
    reached = inverse @ np.array(converting, dtype=np.float64)
    effects = reached / (sum(converting) * inverse.diagonal())
    return [Fraction(f"{abs(effect):.{DECIMALS}f}") for effect in effects]
