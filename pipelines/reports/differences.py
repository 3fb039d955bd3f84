"""Differences: what each influencer's net revenue gained or lost between two published versions, cause by cause."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.failures import BadInput
from pipelines.reports.queries import Session, session
from pipelines.reports.spending import Spending, spending
from pipelines.rules.money import from_minor, minor_digits
from pipelines.stores.lake import Lake
from pipelines.warehouse.history import published_versions

ZERO = Decimal(0)
Key = tuple[str | None, str | None]
"""An influencer and a campaign, or nobody."""
STATES = """
with revisions as (
    select
        order_id,
        revision_key,
        computed_at,
        cause,
        ordered_at is not null as is_order,
        coalesce(is_cancelled, false) as is_cancelled,
        currency,
        subtotal_minor,
        refunded_minor,
        net_minor,
        case when ordered_at is not null then winner_influencer_id end as influencer_id,
        case when ordered_at is not null then winner_campaign_id end as campaign_id,
        case when ordered_at is not null then net_reporting_minor else 0 end as worth
    from order_attributions
    where computed_at <= $1
)
"""
SIDE = """
select influencer_id, campaign_id, count(*)::bigint as orders, coalesce(sum(worth), 0)::hugeint as worth
from (
    select * from revisions qualify revision_key = max(revision_key) over (partition by order_id)
)
where is_order
group by all
"""
STEPS = """
, pairs as (
    select
        *,
        lag(is_order, 1, false) over former as was_order,
        lag(is_cancelled, 1, false) over former as was_cancelled,
        lag(currency) over former as currency_before,
        lag(subtotal_minor) over former as subtotal_before,
        lag(refunded_minor) over former as refunded_before,
        lag(net_minor) over former as net_before,
        lag(influencer_id) over former as influencer_before,
        lag(campaign_id) over former as campaign_before,
        coalesce(lag(worth) over former, 0) as worth_before
    from revisions
    window former as (partition by order_id order by revision_key)
),

steps as (
    select
        *,
        was_order and is_order and (
            influencer_id is distinct from influencer_before or campaign_id is distinct from campaign_before
        ) as moves_winner,
        case
            when not was_order then 'new order'
            when not is_order then 'no order any more'
            when cause = 'reference' then 'reference data changed'
            when cause = 'replay' then 'replay'
            when net_minor is not distinct from net_before then 'exchange rate'
            else concat_ws(
                ' and ',
                case when is_cancelled <> was_cancelled then 'cancellation' end,
                case when refunded_minor is distinct from refunded_before then 'refund' end,
                case
                    when
                        currency is distinct from currency_before
                        or subtotal_minor is distinct from subtotal_before
                        or (is_cancelled = was_cancelled and refunded_minor is not distinct from refunded_before)
                        then 'amendment'
                end
            )
        end as worth_cause,
        case
            when cause = 'reference' then 'reference data changed' when cause = 'replay' then 'replay'
            else 'late click or code'
        end as winner_cause
    from pairs
    where computed_at > $2
),

moves as (
    select order_id, influencer_before as influencer_id, campaign_before as campaign_id, winner_cause as cause,
        -worth_before as amount, -1 as orders
    from steps where moves_winner
    union all
    select order_id, influencer_id, campaign_id, winner_cause, worth_before, 1
    from steps where moves_winner
    union all
    select order_id, case when is_order then influencer_id else influencer_before end,
        case when is_order then campaign_id else campaign_before end, worth_cause, coalesce(worth, 0) - worth_before,
        is_order::int - was_order::int
    from steps where coalesce(worth, 0) <> worth_before or is_order <> was_order
)

select
    grouping(influencer_id) = 1 as is_total,
    influencer_id,
    campaign_id,
    cause,
    sum(amount)::hugeint as amount,
    sum(orders)::bigint as orders,
    count(distinct order_id) as orders_concerned
from moves
group by grouping sets ((influencer_id, campaign_id, cause), (cause))
order by abs(sum(amount)) desc, cause
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an amount is another one: what that came to, in how many orders, and by how many there are more."""

    cause: str
    amount: Decimal
    orders: int
    orders_concerned: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An influencer in a campaign, or nobody, in both versions; the causes add up to what `after` has more."""

    influencer_id: str | None
    campaign_id: str | None
    before: Decimal
    after: Decimal
    difference: Decimal
    orders_before: int
    orders_after: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """Two published versions' net revenue under the policy, in the reporting currency; the largest difference first.

    `spending`: whose commission or costs differ; None where a version is gone from the disk.
    """

    before_version: int
    after_version: int
    before_until: datetime
    after_until: datetime
    currency: str
    net_before: Decimal
    net_after: Decimal
    causes: tuple[Cause, ...]
    influencers: tuple[Difference, ...]
    spending: tuple[Spending, ...] | None


def differences(root: Path, before: int, after: int) -> Differences:
    """What moved from one published version to another, out of the lake's revisions, also of versions long gone.

    Raises BadInput for a version that was never published, and for two in different currencies.
    """
    versions = published_versions(root)
    one, other = (_version(root, versions, number) for number in (before, after))
    if one["reporting_currency"] != other["reporting_currency"]:
        raise BadInput(
            f"version {before} is in {one['reporting_currency']}, version {after} in {other['reporting_currency']}: "
            "their amounts cannot be compared"
        )
    digits = minor_digits(other["reporting_currency"]) or 0
    # From the later one to the earlier one is the same with the signs turned.
    sign = 1 if one["attributed_until"] <= other["attributed_until"] else -1
    early, late = (one, other) if sign == 1 else (other, one)
    with session(Lake(root.resolve() / "lake"), ["order_attributions"]) as lake:
        sides = [_side(lake, version["attributed_until"]) for version in (one, other)]
        moves = lake.rows(STATES + STEPS, [late["attributed_until"], early["attributed_until"]])
    causes: dict[Key, list[Cause]] = {}
    total: list[Cause] = []
    for move in moves:
        amount = sign * from_minor(int(move["amount"]), digits)
        cause = Cause(move["cause"], amount, sign * move["orders"], move["orders_concerned"])
        its = total if move["is_total"] else causes.setdefault((move["influencer_id"], move["campaign_id"]), [])
        its.append(cause)
    rows = []
    for key in sorted({*sides[0], *sides[1], *causes}, key=repr):
        (orders_before, worth_before), (orders_after, worth_after) = (side.get(key, (0, 0)) for side in sides)
        amounts = from_minor(worth_before, digits), from_minor(worth_after, digits)
        why = tuple(causes.get(key, ()))
        rows.append(Difference(*key, *amounts, amounts[1] - amounts[0], orders_before, orders_after, why))
    moved = [row for row in rows if row.causes]
    return Differences(
        before,
        after,
        one["attributed_until"],
        other["attributed_until"],
        other["reporting_currency"],
        sum((row.before for row in rows), ZERO),
        sum((row.after for row in rows), ZERO),
        tuple(total),
        tuple(sorted(moved, key=lambda row: abs(row.difference), reverse=True)),
        spending(root, before, after),
    )


def _version(root: Path, versions: pa.Table, number: int) -> Mapping[str, Any]:
    found: list[dict[str, Any]] = [row for row in versions.to_pylist() if row["version"] == number]
    if not found:
        there = ", ".join(map(str, versions["version"].to_pylist())) or "none"
        raise BadInput(f"{root} never published a version {number}; there are: {there}")
    return found[0]


def _side(lake: Session, at: datetime) -> dict[Key, tuple[int, int]]:
    rows = lake.rows(STATES + SIDE, [at])
    return {(row["influencer_id"], row["campaign_id"]): (row["orders"], int(row["worth"])) for row in rows}
