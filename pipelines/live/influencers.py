"""Influencers: their rows under each model, of one campaign or of all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.live.counts import EVERYTHING, Credited, Pair
from pipelines.live.published import Marts
from pipelines.live.reference import Person, Roster
from pipelines.live.snapshot import InfluencerRow
from pipelines.live.sums import Sums
from pipelines.rules.models import MODELS
from pipelines.rules.money import from_minor

NOTHING = Credited(0.0, 0, 0, 0.0, 0.0, 0)


@dataclass(frozen=True, eq=False)
class Influencers(Mapping[str, tuple[InfluencerRow, ...]]):
    """The rows of the campaign `key`, by model, with the orders of `days`; `paces` by influencer.

    Those of a model are made when they are asked for: a page shows one of six.
    """

    key: str
    days: tuple[date, ...]
    sums: Sums
    marts: Marts
    roster: Roster
    paces: Mapping[str, str]
    digits: int
    _made: dict[str, tuple[InfluencerRow, ...]] = field(default_factory=dict, repr=False)

    def __getitem__(self, model: str) -> tuple[InfluencerRow, ...]:
        if model not in MODELS:
            raise KeyError(model)
        if model not in self._made:
            rows = [self._row(influencer, pairs, model) for influencer, pairs in self._pairs(model).items()]
            self._made[model] = tuple(sorted(rows, key=lambda row: (-row.net_revenue, row.influencer_id)))
        return self._made[model]

    def __iter__(self) -> Iterator[str]:
        return iter(MODELS)

    def __len__(self) -> int:
        return len(MODELS)

    def __eq__(self, other: object) -> bool:
        """Whether all rows are equal; of equal sums they are."""
        if not isinstance(other, Influencers):
            return NotImplemented
        return self._made_of == other._made_of or dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # as other mappings

    @property
    def _made_of(self) -> tuple[object, ...]:
        return self.key, self.days, self.paces, self.digits, id(self.marts), id(self.roster), self.sums

    def _pairs(self, model: str) -> dict[str, list[Pair]]:
        found: dict[str, list[Pair]] = {}
        for pair in {*self.sums.credited.get(model, {}), *self.sums.clicks, *self.marts.returns, *self.roster.pairs}:
            if self.key in (EVERYTHING, pair[1]):
                found.setdefault(pair[0], []).append(pair)
        return found

    def _row(self, influencer: str, pairs: list[Pair], model: str) -> InfluencerRow:
        person = self.roster.people.get(influencer) or Person(influencer, influencer, influencer, None, None, None)
        credited = self._credited(pairs, model)
        clicks = [self.sums.clicks.get(pair, (0, 0)) for pair in pairs]
        valid_clicks = sum(valid for _, valid in clicks)
        returned = [self.marts.returns[pair] for pair in pairs if pair in self.marts.returns]
        commission = _total(one.commission for one in returned)
        cost = _total([*(one.cost for one in returned), commission]) if returned else None
        net = from_minor(credited.net, self.digits)
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
            gross_revenue=from_minor(credited.gross, self.digits),
            net_revenue=net,
            provisional_net_revenue=from_minor(credited.provisional_net, self.digits),
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
            pace=self.paces.get(influencer),
            course=_by_day(by_day, self.days),
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


def _by_day(counts: Iterable[Mapping[date, float]], days: Sequence[date]) -> tuple[float, ...]:
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
