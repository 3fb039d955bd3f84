"""Comparison: what each influencer returns before and after a change of the rules, and which orders moved."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl

from pipelines.rules.money import from_minor
from pipelines.warehouse.returns import Return

ZERO = Decimal(0)
MOST_ORDERS = 1_000  # that are listed; all are counted


@dataclass(frozen=True, slots=True)
class Sums:
    """Orders, revenue, commission and cost; amounts in the reporting currency, None where a rate is missing."""

    orders: float = 0.0
    net_revenue: Decimal | None = ZERO
    commission: Decimal = ZERO
    cost: Decimal | None = ZERO
    roi_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """An influencer, in a campaign or over all, or nobody (both ids None), before and after.

    `difference` is what after has more; None where the two are in different currencies.
    """

    influencer_id: str | None
    handle: str | None
    campaign_id: str | None
    before: Sums
    after: Sums
    difference: Sums | None


@dataclass(frozen=True, slots=True)
class MovedOrder:
    """An order that a model credits otherwise: to whom, and how much of its net, in each reporting currency."""

    order_id: str
    ordered_at: datetime
    before: dict[str, Decimal | None]
    after: dict[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of returns of one model. `orders` are the first MOST_ORDERS of `orders_moved`, by time."""

    model: str
    currency_before: str
    currency_after: str
    influencers: tuple[Compared, ...]
    campaigns: tuple[Compared, ...]
    total: Compared
    orders_moved: int
    orders: tuple[MovedOrder, ...]


def compare(
    model: str,
    before: Sequence[Return],
    after: Sequence[Return],
    currencies: tuple[str, str],
    moved: tuple[int, tuple[MovedOrder, ...]],
) -> Comparison:
    """The returns side by side: by influencer, the largest difference first, and by influencer and campaign."""
    handles = {one.influencer_id: one.handle for one in (*before, *after)}
    same = currencies[0] == currencies[1]

    def side_by_side(keys: Sequence[str]) -> tuple[Compared, ...]:
        sides = [_summed(side, keys) for side in (before, after)]
        every = [
            _compared(key[0], handles[key[0]], key[1], *(side.get(key, Sums()) for side in sides), same=same)
            for key in sorted({*sides[0], *sides[1]}, key=repr)
        ]
        return tuple(sorted(every, key=_size, reverse=True))

    totals = (_sum(before), _sum(after))
    return Comparison(
        model=model,
        currency_before=currencies[0],
        currency_after=currencies[1],
        influencers=side_by_side(["influencer_id"]),
        campaigns=side_by_side(["influencer_id", "campaign_id"]),
        total=_compared(None, None, None, *totals, same=same),
        orders_moved=moved[0],
        orders=moved[1],
    )


def moved_orders(
    model: str, before: pl.DataFrame, after: pl.DataFrame, digits: tuple[int, int]
) -> tuple[int, tuple[MovedOrder, ...]]:
    """Of the same orders' attributions before and after, those whose net a model credits otherwise, by time.

    `digits` of the minor unit of each reporting currency.
    """
    sides = [_credited(rows, model) for rows in (before, after)]
    joined = after.select("order_id", "ordered_at").join(sides[0], on="order_id", how="left")
    joined = joined.join(sides[1], on="order_id", how="left", suffix="_after").sort("ordered_at", "order_id")
    differs = pl.col("credited").ne_missing(pl.col("credited_after")) | (pl.lit(digits[0] != digits[1]))
    moved = joined.filter(differs)
    shown = [
        MovedOrder(order_id, at, _by_name(old, digits[0]), _by_name(new, digits[1]))
        for order_id, at, old, new in moved.head(MOST_ORDERS).iter_rows()
    ]
    return moved.height, tuple(shown)


def _credited(rows: pl.DataFrame, model: str) -> pl.DataFrame:
    """Of each order that the model credits to somebody, to whom how much of its net goes, in one order."""
    given = rows.select("order_id", pl.col("credits")).explode("credits").drop_nulls("credits").unnest("credits")
    amount = pl.col("amount_reporting_minor")
    total = pl.when(amount.is_null().any()).then(None).otherwise(amount.sum()).alias("minor")
    by_influencer = given.filter(pl.col("model") == model).group_by("order_id", "influencer_id").agg(total)
    each = pl.struct("influencer_id", "minor")
    return by_influencer.sort("influencer_id").group_by("order_id", maintain_order=True).agg(each.alias("credited"))


def _by_name(credited: list[dict[str, int | None]] | None, digits: int) -> dict[str, Decimal | None]:
    named = {str(one["influencer_id"]): one["minor"] for one in credited or ()}
    return {name: None if minor is None else from_minor(minor, digits) for name, minor in named.items()}


def _summed(rows: Iterable[Return], keys: Sequence[str]) -> dict[tuple[str | None, str | None], Sums]:
    grouped: defaultdict[tuple[str | None, str | None], list[Return]] = defaultdict(list)
    for row in rows:
        grouped[row.influencer_id, row.campaign_id if "campaign_id" in keys else None].append(row)
    return {key: _sum(its) for key, its in grouped.items()}


def _sum(rows: Sequence[Return]) -> Sums:
    net, cost = _total([row.net_revenue for row in rows]), _total([row.cost for row in rows])
    return Sums(
        orders=round(sum(row.orders for row in rows), 9),
        net_revenue=net,
        commission=sum((row.commission for row in rows), ZERO),
        cost=cost,
        roi_pct=_roi(rows),
    )


def _roi(rows: Sequence[Return]) -> float | None:
    """Of those who have an influencer: what nobody earned returns nothing."""
    earned = [row for row in rows if row.influencer_id is not None]
    net, cost = _total([row.net_revenue for row in earned]), _total([row.cost for row in earned])
    return float(100 * (net - cost) / cost) if net is not None and cost else None


def _total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if len(known) == len(amounts) else None


def _compared(
    influencer_id: str | None, handle: str | None, campaign_id: str | None, before: Sums, after: Sums, *, same: bool
) -> Compared:
    difference = Sums(
        orders=round(after.orders - before.orders, 9),
        net_revenue=_minus(after.net_revenue, before.net_revenue),
        commission=after.commission - before.commission,
        cost=_minus(after.cost, before.cost),
        roi_pct=None if after.roi_pct is None or before.roi_pct is None else after.roi_pct - before.roi_pct,
    )
    return Compared(influencer_id, handle, campaign_id, before, after, difference if same else None)


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _size(compared: Compared) -> tuple[Decimal, Decimal]:
    moved = compared.difference or compared.after
    return max(abs(moved.net_revenue or ZERO), abs(moved.cost or ZERO)), abs(Decimal(moved.orders))
