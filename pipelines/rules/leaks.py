"""Leaks: codes that are used as if they had got out, by the last publish or by the last 24 hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median

from pipelines.rules.baseline import DAYS, HOURS_A_DAY, LEAST
from pipelines.rules.signals import DAY, HOUR, Kind, Severity, Signal, SubjectKind, counted

LEAST_USES = 10
GROWTH = 4  # a good post doubles or trebles a day; its clicks come with it
LIKEWISE = 0.5  # clicks that grew half as much as the uses explain them: not everyone who hears a code clicks
ADVICE = (
    "Ask its holder what was posted, and search coupon sites for it; if it got out, set compromised_at in the codes "
    "and give the holder a new one."
)


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code's uses, and the valid clicks of its holder in that campaign, by hours since 1970 in UTC.

    Hours of none may be left out; both reach back 15 days, or to `first_hour`, the one of the code's first use ever.
    For codes that are not marked compromised yet.
    """

    code: str
    influencer_id: str
    campaign_id: str
    uses: Mapping[int, int]
    clicks: Mapping[int, int]
    first_hour: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """The latest row of a code and holder in the published fct_code_leaks, which is suspect there.

    `day` as its first instant, in microseconds.
    """

    code: str
    influencer_id: str
    campaign_id: str
    day: int
    evidence: str


def leaked_codes(uses: Iterable[CodeUse], suspects: Iterable[Suspect], now: int) -> list[Signal]:
    """One signal for each code and holder that either the last publish or the last 24 hours make suspect.

    Live: at least 10 uses within 24 hours of the watermark `now`, at least 4 times the median of the up to 14 days
    before (at least 3 since its first use), while its holder's clicks did not grow half as much. Where both hold, it
    is about the earlier of both days, and says both.
    """
    found = {_whose(one): _published(one) for one in suspects}
    for use in uses:
        evidence = _live(use, now // HOUR)
        if evidence is None:
            continue
        live = _signal(use, now // DAY * DAY, evidence)
        published = found.get(_whose(use))
        found[_whose(use)] = live if published is None else _both(live, published)
    return list(found.values())


def _whose(one: CodeUse | Suspect) -> tuple[str, str, str]:
    return one.code, one.influencer_id, one.campaign_id


def _live(use: CodeUse, running: int) -> str | None:
    count = _day(use.uses, running, 0)
    days = min(DAYS, (running + 1 - use.first_hour) // HOURS_A_DAY - 1)
    if count < LEAST_USES or days < LEAST:
        return None
    usual = median(_day(use.uses, running, back) for back in range(1, days + 1))
    if count < GROWTH * usual:
        return None
    clicks = _day(use.clicks, running, 0)
    usual_clicks = median(_day(use.clicks, running, back) for back in range(1, days + 1))
    if clicks / max(usual_clicks, 1) >= LIKEWISE * count / max(usual, 1):
        return None
    return (
        f"{counted(count, 'use')} in the last 24 hours, at the median of the {days} days before {usual:,g}; the "
        f"holder's valid clicks were {clicks:,} and {usual_clicks:,g}"
    )


def _day(counts: Mapping[int, int], running: int, back: int) -> int:
    """The sum of 24 hours: those up to the one that runs, or as many days earlier."""
    last = running - HOURS_A_DAY * back
    return sum(counts.get(hour, 0) for hour in range(last - HOURS_A_DAY + 1, last + 1))


def _published(suspect: Suspect) -> Signal:
    return _signal(suspect, suspect.day, f"As of the last publish: {suspect.evidence}")


def _both(live: Signal, published: Signal) -> Signal:
    return replace(live, since=min(live.since, published.since), evidence=f"{live.evidence}. {published.evidence}")


def _signal(of: CodeUse | Suspect, since: int, evidence: str) -> Signal:
    return Signal(
        kind=Kind.LEAKED_CODE,
        subject=of.code,
        subject_kind=SubjectKind.CODE,
        campaign_id=of.campaign_id,
        influencer_id=of.influencer_id,
        severity=Severity.ACT,
        since=since // DAY * DAY,
        evidence=evidence,
        advice=ADVICE,
    )
