"""Swings: codes and links that are used far more, or far less, than at this hour of other weeks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.rules.baseline import HOURS_A_DAY, Baseline, baseline, beginning
from pipelines.rules.signals import HOUR, Kind, Severity, Signal, SubjectKind, calendar_day, clock_time, counted

SPIKE_COUNT = 10  # a handful of friends is no spike, however quiet the hour was before
SPIKE_Z = 5  # of 2,000 steady hours (Poisson, eight weeks alike) chance alone brings one so far, at most
DROP_MEDIAN = 20  # below, an hour of nothing is bad luck
DROP_Z = -4  # of 10,000 one, at most; at a median of 20 a count of 0 is only -4.5

NOUN = {SubjectKind.CODE: "redemption", SubjectKind.LINK: "click"}
ADVICE = {
    (Kind.SPIKE, SubjectKind.CODE): "Ask its holder what was posted; if nothing was, look for the code on coupon sites "
    "and mark it compromised.",
    (Kind.SPIKE, SubjectKind.LINK): "Look at the post, and see that the page it leads to holds and has the goods in "
    "stock.",
    (Kind.DROP, SubjectKind.CODE): "Redeem it at the checkout yourself, and see that its validity has not ended.",
    (Kind.DROP, SubjectKind.LINK): "Open it where it was published, and see that it leads to the shop with its "
    "parameters.",
}


@dataclass(frozen=True, slots=True)
class Series:
    """The redemptions of a code, or the valid clicks of a link, by hours since 1970 in UTC.

    `counts` may leave out hours of none, and must reach back `baseline.HISTORY_HOURS` from now, or to `first_hour`,
    the one of the first use ever. For codes and links that are valid now: one that has ended would seem to drop.
    """

    subject: str
    subject_kind: SubjectKind
    counts: Mapping[int, int]
    first_hour: int
    campaign_id: str | None = None
    influencer_id: str | None = None


def swings(series: Iterable[Series], now: int) -> list[Signal]:
    """Spikes and drops at the watermark `now`, in microseconds: of the hour that runs and of the last whole one.

    The hour that runs can be a spike already, its count so far against whole hours, but is no drop before it is over.
    A swing of several hours on end is one signal, since the first of them that is of today or yesterday.
    """
    running = now // HOUR
    return [signal for one in series for signal in _swings(one, running)]


def _swings(series: Series, running: int) -> Iterator[Signal]:
    for kind, hours in ((Kind.SPIKE, (running, running - 1)), (Kind.DROP, (running - 1,))):
        for hour in hours:
            if usual := _left(kind, series, hour):
                yield _signal(kind, series, hour, running, usual)
                break


def _left(kind: Kind, series: Series, hour: int) -> Baseline | None:
    """The baseline that the count of an hour left upwards or downwards, if it did."""
    count = series.counts.get(hour, 0)
    if kind is Kind.SPIKE and count < SPIKE_COUNT:
        return None
    usual = baseline(series.counts, hour, series.first_hour)
    if usual is None:
        return None
    z = usual.robust_z(count)
    has_left = z >= SPIKE_Z if kind is Kind.SPIKE else usual.median >= DROP_MEDIAN and z <= DROP_Z
    return usual if has_left else None


def _signal(kind: Kind, series: Series, hour: int, running: int, usual: Baseline) -> Signal:
    yesterday = (running // HOURS_A_DAY - 1) * HOURS_A_DAY
    first = beginning(hour, yesterday, lambda earlier: _left(kind, series, earlier) is not None)
    return Signal(
        kind=kind,
        subject=series.subject,
        subject_kind=series.subject_kind,
        campaign_id=series.campaign_id,
        influencer_id=series.influencer_id,
        severity=Severity.ACT if kind is Kind.DROP else Severity.LOOK,
        since=first * HOUR,
        evidence=_evidence(series, hour, running, usual) + _so_since(first, hour),
        advice=ADVICE[kind, series.subject_kind],
    )


def _evidence(series: Series, hour: int, running: int, usual: Baseline) -> str:
    count = series.counts.get(hour, 0)
    begins, ends = clock_time(hour * HOUR), clock_time((hour + 1) * HOUR)
    when = f"since {begins} UTC" if hour == running else f"from {begins} to {ends} UTC"
    which = "hour of the week" if usual.period == "week" else "hour of the day"
    return (
        f"{counted(count, NOUN[series.subject_kind])} {when}; in this {which} it was {usual.median:,g} at the median "
        f"of {counted(usual.hours, usual.period)} (robust z {usual.robust_z(count):.1f})"
    )


def _so_since(first: int, hour: int) -> str:
    if first == hour:
        return ""
    return f"; so every hour since {clock_time(first * HOUR)} UTC on {calendar_day(first * HOUR)}"
