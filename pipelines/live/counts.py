"""Counts: the sums that a page is made of, asked of what has been counted so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from pipelines.live.orders import SUMMED_COLUMNS
from pipelines.rules.models import MODELS

MINUTE, QUARTER, HOUR, DAY = 60_000_000, 900_000_000, 3_600_000_000, 86_400_000_000  # microseconds
MINUTES, HOURS, DAYS = 60, 48, 30
EVERYTHING = ""  # stands for all campaigns, whose ids are never empty
QUARTERS_A_DAY = DAY // QUARTER

Pair = tuple[str, str]
"""An influencer and a campaign."""

CREDITED = """
with provisional as (
    select model, pair, sum(weight) as weight, sum(net) as net from credits where instant > $settled group by all
),

whole as (
    select
        model, pair, sum(weight) as weight, sum(gross) as gross, sum(net) as net, sum(new_customers) as new_customers
    from credit_days group by all
)

select
    model::varchar, influencer_id, campaign_id, round(whole.weight, 9), coalesce(gross, 0), coalesce(whole.net, 0),
    round(new_customers, 9), round(coalesce(provisional.weight, 0), 9), coalesce(provisional.net, 0)
from whole
inner join pairs using (pair)
left join provisional using (model, pair)
"""
ORDERS = f"""
with provisional as (
    select pair, count(*) as orders, sum(net) as net from orders where instant > $settled group by pair
),

whole as (
    select pair, {", ".join(f"sum({name})::bigint as {name}" for name in SUMMED_COLUMNS)} from order_sums group by pair
)

select
    campaign_id, whole.orders, coalesce(provisional.orders, 0), gross, whole.net, coalesce(provisional.net, 0),
    whole.* exclude (pair, orders, gross, net)
from whole
left join provisional on whole.pair is not distinct from provisional.pair
left join pairs on whole.pair = pairs.pair
"""  # noqa: S608
COUNTED = """
with events as (
    select instant, pair, 1 as orders, net, 0 as uses from orders where instant > $since and instant <= $until
    union all
    select instant, pair, 0, 0, 1 from codes where instant > $since and instant <= $until
),

counted as (
    select place, campaign_id, sum(orders) as orders, sum(net) as net, sum(uses) as uses, 0 as clicks
    from (
        select instant // {unit} as place, pair, sum(orders) as orders, sum(net) as net, sum(uses) as uses
        from events group by all
    )
    left join pairs using (pair) group by all
    union all
    select {place} as place, campaign_id, 0, 0, 0, sum(clicks)
    from {clicks} where place > $since // {unit} and place <= $until // {unit} group by all
)
"""
MINUTES_COUNTED = (
    COUNTED.format(unit=MINUTE, place="minute", clicks="click_minutes")
    + """
select
    grouping(campaign_id) = 1, campaign_id, to_timestamp(place * 60),
    sum(orders), coalesce(sum(net), 0), sum(clicks), sum(uses)
from counted
group by grouping sets ((place), (place, campaign_id))
"""
)
LOCALLY_COUNTED = """
{counted},

placed as (  -- all campaigns together have the hours and days of UTC
    select campaign_id, coalesce(timezones.timezone, 'UTC') as timezone, counted.* exclude (campaign_id)
    from counted left join timezones using (campaign_id)
    union all
    select '', 'UTC', place, sum(orders), sum(net), sum(uses), sum(clicks) from counted group by place
)

select
    campaign_id = '', campaign_id,
    timezone(timezone, date_trunc('{part}', timezone(timezone, to_timestamp(place * 900)))) as began,
    sum(orders), coalesce(sum(net), 0), sum(clicks), sum(uses)
from placed
group by all
"""
QUARTERS_COUNTED = COUNTED.format(unit=QUARTER, place="quarter", clicks="click_quarters")
CLICKS = """
select influencer_id, campaign_id, sum(clicks), sum(valid_clicks) from click_days group by all
"""
USES = """
select campaign_id, sum(uses)
from (select pair, count(*) as uses from codes group by pair) left join pairs using (pair)
group by all
"""
ACTIVE = """
select distinct campaign_id, code
from (select distinct pair, code from codes where is_valid and instant > $until - 86_400_000_000)
inner join pairs using (pair)
"""
CREDITED_BY_DAY = """
select model::varchar, influencer_id, campaign_id, day, round(sum(weight), 9)
from credit_days inner join pairs using (pair) where day > $since group by all
"""
FACTS_BY_DAY = """
with facts as (
    select influencer_id, campaign_id, day, weight as orders, net, 0 as clicks
    from credit_days inner join pairs using (pair) where model = 'policy'
    union all
    select influencer_id, campaign_id, day, 0, 0, valid_clicks from click_days
)

select
    influencer_id, campaign_id, day, round(sum(orders), 9), coalesce(sum(net), 0), sum(clicks)
from facts where campaign_id in $campaigns group by all
"""


@dataclass(frozen=True, slots=True)
class Credited:
    """What a model credits to a pair; amounts in minor units of the reporting currency."""

    orders: float
    gross: int
    net: int
    new_customers: float
    provisional_orders: float
    provisional_net: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """The orders of a campaign by the policy's winner, or all of them."""

    orders: int = 0
    provisional_orders: int = 0
    gross: int = 0
    net: int = 0
    provisional_net: int = 0
    unpriced: int = 0

    def __add__(self, other: "Ordered") -> "Ordered":
        return Ordered(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Count:
    """What happened in a minute, an hour or a day."""

    orders: int = 0
    net: int = 0
    clicks: int = 0
    redemptions: int = 0


Course = dict[str | None, dict[datetime, Count]]
"""What happened by campaign, all together under EVERYTHING, and by when a minute, hour or day began."""


class Counts:
    """Answers from the tables of live clicks and orders."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def credited(self, settled: int) -> dict[str, dict[Pair, Credited]]:
        """By model and pair; what was ordered after `settled`, in microseconds, is provisional."""
        found: dict[str, dict[Pair, Credited]] = {}
        for model, influencer, campaign, *sums in self._rows(CREDITED, settled=settled):
            found.setdefault(model, {})[influencer, campaign] = Credited(*sums)
        return found

    def ordered(self, settled: int) -> tuple[dict[str | None, Ordered], dict[str, int]]:
        """By the winner's campaign, null for what nobody earned, and all of them under EVERYTHING.

        And by model the net of the orders that it credits to nobody.
        """
        found: dict[str | None, Ordered] = {}
        left = [0] * len(MODELS)
        for campaign, *sums in self._rows(ORDERS, settled=settled):
            more = Ordered(*sums[: -len(MODELS)])
            for key in (campaign, EVERYTHING):
                found[key] = found.get(key, Ordered()) + more
            left = [one + other for one, other in zip(left, sums[-len(MODELS) :], strict=True)]
        return found, dict(zip(MODELS, left, strict=True))

    def newest_order(self) -> int | None:
        """When the last order was placed, in microseconds."""
        found: int | None = self._rows("select max(instant) from orders")[0][0]
        return found

    def clicks(self) -> dict[Pair, tuple[int, int]]:
        """All clicks and the valid ones of each pair."""
        return {(i, c): (clicks, valid) for i, c, clicks, valid in self._rows(CLICKS)}

    def uses(self, until: int) -> dict[str | None, tuple[int, int]]:
        """Redemptions, and codes validly redeemed in the last 24 hours, by campaign; all under EVERYTHING."""
        uses = dict(self._rows(USES))
        active = self._rows(ACTIVE, until=until)
        found = {campaign: (count, sum(of == campaign for of, _ in active)) for campaign, count in uses.items()}
        return found | {EVERYTHING: (sum(uses.values()), len({code for _, code in active}))}

    def minutes(self, until: int) -> Course:
        """The last MINUTES, as far as anything happened."""
        return self._course(MINUTES_COUNTED, until // MINUTE * MINUTE - (MINUTES - 1) * MINUTE, until)

    def hours(self, until: int) -> Course:
        """The last HOURS, of the campaigns' time zones, as `minutes`."""
        return self._course(
            LOCALLY_COUNTED.format(counted=QUARTERS_COUNTED, part="hour"), until - (HOURS + 2) * HOUR, until
        )

    def days(self, until: int) -> Course:
        """The last DAYS, of the campaigns' time zones, as `minutes`."""
        return self._course(
            LOCALLY_COUNTED.format(counted=QUARTERS_COUNTED, part="day"), until - (DAYS + 2) * DAY, until
        )

    def credited_by_day(self, since: date) -> dict[tuple[str, str, str], dict[date, float]]:
        """Orders by model, influencer and campaign, on each day of the campaign's time zone."""
        found: dict[tuple[str, str, str], dict[date, float]] = {}
        for model, influencer, campaign, day, orders in self._rows(CREDITED_BY_DAY, since=since):
            found.setdefault((model, influencer, campaign), {})[day] = orders
        return found

    def facts_by_day(self, campaigns: Iterable[str]) -> dict[Pair, dict[date, tuple[float, int, int]]]:
        """Orders and net that the policy credits, and valid clicks, by pair of these campaigns and day."""
        found: dict[Pair, dict[date, tuple[float, int, int]]] = {}
        for influencer, campaign, day, *counts in self._rows(FACTS_BY_DAY, campaigns=sorted(campaigns)):
            found.setdefault((influencer, campaign), {})[day] = (counts[0], counts[1], counts[2])
        return found

    def _course(self, query: str, since: int, until: int) -> Course:
        found: Course = {}
        for is_whole, campaign, began, *counts in self._rows(query, since=since - 1, until=until):
            found.setdefault(EVERYTHING if is_whole else campaign, {})[began] = Count(*counts)
        return found

    def _rows(self, query: str, **given: int | date | list[str]) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(query, given or None).fetchall()
