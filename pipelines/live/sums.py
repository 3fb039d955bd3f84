"""Sums: what a moment's counts come to, before they are put into a page's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from pipelines.live.counts import DAY, DAYS, HOURS, MINUTE, MINUTES, QUARTER, Count, Counts, Credited, Ordered, Pair
from pipelines.rules.decoding import EPOCH, MICROSECOND

T = TypeVar("T")
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sums:
    """All counts of one moment, as `Counts` answers them."""

    credited: Mapping[str, Mapping[Pair, Credited]]
    ordered: Mapping[str | None, Ordered]
    uncredited: Mapping[str, tuple[int, int]]
    clicks: Mapping[Pair, tuple[int, int]]
    uses: Mapping[str | None, tuple[int, int]]
    minutes: Mapping[str | None, Mapping[int, Count]]
    quarters: Mapping[str | None, Mapping[int, Count]]
    credited_by_day: Mapping[tuple[str, str, str], Mapping[date, float]]
    facts_by_day: Mapping[Pair, Mapping[date, tuple[float, int, int]]]
    newest_order: datetime | None

    @classmethod
    def of(cls, counts: Counts, until: datetime, settled: datetime) -> "Sums":
        """Up to an instant; what was ordered after `settled` is provisional."""
        last, boundary = micros(until), micros(settled)
        return cls(
            credited=counts.credited(boundary),
            ordered=counts.ordered(boundary),
            uncredited=counts.uncredited(),
            clicks=counts.clicks(),
            uses=counts.uses(last),
            minutes=counts.minutes(last),
            quarters=counts.quarters(last),
            credited_by_day=counts.credited_by_day(last - (DAYS + 2) * DAY),
            facts_by_day=counts.facts_by_day(),
            newest_order=None if (newest := counts.newest_order()) is None else _instant(newest),
        )


def minutes_of(counts: Mapping[int, Count], until: datetime) -> list[tuple[datetime, Count]]:
    """The last MINUTES, oldest first, also those in which nothing happened."""
    last = micros(until) // MINUTE
    return [(_instant(n * MINUTE), counts.get(n, Count())) for n in range(last - MINUTES + 1, last + 1)]


def hours_of(counts: Mapping[int, Count], until: datetime, timezone: str) -> list[tuple[datetime, Count]]:
    """The last HOURS of a time zone, oldest first, summed from quarters of an hour."""
    sums = _summed({quarter: _place(quarter, timezone)[0] for quarter in counts}, counts)
    last = until.astimezone(ZoneInfo(timezone)).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    hours = [last - n * timedelta(hours=1) for n in range(HOURS - 1, -1, -1)]
    return [(hour, sums.get(hour, Count())) for hour in hours]


def days_of(counts: Mapping[int, Count], until: datetime, timezone: str) -> list[tuple[datetime, Count]]:
    """The last DAYS of a time zone, oldest first, each at its first instant."""
    sums = _summed({quarter: _place(quarter, timezone)[1] for quarter in counts}, counts)
    return [(midnight(day, timezone), sums.get(day, Count())) for day in last_days(until, timezone)]


def last_days(until: datetime, timezone: str) -> list[date]:
    """The last DAYS of a time zone, oldest first."""
    today = until.astimezone(ZoneInfo(timezone)).date()
    return [today - n * A_DAY for n in range(DAYS - 1, -1, -1)]


def midnight(day: date, timezone: str) -> datetime:
    """A day's first instant."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def micros(instant: datetime) -> int:
    """Since 1970, in microseconds."""
    return (instant - EPOCH) // MICROSECOND


def _instant(at: int) -> datetime:
    return EPOCH + at * MICROSECOND


@lru_cache(maxsize=100_000)
def _place(quarter: int, timezone: str) -> tuple[datetime, date]:
    """The hour and the day of a time zone in which a quarter of an hour lies."""
    there = _instant(quarter * QUARTER).astimezone(ZoneInfo(timezone))
    return there.replace(minute=0).astimezone(UTC), there.date()


def _summed(places: Mapping[int, T], counts: Mapping[int, Count]) -> dict[T, Count]:
    sums: dict[T, Count] = {}
    for quarter, place in places.items():
        one, other = sums.get(place, Count()), counts[quarter]
        sums[place] = Count(
            one.orders + other.orders,
            one.net + other.net,
            one.clicks + other.clicks,
            one.redemptions + other.redemptions,
        )
    return sums
