"""Spending: how commission and costs of each influencer differ between two published versions that are still there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.warehouse.versions import version_folder

CATEGORIES = ("fee", "product", "shipping", "agency", "platform", "labour", "boost", "other")
COSTS = ", ".join(f"cost_{category}" for category in CATEGORIES)
SPENT = f"""
with former as (
    select influencer_id, campaign_id, commission, cost_total - commission as costs, [{COSTS}] as categories
    from read_parquet($before || '/fct_influencer_roi.parquet') where model = 'policy'
),

later as (
    select influencer_id, campaign_id, commission, cost_total - commission as costs, [{COSTS}] as categories
    from read_parquet($after || '/fct_influencer_roi.parquet') where model = 'policy'
)

select
    influencer_id,
    campaign_id,
    coalesce(former.commission, 0) as commission_before,
    coalesce(later.commission, 0) as commission_after,
    case when former.campaign_id is null then 0 else former.costs end as costs_before,
    case when later.campaign_id is null then 0 else later.costs end as costs_after,
    former.categories,
    later.categories
from former
full join later using (influencer_id, campaign_id)
where commission_before <> commission_after or costs_before is distinct from costs_after
order by abs(commission_after - commission_before) + abs(coalesce(costs_after - costs_before, 0)) desc, 1, 2
"""  # noqa: S608
LEDGER = """
with entries as (
    select *, 1 as is_later from read_parquet($after || '/fct_commissions.parquet')
    union all by name
    select *, 0 as is_later from read_parquet($before || '/fct_commissions.parquet')
),

lines as (  -- a month's cap has no order
    select
        influencer_id,
        campaign_id,
        coalesce(order_id, cast(month as varchar)) as place,
        cause,
        count(*) filter (where is_later = 0) as entries_before,
        count(*) filter (where is_later = 1) as entries_after,
        coalesce(sum(commission) filter (where is_later = 1), 0)
            - coalesce(sum(commission) filter (where is_later = 0), 0) as amount,
        list_sort(list(distinct plan_id) filter (where is_later = 0))
            is distinct from list_sort(list(distinct plan_id) filter (where is_later = 1)) as is_of_another_plan
    from entries
    group by influencer_id, campaign_id, place, cause
),

held as (
    select
        *,
        sum(entries_before) over claim > 0 as held_before,
        sum(entries_after) over claim > 0 as held_after,
        place in (select order_id from read_parquet($before || '/fct_orders.parquet')) as was_there,
        place in (select order_id from read_parquet($after || '/fct_orders.parquet')) as is_there
    from lines
    window claim as (partition by influencer_id, campaign_id, place)
),

named as (
    select
        *,
        case
            when cause = 'cap' then 'cap of the month'
            when not held_before and not was_there then if(cause = 'order', 'new order', cause)
            when not held_after and not is_there then 'no order any more'
            when not held_before or not held_after then 'another winner'
            when entries_before = 0 or entries_after = 0 then cause
            when is_of_another_plan then 'another plan'
            else 'tiers and rates'
        end as name
    from held
)

select influencer_id, campaign_id, name, sum(amount) as amount
from named
group by influencer_id, campaign_id, name
having sum(amount) <> 0
order by abs(sum(amount)) desc, name
"""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """What a cause of another commission, or a category of costs, comes to."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Spending:
    """Commission owed and all other costs of an influencer in a campaign, in both versions; None without a rate.

    The causes add up to what is owed more, the categories to what else was spent more; these are empty without a rate.
    """

    influencer_id: str
    campaign_id: str
    commission_before: Decimal
    commission_after: Decimal
    costs_before: Decimal | None
    costs_after: Decimal | None
    commission_causes: tuple[Part, ...]
    cost_categories: tuple[Part, ...]


def spending(root: Path, before: int, after: int) -> tuple[Spending, ...] | None:
    """Where commission or costs differ, the largest difference first; None where a version's folder is gone."""
    folders = [version_folder(root, number) for number in (before, after)]
    if None in folders:
        return None
    asked = {"before": str(folders[0]), "after": str(folders[1])}
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(SPENT, asked).fetchall()
            causes = _causes(connection, asked)
    except duckdb.IOException:  # a publication has just removed it
        return None
    found = []
    for who, where, owed_before, owed_after, costs_before, costs_after, former, later in rows:
        why = causes.get((who, where), ())
        categories = () if None in (costs_before, costs_after) else _categories(former, later)
        found.append(Spending(who, where, owed_before, owed_after, costs_before, costs_after, why, categories))
    return tuple(found)


def _causes(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, str]) -> dict[Key, tuple[Part, ...]]:
    """Of each influencer and campaign why the ledger sums to something else, the largest amount first."""
    found: dict[Key, tuple[Part, ...]] = {}
    for influencer, campaign, name, amount in connection.execute(LEDGER, asked).fetchall():
        found[influencer, campaign] = (*found.get((influencer, campaign), ()), Part(name, amount))
    return found


def _categories(former: Sequence[Decimal] | None, later: Sequence[Decimal] | None) -> tuple[Part, ...]:
    """The categories that differ; who was not there before, or is no more, cost nothing then."""
    nothing = [Decimal(0)] * len(CATEGORIES)
    pairs = zip(CATEGORIES, former or nothing, later or nothing, strict=True)
    return tuple(Part(category, after - before) for category, before, after in pairs if after != before)
