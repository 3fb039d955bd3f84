"""Campaigns: each one's headline, course, influencers and targets, from a moment's sums and the published marts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipelines.live.counts import EVERYTHING, Count, Credited, Ordered, Pair
from pipelines.live.published import Marts
from pipelines.live.reference import Campaign, Person, Roster
from pipelines.live.snapshot import CampaignView, Course, Headline, InfluencerRow, Point
from pipelines.live.sums import Sums, last_days, last_hours, last_minutes, midnight
from pipelines.rules.models import MODELS
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
        return Decimal(minor).scaleb(-self.digits)

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
            influencers={model: self._influencers(key, timezone, model, pacing) for model in MODELS},
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

    def _influencers(
        self, key: str, timezone: str, model: str, pacing: Iterable[Progress]
    ) -> tuple[InfluencerRow, ...]:
        pairs: dict[str, list[Pair]] = {}
        for pair in {*self.sums.credited.get(model, {}), *self.sums.clicks, *self.marts.returns, *self.roster.pairs}:
            if key in (EVERYTHING, pair[1]):
                pairs.setdefault(pair[0], []).append(pair)
        days = last_days(self.until, timezone)
        paces = {one.influencer_id: one.sentence for one in pacing if one.influencer_id is not None}
        rows = [self._row(influencer, of, model, days, paces) for influencer, of in pairs.items()]
        return tuple(sorted(rows, key=lambda row: (-row.net_revenue, row.influencer_id)))

    def _row(
        self, influencer: str, pairs: list[Pair], model: str, days: list[date], paces: Mapping[str, str]
    ) -> InfluencerRow:
        person = self.roster.people.get(influencer) or Person(influencer, influencer, influencer, None, None, None)
        credited = self._credited(pairs, model)
        clicks = [self.sums.clicks.get(pair, (0, 0)) for pair in pairs]
        valid_clicks = sum(valid for _, valid in clicks)
        returned = [self.marts.returns[pair] for pair in pairs if pair in self.marts.returns]
        commission = _total(one.commission for one in returned)
        cost = _total([*(one.cost for one in returned), commission]) if returned else None
        net = self.money(credited.net)
        engagements = _total(one.engagements for one in returned)
        by_day = [self.sums.slow.credited_by_day.get((model, *pair), {}) for pair in pairs]
        return InfluencerRow(
            influencer_id=influencer,
            handle=person.handle,
            name=person.name,
            tier=person.tier,
            platform=person.platform,
            content_type=next((one.content_type for one in returned if one.content_type), None),
            clicks=sum(every for every, _ in clicks),
            valid_clicks=valid_clicks,
            orders=credited.orders,
            provisional_orders=credited.provisional_orders,
            new_customer_orders=credited.new_customers,
            gross_revenue=self.money(credited.gross),
            net_revenue=net,
            provisional_net_revenue=self.money(credited.provisional_net),
            cost=cost,
            commission=commission,
            profit=None if cost is None else net - cost,
            roi_pct=None if not cost else float(100 * (net - cost) / cost),
            roas=None if not cost else float(net / cost),
            cpa=None if cost is None or not credited.orders else float(cost) / credited.orders,
            conversion_rate=credited.orders / valid_clicks if valid_clicks else None,
            engagements=engagements,
            engagement_rate=engagements / person.followers if engagements is not None and person.followers else None,
            emv=_total(one.emv for one in returned),
            pace=paces.get(influencer),
            course=_by_day(by_day, days),
        )

    def _credited(self, pairs: Iterable[Pair], model: str) -> Credited:
        of_model = self.sums.credited.get(model, {})
        every = [of_model.get(pair, NOTHING) for pair in pairs]
        return Credited(
            round(sum(one.orders for one in every), 9),
            sum(one.gross for one in every),
            sum(one.net for one in every),
            round(sum(one.new_customers for one in every), 9),
            round(sum(one.provisional_orders for one in every), 9),
            sum(one.provisional_net for one in every),
        )


def _by_day(counts: Iterable[Mapping[date, float]], days: list[date]) -> tuple[float, ...]:
    sums = [0.0] * len(days)
    for one in counts:
        for day, orders in one.items():
            place = (day - days[0]).days
            if 0 <= place < len(days):
                sums[place] += orders
    return tuple(round(orders, 9) for orders in sums)


def _total(amounts: Iterable[Any]) -> Any:
    """The sum of what is known; None if nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known[1:], known[0]) if known else None
