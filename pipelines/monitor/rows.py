"""Rows: what of a snapshot a view shows: influencers filtered, sorted and added up, signals, targets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.live.snapshot import CampaignView, InfluencerRow, Snapshot, Sums
from pipelines.monitor.view import View
from pipelines.rules.pacing import Progress
from pipelines.rules.signals import Signal

ZERO = Decimal(0)
VERDICTS = ("behind", "on_track", "ahead", "reached", "missed", "not_started", "unknown")
URGENCY = {verdict: place for place, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True, slots=True)
class Totals:
    """What rows add up to, and ratios of the sums; cost and what follows of it is null unless every row knows it."""

    clicks: int
    valid_clicks: int
    orders: float
    provisional_orders: float
    new_customer_orders: float
    net_revenue: Decimal
    provisional_net_revenue: Decimal
    cost: Decimal | None
    profit: Decimal | None
    emv: Decimal | None

    @property
    def roi_pct(self) -> float | None:
        return None if self.profit is None or not self.cost else float(self.profit / self.cost * 100)

    @property
    def roas(self) -> float | None:
        return None if self.profit is None or not self.cost else float((self.profit + self.cost) / self.cost)

    @property
    def cpa(self) -> float | None:
        return None if self.cost is None or not self.orders else float(self.cost) / self.orders

    @property
    def conversion_rate(self) -> float | None:
        return self.orders / self.valid_clicks if self.valid_clicks else None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """All orders under a model, told from one campaign: what it is credited, what others are, what nobody is."""

    here: Decimal
    elsewhere: Decimal
    sums: Sums

    @property
    def adds_up(self) -> bool:
        return self.sums.adds_up and self.here + self.elsewhere == self.sums.credited


def shown_rows(campaign: CampaignView, view: View) -> tuple[InfluencerRow, ...]:
    """The rows that pass the view's filters, in its order; what is unknown comes last either way."""
    rows = [row for row in campaign.influencers.get(view.model, ()) if _passes(row, view)]
    rows.sort(key=lambda row: (row.handle.casefold(), row.influencer_id))
    known = [row for row in rows if getattr(row, view.sort) is not None]
    known.sort(key=lambda row: _sortable(getattr(row, view.sort)), reverse=view.order == "desc")
    return (*known, *(row for row in rows if getattr(row, view.sort) is None))


def totals(rows: Sequence[InfluencerRow]) -> Totals:
    return Totals(
        clicks=sum(row.clicks for row in rows),
        valid_clicks=sum(row.valid_clicks for row in rows),
        orders=_whole(sum(row.orders for row in rows)),
        provisional_orders=_whole(sum(row.provisional_orders for row in rows)),
        new_customer_orders=_whole(sum(row.new_customer_orders for row in rows)),
        net_revenue=sum((row.net_revenue for row in rows), ZERO),
        provisional_net_revenue=sum((row.provisional_net_revenue for row in rows), ZERO),
        cost=_sum_if_all(row.cost for row in rows),
        profit=_sum_if_all(row.profit for row in rows),
        emv=_sum(row.emv for row in rows),
    )


def reckoning(snapshot: Snapshot, campaign: CampaignView, model: str) -> Reckoning | None:
    """Null where the snapshot knows nothing of the model."""
    sums = snapshot.honesty.sums.get(model)
    if sums is None:
        return None
    here = sum((row.net_revenue for row in campaign.influencers.get(model, ())), ZERO)
    return Reckoning(here, sums.credited - here, sums)


def signals_of(snapshot: Snapshot, campaign: CampaignView) -> tuple[Signal, ...]:
    """Those of the campaign, and those that are of none: an unknown code may be anybody's."""
    return tuple(
        signal
        for signal in snapshot.signals
        if campaign.campaign_id is None or signal.campaign_id in (None, campaign.campaign_id)
    )


def pacing_of(snapshot: Snapshot, campaign: CampaignView) -> tuple[Progress, ...]:
    """The campaign's targets; of all campaigns those that are of no one influencer. What is behind comes first."""
    found = campaign.pacing
    if campaign.campaign_id is None:
        found = tuple(one for each in snapshot.campaigns for one in each.pacing if one.influencer_id is None)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: URGENCY.get(one.verdict, len(URGENCY))))


def options(campaign: CampaignView, name: str) -> tuple[str, ...]:
    """The values that a filter may take in this campaign."""
    found = {getattr(row, name) for rows in campaign.influencers.values() for row in rows}
    return tuple(sorted(value for value in found if value))


def _passes(row: InfluencerRow, view: View) -> bool:
    alike = all(
        wanted is None or getattr(row, name) == wanted
        for name, wanted in (("tier", view.tier), ("platform", view.platform), ("content_type", view.content_type))
    )
    return alike and (
        view.q is None
        or any(view.q.casefold() in text.casefold() for text in (row.handle, row.name, row.influencer_id))
    )


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _sum_if_all(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Null where one is: with revenue of all and cost of some, a profit would be too good."""
    every = list(amounts)
    return None if None in every else _sum(every)


def _whole(orders: float) -> float:
    """Without the dust of binary fractions: shares of whole orders often add up to whole ones."""
    near = round(orders, 6)
    return float(near)
