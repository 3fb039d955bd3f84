"""Sums: what a moment's counts come to, before they are put into a page's words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipelines.live.counts import DAYS, HOURS, MINUTES, Counts, Course, Credited, Ordered, Pair
from pipelines.rules.decoding import EPOCH, MICROSECOND

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Slow:
    """What is counted less often: it costs more, and moves less."""

    days: Course
    credited_by_day: Mapping[tuple[str, str, str], Mapping[date, float]]
    facts_by_day: Mapping[Pair, Mapping[date, tuple[float, int, int]]]

    @classmethod
    def of(cls, counts: Counts, until: datetime, targeted: Iterable[str]) -> "Slow":
        """Up to an instant; facts of `targeted` campaigns."""
        return cls(
            days=counts.days(micros(until)),
            credited_by_day=counts.credited_by_day(until.date() - (DAYS + 2) * A_DAY),
            facts_by_day=counts.facts_by_day(targeted),
        )


@dataclass(frozen=True)
class Sums:
    """All counts of one moment, as `Counts` answers them."""

    credited: Mapping[str, Mapping[Pair, Credited]]
    ordered: Mapping[str | None, Ordered]
    uncredited: Mapping[str, int]
    clicks: Mapping[Pair, tuple[int, int]]
    uses: Mapping[str | None, tuple[int, int]]
    minutes: Course
    hours: Course
    newest_order: datetime | None
    slow: Slow

    @classmethod
    def of(cls, counts: Counts, until: datetime, settled: datetime, slow: Slow) -> "Sums":
        """Up to an instant; what was ordered after `settled` is provisional."""
        last, boundary = micros(until), micros(settled)
        ordered, uncredited = counts.ordered(boundary)
        newest = counts.newest_order()
        return cls(
            credited=counts.credited(boundary),
            ordered=ordered,
            uncredited=uncredited,
            clicks=counts.clicks(),
            uses=counts.uses(last),
            minutes=counts.minutes(last),
            hours=counts.hours(last),
            newest_order=None if newest is None else EPOCH + newest * MICROSECOND,
            slow=slow,
        )


def last_minutes(until: datetime) -> list[datetime]:
    """The beginnings of the last MINUTES, oldest first."""
    last = until.replace(second=0, microsecond=0)
    return [last - n * timedelta(minutes=1) for n in range(MINUTES - 1, -1, -1)]


def last_hours(until: datetime, timezone: str) -> list[datetime]:
    """The beginnings of the last HOURS of a time zone, oldest first."""
    last = until.astimezone(ZoneInfo(timezone)).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    return [last - n * timedelta(hours=1) for n in range(HOURS - 1, -1, -1)]


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
