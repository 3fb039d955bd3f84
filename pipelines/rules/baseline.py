"""Baseline: what is usual at an hour, from the same hour of earlier weeks, and how far a count is from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Literal

HOURS_A_DAY = 24
HOURS_A_WEEK = 7 * HOURS_A_DAY
WEEKS = 8  # more would bring in another season
DAYS = 14  # for what is younger than three weeks: two weeks, so that each weekday counts alike
LEAST = 3  # the fewest that outvote one odd hour among them
HISTORY_HOURS = WEEKS * HOURS_A_WEEK + 2 * HOURS_A_DAY
"""How far back counts must reach: the earlier weeks of every hour of today and yesterday."""
NORMAL = 1.4826  # a median absolute deviation times this is a normal distribution's standard deviation


@dataclass(frozen=True, slots=True)
class Baseline:
    """The median of `hours` earlier hours, and the scale of a usual distance from it.

    The scale is never less than a random arrival's own scatter, the root of the median, nor than 1: hours that
    happened to be alike do not make the next count a wonder.
    """

    median: float
    scale: float
    hours: int
    period: Literal["week", "day"]

    def robust_z(self, count: int) -> float:
        return (count - self.median) / self.scale


def baseline(counts: Mapping[int, int], hour: int, first_hour: int) -> Baseline | None:
    """What is usual at `hour`; None when too little is known to say.

    `counts` by hours since 1970 in UTC; an hour that is not in it had none, unless it is before `first_hour`, when
    there was nothing to count. Taken are the same hour of up to 8 earlier weeks; if `first_hour` leaves fewer than 3,
    the same hour of up to 14 earlier days.
    """
    if weeks := _earlier(counts, hour, first_hour, HOURS_A_WEEK, WEEKS):
        return _of(weeks, "week")
    if days := _earlier(counts, hour, first_hour, HOURS_A_DAY, DAYS):
        return _of(days, "day")
    return None


def beginning(place: int, earliest: int, holds: Callable[[int], bool]) -> int:
    """The first of the unbroken run of hours (or other numbered spans) that ends at `place` and that all hold."""
    while place > earliest and holds(place - 1):
        place -= 1
    return place


def _earlier(counts: Mapping[int, int], hour: int, first_hour: int, step: int, most: int) -> list[int]:
    reached = min(most, (hour - first_hour) // step)
    return [counts.get(hour - step * back, 0) for back in range(1, reached + 1)] if reached >= LEAST else []


def _of(past: list[int], period: Literal["week", "day"]) -> Baseline:
    middle = median(past)
    deviation = median(abs(count - middle) for count in past)
    return Baseline(middle, max(NORMAL * deviation, sqrt(max(middle, 1))), len(past), period)
