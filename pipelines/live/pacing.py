"""Pacing: each campaign's targets against what has been counted."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from pipelines.live.counts import Pair
from pipelines.live.published import Marts
from pipelines.live.reference import Roster
from pipelines.rules.pacing import Progress, Target, progress

LIVE = ("orders", "revenue", "clicks")  # in the order of the facts; the others are those of the last publish

Facts = Mapping[Pair, Mapping[date, tuple[float, int, int]]]
"""Orders, net in minor units and valid clicks by influencer and campaign, and by day."""


def pacing_of(
    roster: Roster, facts: Facts, marts: Marts, until: datetime, currency: str, digits: int
) -> dict[str, tuple[Progress, ...]]:
    """The progress of every target at an instant, by campaign; `digits` of the reporting `currency`."""
    timezones = {campaign.campaign_id: campaign.timezone for campaign in roster.campaigns}
    sums = _summed(facts)
    found: dict[str, tuple[Progress, ...]] = {}
    for target in roster.targets:
        of_days = sums.get((target.campaign_id, target.influencer_id), {})
        by_day = _live(target, of_days, digits) if target.metric in LIVE else marts.by_day(target)
        mine = progress(target, by_day, until, timezones[target.campaign_id], currency, digits)
        found[target.campaign_id] = (*found.get(target.campaign_id, ()), mine)
    return found


def _live(target: Target, days: Mapping[date, list[float]], digits: int) -> dict[date, Decimal]:
    place = LIVE.index(target.metric)
    shift = -digits if target.metric == "revenue" else 0
    return {day: Decimal(round(facts[place])).scaleb(shift) for day, facts in days.items()}


def _summed(facts: Facts) -> dict[tuple[str, str | None], dict[date, list[float]]]:
    """What targets count, by campaign and influencer, null for all of a campaign's, and by day."""
    found: dict[tuple[str, str | None], dict[date, list[float]]] = {}
    for (influencer, campaign), days in facts.items():
        for whose in (influencer, None):
            into = found.setdefault((campaign, whose), {})
            for day, more in days.items():
                into[day] = [one + other for one, other in zip(into.get(day, (0, 0, 0)), more, strict=True)]
    return found
