"""Bursts: links that machines open again and again within minutes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.rules.baseline import beginning
from pipelines.rules.signals import HOUR, MINUTE, Kind, Severity, Signal, SubjectKind, clock_time, counted

SLOT = 10 * MINUTE  # microseconds
LEAST_BOTS = 30  # previews come by the dozen when a post is shared, and are no burst
SLOTS_AN_HOUR = HOUR // SLOT
SLOTS_A_DAY = 24 * SLOTS_AN_HOUR


@dataclass(frozen=True, slots=True)
class BotClicks:
    """A link's clicks by ten minutes, numbered from 1970 in UTC (microseconds // SLOT): bots' and all.

    Those of none may be left out; they reach back to the beginning of yesterday.
    """

    link_id: str
    bots: Mapping[int, int]
    clicks: Mapping[int, int]
    campaign_id: str | None = None
    influencer_id: str | None = None


def bot_bursts(links: Iterable[BotClicks], now: int) -> list[Signal]:
    """One signal for each link with ten minutes of at least 30 bot clicks in the hour that runs or the one before.

    Of several it is about the latest, and about all ten minutes on end before it that had as many.
    """
    latest = now // SLOT
    earliest = (now // HOUR - 1) * SLOTS_AN_HOUR
    signals = []
    for link in links:
        slots = range(latest, earliest - 1, -1)
        last = next((slot for slot in slots if link.bots.get(slot, 0) >= LEAST_BOTS), None)
        if last is not None:
            signals.append(_signal(link, last))
    return signals


def _signal(link: BotClicks, last: int) -> Signal:
    yesterday = (last // SLOTS_A_DAY - 1) * SLOTS_A_DAY
    first = beginning(last, yesterday, lambda slot: link.bots.get(slot, 0) >= LEAST_BOTS)
    bots = sum(link.bots.get(slot, 0) for slot in range(first, last + 1))
    clicks = sum(link.clicks.get(slot, 0) for slot in range(first, last + 1))
    begins, ends = clock_time(first * SLOT), clock_time((last + 1) * SLOT)
    return Signal(
        kind=Kind.BOT_BURST,
        subject=link.link_id,
        subject_kind=SubjectKind.LINK,
        campaign_id=link.campaign_id,
        influencer_id=link.influencer_id,
        severity=Severity.LOOK,
        since=first * SLOT,
        evidence=f"{counted(bots, 'bot click')} from {begins} to {ends} UTC, {bots / max(clicks, bots):.0%} of the "
        f"{counted(max(clicks, bots), 'click')} of that time",
        advice="They claim no order; if it goes on, ask where the link was posted, and limit such visitors there.",
    )
