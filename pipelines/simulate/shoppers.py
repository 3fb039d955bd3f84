"""What shoppers did, as arrays: who bought, who brought them, which links they followed and what they typed.

Instants are microseconds since 1970 (int64); -1 is nobody, nothing, none.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from pipelines.simulate import vocabulary as words
from pipelines.simulate.cast import Cast
from pipelines.simulate.faults import DAY, SECOND, Faults
from pipelines.simulate.materials import SLOTS, Materials

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLICKS_PER_ORDER = 11
ORGANIC = 0.33
#: of influenced orders: came by a click, typed a code, did both; what is left only heard of the shop
BY_CLICK, BY_CODE, BY_BOTH = 0.52, 0.17, 0.24
SPELLING_SHARES = np.array([0.52, 0.25, 0.07, 0.05, 0.05, 0.06])
MISTYPED = len(SPELLING_SHARES)  # the spelling behind them, which is another code
HOURS = np.array([2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 7, 6, 6, 6, 7, 9, 11, 12, 11, 8, 4], dtype=float)


@dataclass(frozen=True, slots=True)
class Purchases:
    """Orders in order of time; each array has one element an order."""

    ordered_at: Numbers
    customer: Numbers  # the first ones are the influencers themselves
    visitor: Numbers
    brought_by: Numbers  # participation
    typed: Numbers  # own code of a participation, or beyond them a code of a coupon site
    spelling: Numbers
    clicked: Flags  # followed a link of who brought them, or if nobody did, of anybody
    is_new: Flags
    is_self: Flags


@dataclass(frozen=True, slots=True)
class Clicks:
    clicked_at: Numbers
    visitor: Numbers
    link: Numbers
    is_crawler: Flags


def microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def draw_purchases(
    rng: np.random.Generator, cast: Cast, materials: Materials, orders: int, faults: Faults
) -> Purchases:
    everybody = len(cast.participations)
    strangers = round(orders * faults.leaked)
    brought_by = np.where(rng.random(orders) < ORGANIC, -1, _participations(rng, cast, orders))
    brought_by[:strangers] = -1
    ordered_at = moments(rng, cast, brought_by, overtime=0.04)
    burst = rng.beta(1.2, 3, strangers) * 14 * DAY
    ordered_at[:strangers] = microseconds(materials.leaked_at) + burst.astype(np.int64)
    leaked = np.arange(orders) < strangers

    order = np.lexsort((np.arange(orders), ordered_at))
    ordered_at, brought_by, leaked = ordered_at[order], brought_by[order], leaked[order]

    influenced, channel = brought_by >= 0, rng.random(orders)
    by_code = (channel >= BY_CLICK) & (channel < BY_CLICK + BY_CODE + BY_BOTH)
    by_click = (channel < BY_CLICK) | ((channel >= BY_CLICK + BY_CODE) & by_code)
    coupons = everybody + rng.integers(0, len(words.COUPON_SITE_CODES), orders)
    typed = np.where(influenced & by_code, brought_by, np.where(~influenced & (channel < 0.05), coupons, -1))
    typed[leaked] = materials.leaked
    clicked = np.where(influenced, by_click, channel > 0.93) & ~leaked

    spelling = rng.choice(len(SPELLING_SHARES), orders, p=SPELLING_SHARES)
    spelling[rng.random(orders) < faults.mistyped] = MISTYPED
    customer = _customers(rng, len(cast.influencers), orders)
    shopping = Purchases(
        ordered_at=ordered_at,
        customer=customer,
        visitor=np.where(rng.random(orders) < 0.03, -1, customer * 2),
        brought_by=brought_by,
        typed=typed,
        spelling=spelling,
        clicked=clicked,
        is_new=_first_of_each(customer),
        is_self=np.zeros(orders, dtype=bool),
    )
    return _with_self_purchases(rng, cast, shopping)


def _participations(rng: np.random.Generator, cast: Cast, count: int) -> Numbers:
    pull = np.array([part.pull for part in cast.participations])
    return rng.choice(len(pull), count, p=pull / pull.sum())


def moments(rng: np.random.Generator, cast: Cast, participation: Numbers, *, overtime: float = 0.0) -> Numbers:
    """An instant for each: in the participation's campaign, by its local hours; for nobody's, anywhere in the world.

    A share of `overtime` comes in the week after the campaign's end. None is at or after the end of the world: what
    would be, in a campaign that goes on, falls on any of its days before.
    """
    count = len(participation)
    whole = np.array([[microseconds(cast.starts_at), microseconds(cast.until)]])
    spans = np.array([[microseconds(c.starts_at), microseconds(c.ends_at)] for c in cast.campaigns])
    of_participation = spans[[part.campaign for part in cast.participations]]
    begins, ends = np.concatenate([of_participation, whole])[participation].T  # -1 takes the last row
    days = (ends - begins) // DAY
    day = (rng.beta(1.3, 1.7, count) * days).astype(np.int64)
    over = np.minimum(days, (whole[0, 1] - begins) // DAY)
    day = np.where(day < over, day, rng.integers(0, over))
    late = (rng.random(count) < overtime) & (participation >= 0) & (over == days)
    day[late] = days[late] + rng.integers(0, 7, int(late.sum()))
    hour = rng.choice(24, count, p=HOURS / HOURS.sum())
    instant: Numbers = (
        begins + day * DAY + hour * 3600 * SECOND + rng.integers(0, 3600 * 1000, count) * (SECOND // 1000)
    )
    last: Numbers = whole[0, 1] - rng.integers(1, DAY // SECOND, count) * SECOND
    return np.minimum(instant, last)


def _customers(rng: np.random.Generator, reserved: int, orders: int) -> Numbers:
    """Four in five orders are somebody's first; the others come from anybody who has bought before."""
    new = rng.random(orders) < 0.8
    new[:1] = True
    seen = np.cumsum(new)
    returning = (rng.random(orders) * seen).astype(np.int64)
    return reserved + np.where(new, seen - 1, returning)


def _first_of_each(customer: Numbers) -> Flags:
    first = np.zeros(len(customer), dtype=bool)
    first[np.unique(customer, return_index=True)[1]] = True
    return first


def _with_self_purchases(rng: np.random.Generator, cast: Cast, shopping: Purchases) -> Purchases:
    """Three in a thousand influencers' orders are the influencer's own, with the own code."""
    able = np.array([cast.influencer_of(p).has_account for p in range(len(cast.participations))])
    candidates = np.flatnonzero((shopping.brought_by >= 0) & able[shopping.brought_by])
    count = min(len(candidates), max(1, round(0.003 * len(candidates))))
    chosen = rng.choice(candidates, count, replace=False) if count else candidates
    own = np.array([part.influencer for part in cast.participations])[shopping.brought_by[chosen]]
    changed = {field.name: getattr(shopping, field.name).copy() for field in fields(shopping)}
    changed["customer"][chosen], changed["visitor"][chosen] = own, own * 2
    changed["typed"][chosen], changed["spelling"][chosen] = shopping.brought_by[chosen], 0
    changed["is_new"][chosen], changed["is_self"][chosen] = False, True
    return replace(shopping, **changed)


def draw_clicks(
    rng: np.random.Generator, cast: Cast, materials: Materials, shopping: Purchases, faults: Faults
) -> Clicks:
    """Every click of the world in order of time: on the way to an order, by visitors who buy nothing, by crawlers."""
    total = len(shopping.ordered_at) * CLICKS_PER_ORDER
    journeys = _journeys(rng, cast, materials, shopping, faults)
    crawled = _crawled(rng, cast, materials, round(total * faults.crawled))
    rest = max(0, total - len(journeys.clicked_at) - len(crawled.clicked_at))
    visits = _visits(rng, cast, materials, rest)
    parts = (journeys, visits, crawled)
    # Each kind of visitor has numbers of its own: shoppers even and their second devices odd, then the others.
    next_free = int(shopping.customer.max()) * 2 + 2
    visitor = np.concatenate([journeys.visitor, visits.visitor + next_free, crawled.visitor + next_free + rest])
    clicked_at = np.concatenate([part.clicked_at for part in parts])
    order = np.lexsort((np.arange(len(clicked_at)), clicked_at))
    return Clicks(
        clicked_at[order],
        visitor[order],
        np.concatenate([part.link for part in parts])[order],
        np.concatenate([part.is_crawler for part in parts])[order],
    )


def _links(rng: np.random.Generator, materials: Materials, participation: Numbers) -> Numbers:
    slots = np.array([*materials.slots, [-1] * SLOTS])
    return slots[participation, rng.integers(0, SLOTS, len(participation))]


def _journeys(
    rng: np.random.Generator, cast: Cast, materials: Materials, shopping: Purchases, faults: Faults
) -> Clicks:
    """The click that brought each shopper, and up to four others before; one in 25 browsers forgot its cookie."""
    orders = len(shopping.ordered_at)
    brought = np.flatnonzero(shopping.clicked)
    count = len(brought)
    kind = rng.random(count)
    delay = np.select(
        [kind < 0.6, kind < 0.985],
        [rng.exponential(2 / 24, count), np.minimum(rng.exponential(4, count), 29.9)],
        rng.uniform(31, 50, count),  # longer ago than the window
    )
    by = shopping.brought_by[brought]
    by = np.where(by < 0, _participations(rng, cast, count), by)

    touches = np.where(shopping.brought_by >= 0, rng.choice(5, orders, p=[0.62, 0.2, 0.1, 0.05, 0.03]), 0)
    more = np.repeat(np.arange(orders), touches)
    more_by = _participations(rng, cast, len(more))
    loyal = rng.random(len(more)) < 0.35
    more_by = np.where(loyal & (shopping.brought_by[more] >= 0), shopping.brought_by[more], more_by)

    at = np.concatenate([brought, more])
    ago = np.concatenate([delay + 2 / 1440, rng.uniform(0.02, 25, len(more))])
    device = np.where(np.arange(len(at)) < count, rng.random(len(at)) < 0.04, False)
    return Clicks(
        shopping.ordered_at[at] - (ago * DAY).astype(np.int64) // 1000 * 1000,
        shopping.customer[at] * 2 + device,
        _links(rng, materials, np.concatenate([by, more_by])),
        rng.random(len(at)) < faults.scanned,
    )


def _visits(rng: np.random.Generator, cast: Cast, materials: Materials, count: int) -> Clicks:
    """Visitors who buy nothing, two clicks each on average; one in three clicks follows no link of ours."""
    participation = np.where(rng.random(count) < 0.35, -1, _participations(rng, cast, count))
    visitor = rng.integers(0, max(1, count // 2), count)
    return Clicks(
        moments(rng, cast, participation), visitor, _links(rng, materials, participation), np.zeros(count, dtype=bool)
    )


def _crawled(rng: np.random.Generator, cast: Cast, materials: Materials, count: int) -> Clicks:
    participation = _participations(rng, cast, count)
    clicked_at = moments(rng, cast, participation)
    burst = np.arange(count) < count // 2
    hour = rng.integers(0, 3600, count) * SECOND
    clicked_at[burst] = (microseconds(materials.leaked_at) - 5 * DAY + hour)[burst]
    links = _links(rng, materials, participation)
    links[burst] = materials.slots[materials.leaked][0]
    return Clicks(clicked_at, rng.integers(0, max(1, count), count), links, np.ones(count, dtype=bool))
