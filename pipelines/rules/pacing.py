"""Pacing: how far a target has come, where it should be by now, and where it ends at the rate so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import sqrt
from statistics import mean, variance
from zoneinfo import ZoneInfo

from scipy.stats import t as student

ENOUGH_DAYS = 3  # that are over, to say where it ends
CONFIDENCE = 0.95
LEAST_PACE, MOST_PACE = Decimal("0.9"), Decimal("1.1")  # of what was expected by now: on track between them
A_DAY = timedelta(days=1)
PLACES = Decimal("0.0001")  # of an amount, as in the marts
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted of a campaign, or of one influencer in it, from one day to another, both included."""

    campaign_id: str
    influencer_id: str | None
    metric: str
    target: Decimal
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Progress:
    """A target's standing. Amounts are counts, or revenue in the reporting currency.

    `actual` is null where it is not known; `projected` with its 95 % range where too few days are over.
    `verdict`: not_started, reached, unknown, missed, behind, on_track or ahead.
    """

    campaign_id: str
    influencer_id: str | None
    metric: str
    starts_on: date
    ends_on: date
    target: Decimal
    actual: Decimal | None
    expected: Decimal
    projected: Decimal | None
    projected_low: Decimal | None
    projected_high: Decimal | None
    verdict: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Course:
    total: float  # days of the target, as what follows
    elapsed: float
    is_before: bool
    is_ended: bool


def progress(
    target: Target,
    by_day: Mapping[date, Decimal] | None,
    now: datetime,
    timezone: str,
    currency: str,
    digits: int,
) -> Progress:
    """A target's progress at `now`, from what was counted on each day of the campaign's time zone.

    Days that are missing had nothing; null: not known. The projection adds the mean of the days that are over for
    each day that is left; its range is the prediction interval of such a sum, by Student's t (Hahn and Meeker,
    Statistical Intervals, section 4.8), and never below what is there. `currency` and its `digits` are those in
    which revenue is told.
    """
    there = now.astimezone(ZoneInfo(timezone))
    course = _course(target, there)
    actual = ZERO if course.is_before else _sum(by_day, target, there.date())
    elapsed, total = Decimal(repr(course.elapsed)), Decimal(repr(course.total))
    expected = (target.target * elapsed / total).quantize(PLACES)
    projected, low, high = _projection(target, by_day, actual, course, there.date())
    verdict = _verdict(target.target, actual, expected, course)
    say = _Words(target, currency if target.metric == "revenue" else "", digits if target.metric == "revenue" else 0)
    return Progress(
        campaign_id=target.campaign_id,
        influencer_id=target.influencer_id,
        metric=target.metric,
        starts_on=target.starts_on,
        ends_on=target.ends_on,
        target=target.target,
        actual=actual,
        expected=expected,
        projected=projected,
        projected_low=low,
        projected_high=high,
        verdict=verdict,
        sentence=say.sentence(verdict, actual, expected, (projected, low, high), is_ended=course.is_ended),
    )


def _course(target: Target, there: datetime) -> _Course:
    total = float((target.ends_on - target.starts_on).days + 1)
    there_that_day = there.hour * 3600 + there.minute * 60 + there.second + there.microsecond / 1_000_000
    since = (there.date() - target.starts_on).days + there_that_day / A_DAY.total_seconds()
    return _Course(total, max(0.0, min(total, since)), since < 0, since >= total)


def _sum(by_day: Mapping[date, Decimal] | None, target: Target, today: date) -> Decimal | None:
    if by_day is None:
        return None
    until = min(target.ends_on, today)
    return sum((amount for day, amount in by_day.items() if target.starts_on <= day <= until), ZERO)


def _projection(
    target: Target, by_day: Mapping[date, Decimal] | None, actual: Decimal | None, course: _Course, today: date
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    if course.is_ended:
        return actual, actual, actual
    over = max(0, (min(target.ends_on + A_DAY, today) - target.starts_on).days)
    if by_day is None or actual is None or over < ENOUGH_DAYS:
        return None, None, None
    amounts = [float(by_day.get(target.starts_on + n * A_DAY, ZERO)) for n in range(over)]
    left = course.total - course.elapsed
    outstanding = mean(amounts) * left
    margin = _quantile(over - 1) * sqrt(variance(amounts) * (left + left**2 / over))
    least = max(outstanding - margin, 0.0)
    return _more(actual, outstanding), _more(actual, least), _more(actual, outstanding + margin)


@cache
def _quantile(degrees: int) -> float:
    return float(student.ppf((1 + CONFIDENCE) / 2, degrees))


def _more(actual: Decimal, amount: float) -> Decimal:
    return (actual + Decimal(repr(amount))).quantize(PLACES)


def _verdict(target: Decimal, actual: Decimal | None, expected: Decimal, course: _Course) -> str:
    if course.is_before:
        return "not_started"
    if actual is None:
        return "unknown"
    if actual >= target:
        return "reached"
    if course.is_ended:
        return "missed"
    if actual < LEAST_PACE * expected:
        return "behind"
    return "ahead" if actual > MOST_PACE * expected else "on_track"


@dataclass(frozen=True, slots=True)
class _Words:
    target: Target
    currency: str
    digits: int

    def sentence(
        self,
        verdict: str,
        actual: Decimal | None,
        expected: Decimal,
        projection: tuple[Decimal | None, Decimal | None, Decimal | None],
        *,
        is_ended: bool,
    ) -> str:
        wanted = self._amount(self.target.target)
        noun = f"{self.currency} revenue" if self.currency else self.target.metric
        ending = _day(self.target.ends_on)
        if verdict == "not_started":
            return f"Starts on {_day(self.target.starts_on)}: {wanted} {noun} are wanted by {ending}."
        if actual is None:
            return f"Not known yet: an order lacks an exchange rate. {wanted} {noun} are wanted by {ending}."
        standing = f"{self._amount(actual)} of {wanted} {noun}"
        if verdict == "missed":
            return f"Missed: {standing} when it ended on {ending}."
        if verdict == "reached":
            return f"Reached: {standing}" + (f" by {ending}." if is_ended else f".{self._outlook(projection)}")
        said = verdict.replace("_", " ").capitalize()
        by_now = self._amount(expected)
        return f"{said}: {standing}, where {by_now} were expected by now and all of it by {ending}." + self._outlook(
            projection
        )

    def _outlook(self, projection: tuple[Decimal | None, Decimal | None, Decimal | None]) -> str:
        projected, low, high = projection
        if projected is None or low is None or high is None:
            return " There are too few days yet to say where it ends."
        about, least, most = (self._amount(one) for one in (projected, low, high))
        return f" At the daily rate so far it ends at about {about} ({least} to {most})."

    def _amount(self, amount: Decimal) -> str:
        return f"{float(amount):,.{self.digits}f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
