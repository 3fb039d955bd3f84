"""Campaigns: each one's headline, course, influencers and targets, from a moment's sums and the published marts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipelines.live.counts import EVERYTHING, Count, Credited, Ordered
from pipelines.live.influencers import Influencers
from pipelines.live.published import Marts
from pipelines.live.reference import Campaign, Roster
from pipelines.live.snapshot import CampaignView, Course, Headline, Point
from pipelines.live.sums import Sums, last_days, last_hours, last_minutes, midnight
from pipelines.rules.money import from_minor
from pipelines.rules.pacing import Progress

NOTHING = Credited(0.0, 0, 0, 0.0, 0.0, 0)
NO_COUNT = Count()


@dataclass(frozen=True)
class Moment:
    """What the views of one moment are made of; `until` is the instant up to which time is shown."""

    until: datetime
    sums: Sums
    marts: Marts
    roster: Roster
    pacing: Mapping[str, tuple[Progress, ...]]
    currency: str
    digits: int

    def views(self) -> tuple[CampaignView, ...]:
        """All campaigns together first, then each one, the newest first."""
        return (self._view(None), *(self._view(campaign) for campaign in self.roster.campaigns))

    def money(self, minor: int) -> Decimal:
        """An amount of the reporting currency from its minor units."""
        return from_minor(minor, self.digits)

    def _view(self, campaign: Campaign | None) -> CampaignView:
        key = EVERYTHING if campaign is None else campaign.campaign_id
        timezone = "UTC" if campaign is None else campaign.timezone
        pacing = self.pacing.get(key, ())
        return CampaignView(
            campaign_id=None if campaign is None else key,
            name="All campaigns" if campaign is None else campaign.name,
            timezone=timezone,
            currency=self.currency if campaign is None else campaign.currency,
            starts_at=None if campaign is None else campaign.starts_at,
            ends_at=None if campaign is None else campaign.ends_at,
            headline=self._headline(key),
            course=self._course(key, timezone),
            influencers=Influencers(
                key=key,
                days=tuple(last_days(self.until, timezone)),
                sums=self.sums,
                marts=self.marts,
                roster=self.roster,
                paces={one.influencer_id: one.sentence for one in pacing if one.influencer_id is not None},
                digits=self.digits,
            ),
            pacing=pacing,
        )

    def _headline(self, key: str) -> Headline:
        sums = self.sums
        ordered = sums.ordered.get(key, Ordered())
        clicks = [of for (_, campaign), of in sums.clicks.items() if key in (EVERYTHING, campaign)]
        uses, codes = sums.uses.get(key, (0, 0))
        nobody = sums.ordered.get(None, Ordered())
        return Headline(
            orders=ordered.orders,
            provisional_orders=ordered.provisional_orders,
            gross_revenue=self.money(ordered.gross),
            net_revenue=self.money(ordered.net),
            provisional_net_revenue=self.money(ordered.provisional_net),
            clicks=sum(every for every, _ in clicks),
            valid_clicks=sum(valid for _, valid in clicks),
            redemptions=uses,
            active_codes=codes,
            unattributed_orders=nobody.orders if key == EVERYTHING else None,
            unattributed_net_revenue=self.money(nobody.net) if key == EVERYTHING else None,
        )

    def _course(self, key: str, timezone: str) -> Course:
        days = [midnight(day, timezone) for day in last_days(self.until, timezone)]
        return Course(
            minutes=self._points(self.sums.minutes.get(key, {}), last_minutes(self.until)),
            hours=self._points(self.sums.hours.get(key, {}), last_hours(self.until, timezone)),
            days=self._points(self.sums.slow.days.get(key, {}), days),
        )

    def _points(self, counted: Mapping[datetime, Count], beginnings: Iterable[datetime]) -> tuple[Point, ...]:
        counts = [(at, counted.get(at, NO_COUNT)) for at in beginnings]
        return tuple(Point(at, of.orders, self.money(of.net), of.clicks, of.redemptions) for at, of in counts)
