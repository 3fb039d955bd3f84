"""Orders and typed codes as messages: what was bought for how much, amended, cancelled, given back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.simulate import vocabulary as words
from pipelines.simulate.cast import Cast
from pipelines.simulate.events import FIRST_ACCOUNT, pick, scrambled, visitor_ids
from pipelines.simulate.faults import DAY, SECOND, Faults
from pipelines.simulate.materials import Materials, spellings
from pipelines.simulate.shoppers import MISTYPED, Flags, Numbers, Purchases, microseconds
from pipelines.simulate.writing import instants

#: minor digits, and roughly what one unit is worth in USD
CURRENCIES: dict[str, tuple[int, float]] = {
    "USD": (2, 1.0),
    "EUR": (2, 1.08),
    "GBP": (2, 1.27),
    "JPY": (0, 0.0066),
    "KWD": (3, 3.25),
}
FOREIGN = "CHF"  # that some refunds name, and no order
_NAMES = list(CURRENCIES)
_DIGITS = np.array([digits for digits, _ in CURRENCIES.values()])
_WORTH = np.array([worth for _, worth in CURRENCIES.values()])


@dataclass(frozen=True, slots=True)
class Sales:
    """The purchases' amounts, in minor units of each order's currency."""

    currency: Numbers  # position in CURRENCIES
    subtotal: Numbers
    discount: Numbers
    shipping: Numbers
    tax: Numbers

    @property
    def net_usd(self) -> npt.NDArray[np.float64]:
        """Roughly, before refunds."""
        usd: npt.NDArray[np.float64] = (self.subtotal - self.discount) * (_WORTH / 10.0**_DIGITS)[self.currency]
        return usd


def draw_sales(rng: np.random.Generator, cast: Cast, shopping: Purchases) -> Sales:
    """Four in five shoppers pay in the campaign's currency, the others in any; a typed code takes 10 to 20 % off."""
    count = len(shopping.ordered_at)
    of_campaign = np.array([_NAMES.index(campaign.currency) for campaign in cast.campaigns])
    home = np.append(of_campaign[[part.campaign for part in cast.participations]], 0)[shopping.brought_by]
    currency = np.where(rng.random(count) < 0.2, rng.choice(5, count, p=[0.4, 0.25, 0.15, 0.12, 0.08]), home)
    minor_per_usd = (10.0**_DIGITS / _WORTH)[currency]
    subtotal = np.maximum((rng.lognormal(np.log(58), 0.55, count) * minor_per_usd).astype(np.int64), 1)
    percent = np.where(shopping.typed >= 0, rng.choice([10, 15, 20], count), np.where(rng.random(count) < 0.08, 10, 0))
    discount = subtotal * percent // 100
    shipping = np.where(rng.random(count) < 0.6, (4.9 * minor_per_usd).astype(np.int64), 0)
    tax = (subtotal - discount) * rng.choice([0, 7, 10, 19, 20], count) // 100
    return Sales(currency, subtotal, discount, shipping, tax)


def money(column: str) -> pl.Expr:
    """Minor units as a contract's amount: 1990 is "19.90" in USD, "1990" in JPY, "1.990" in KWD."""
    digits, amount = pl.col("digits"), pl.col(column)
    in_units = [
        pl.when(digits == places).then(
            pl.format("{}.{}", amount // 10**places, (amount % 10**places).cast(pl.String).str.zfill(places))
        )
        for places in (2, 3)
    ]
    return pl.coalesce(*in_units, amount.cast(pl.String))


def sales_frames(
    rng: np.random.Generator, cast: Cast, materials: Materials, shopping: Purchases, sales: Sales, faults: Faults
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Orders' events, redemptions, and how many faults of each kind are in them; `at` is each frame's last column."""
    count = len(shopping.ordered_at)
    orders = pl.DataFrame(
        {
            "order": np.arange(count),
            "at": shopping.ordered_at,
            "customer": np.where(rng.random(count) < 0.15, -1, shopping.customer),
            "visitor": shopping.visitor,
            "digits": _DIGITS[sales.currency],
            "currency": pick(_NAMES, sales.currency),
            "subtotal": sales.subtotal,
            "discount": sales.discount,
            "shipping": sales.shipping,
            "tax": sales.tax,
            "is_new_customer": pl.Series(shopping.is_new).set(pl.Series(rng.random(count) < 0.2), None),
            "survey_answer": _survey(rng, cast, shopping, faults),
            "consent": pl.Series(rng.random(count) > 0.01).set(pl.Series(rng.random(count) < 0.4), None),
            "code": _typed(materials, shopping),
            "second": _second_codes(rng, materials, shopping),
            "channel": np.where(shopping.typed >= 0, rng.choice(4, count, p=[0.55, 0.35, 0.06, 0.04]), -1),
        }
    ).with_columns(
        customer=pl.when(pl.Series(shopping.is_self)).then(pl.Series(shopping.customer)).otherwise("customer")
    )
    placed = orders.with_columns(kind=pl.lit("placed"), codes=_codes_on_order())
    wave, wave_at = _wave(rng, cast, shopping, faults)
    changes = _changes(rng, orders, sales, faults, wave, wave_at)
    events = pl.concat([placed, changes], how="diagonal").filter(pl.col("at") < microseconds(cast.until))
    events = events.sort("at", "order", "kind", maintain_order=True).with_row_index("number")
    events = events.with_columns(event_id=scrambled("oev-", pl.col("number"), 41))
    counts = {
        "refund_wave": int(wave.sum()),
        "foreign_refund": int((events["currency"] == FOREIGN).sum()),
        "mistyped_code": int(np.count_nonzero((shopping.spelling == MISTYPED) & (shopping.typed >= 0))),
        "address_in_survey": int((events["survey_answer"] == words.SURVEY_ANSWER_WITH_ADDRESS).sum()),
    }
    return _order_fields(events, faults), _redemptions(rng, orders, events, faults), counts


def _survey(rng: np.random.Generator, cast: Cast, shopping: Purchases, faults: Faults) -> pl.Series:
    """One in twelve answers; of those that an influencer brought seven in ten name who it was, of others one in 25."""
    count, shapes = len(shopping.brought_by), len(words.SURVEY_ANSWERS_THAT_NAME)
    generic = [*words.SURVEY_ANSWERS, words.SURVEY_ANSWER_WITH_ADDRESS]
    naming = [
        shape.format(handle=someone.handle, name=someone.name, platform=someone.platform.capitalize())
        for someone in cast.influencers
        for shape in words.SURVEY_ANSWERS_THAT_NAME
    ]
    who = np.append([part.influencer for part in cast.participations], -1)[shopping.brought_by]
    lot = rng.random(count)
    named = np.where(
        (who >= 0) & (lot < 0.7), who, np.where(lot > 0.96, rng.integers(0, len(cast.influencers), count), -1)
    )
    chosen = np.where(
        named >= 0, len(generic) + named * shapes + rng.integers(0, shapes, count), rng.choice(len(generic) - 1, count)
    )
    chosen = np.where(rng.random(count) < faults.addresses * 10, len(generic) - 1, chosen)
    return pick(generic + naming, chosen, rng.random(count) > 0.08)


def _typed(materials: Materials, shopping: Purchases) -> pl.Series:
    """Each order's code as it was typed, null for none."""
    own = [code.code for code in materials.codes[: len(materials.slots)]]
    pool = [spelling for code in (*own, *words.COUPON_SITE_CODES) for spelling in spellings(code)]
    each = len(spellings(own[0]))
    return pick(pool, np.maximum(shopping.typed, 0) * each + shopping.spelling, shopping.typed < 0)


def _second_codes(rng: np.random.Generator, materials: Materials, shopping: Purchases) -> pl.Series:
    """Some shoppers try a second code at the checkout, somebody else's."""
    own = [code.code for code in materials.codes[: len(materials.slots)]]
    count = len(shopping.typed)
    return pick(own, rng.integers(0, len(own), count), (shopping.typed < 0) | (rng.random(count) > 0.03))


def _codes_on_order() -> pl.Expr:
    """Channels: 0 a message on redemptions, 1 on the order, 2 on both, 3 on both under one id."""
    first = pl.when(pl.col("channel") > 0).then("code")
    codes = pl.concat_list(first, "second").list.drop_nulls()
    return pl.when(codes.list.len() > 0).then(codes)


def _changes(
    rng: np.random.Generator, orders: pl.DataFrame, sales: Sales, faults: Faults, wave: Flags, wave_at: Numbers
) -> pl.DataFrame:
    """What happened to orders later: 4 % amended, 2 % cancelled, 7 % given back in part, whole, or more than whole."""
    count = len(orders)
    lot = rng.random(count)
    net = np.maximum(sales.subtotal - sales.discount, 1)
    foreign = rng.random(count) < faults.foreign_refunds
    part = np.maximum((net * rng.uniform(0.1, 0.6, count)).astype(np.int64), 1)

    amended = _later(rng, orders, lot < 0.04, "amended", 0.01, 2).with_columns(
        subtotal=(pl.col("subtotal") * pl.Series(rng.uniform(0.7, 1.4, int((lot < 0.04).sum())))).cast(pl.Int64) + 1,
        codes=pl.when(pl.col("order") % 2 == 0).then(_codes_on_order()),
        visitor=pl.when(pl.col("order") % 3 == 0).then(pl.lit(-1, dtype=pl.Int64)).otherwise("visitor"),
    )
    # An amended order that got smaller keeps a discount that its goods can bear.
    amended = amended.with_columns(discount=pl.min_horizontal("discount", "subtotal"))
    cancelled = _later(rng, orders, (lot > 0.98), "cancelled", 0.003, 3)
    refunds = [
        _refund(rng, orders, (lot > 0.10) & (lot < 0.14), part),
        _refund(rng, orders, (lot > 0.12) & (lot < 0.13), part),  # a second part
        _refund(rng, orders, (lot > 0.20) & (lot < 0.23), net),
        _refund(rng, orders, (lot > 0.30) & (lot < 0.302), net + net // 4 + 1),
        _refund(rng, orders, wave, net).with_columns(at=pl.Series(wave_at[wave])),
        _refund(rng, orders, foreign, part).with_columns(currency=pl.lit(FOREIGN)),
    ]
    kept = ("order", "at", "customer", "digits", "kind")
    changes = [amended.drop("is_new_customer", "survey_answer"), cancelled.select(kept)]
    changes += [refund.select(*kept, "refund", "currency") for refund in refunds]
    return pl.concat(changes, how="diagonal")


def _later(
    rng: np.random.Generator, orders: pl.DataFrame, chosen: Flags, kind: str, least_days: float, most_days: float
) -> pl.DataFrame:
    delay = (rng.uniform(least_days, most_days, int(chosen.sum())) * DAY).astype(np.int64) // 1000 * 1000
    return orders.filter(pl.Series(chosen)).with_columns(pl.col("at") + pl.Series(delay), kind=pl.lit(kind))


def _refund(rng: np.random.Generator, orders: pl.DataFrame, chosen: Flags, amount: Numbers) -> pl.DataFrame:
    refunds = _later(rng, orders, chosen, "refunded", 1, 28)
    return refunds.with_columns(refund=pl.Series(amount[chosen]), currency=pl.lit(None, dtype=pl.String))


def _wave(rng: np.random.Generator, cast: Cast, shopping: Purchases, faults: Faults) -> tuple[Flags, Numbers]:
    """A faulty batch: many orders of two weeks of one campaign come back on one day."""
    day = microseconds(cast.starts_at) + (cast.campaigns[4].from_day + 60) * DAY
    campaigns = np.append([part.campaign for part in cast.participations], -1)[shopping.brought_by]
    recent = (shopping.ordered_at > day - 14 * DAY) & (shopping.ordered_at < day)
    count = len(recent)
    hit = (campaigns == 4) & recent & (rng.random(count) < faults.wave)
    return hit, day + rng.integers(0, 36_000, count) * SECOND


def _order_fields(events: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    priced = pl.col("kind").is_in(["placed", "amended"])
    # One in eight comes from a till in Berlin, which writes local time.
    local = pl.format("{}+01:00", instants("local", "%Y-%m-%dT%H:%M:%S%.6f"))
    return events.with_columns(local=pl.col("at") + 3600 * SECOND).select(
        event_id="event_id",
        occurred_at=pl.when(pl.col("order") % 8 == 3).then(local).otherwise(instants("at")),
        order_id=order_ids(),
        kind="kind",
        customer_id=customer_ids(),
        visitor_id=visitor_ids(pl.col("visitor"), faults),
        currency="currency",
        subtotal=pl.when(priced).then(money("subtotal")),
        discount=pl.when(priced & ((pl.col("discount") > 0) | (pl.col("order") % 3 == 0))).then(money("discount")),
        shipping=pl.when(priced & (pl.col("shipping") > 0)).then(money("shipping")),
        tax=pl.when(priced).then(money("tax")),
        codes="codes",
        refund_amount=pl.when(pl.col("kind") == "refunded").then(money("refund")),
        is_new_customer="is_new_customer",
        survey_answer="survey_answer",
        consent="consent",
        at="at",
    )


def order_ids() -> pl.Expr:
    return pl.format("ORD-{}", pl.col("order") + 100_001)


def customer_ids() -> pl.Expr:
    return pl.when(pl.col("customer") >= 0).then(pl.format("cust-{}", pl.col("customer") + FIRST_ACCOUNT))


def _redemptions(rng: np.random.Generator, orders: pl.DataFrame, events: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """What the checkout says of codes, seconds before the order is placed."""
    placed = events.filter(pl.col("kind") == "placed").select("order", placed_id="event_id")
    typed = orders.filter(pl.col("channel").is_in([0, 2, 3])).join(placed, on="order", maintain_order="left")
    seconds = pl.Series(rng.integers(1, 90, len(typed)) * SECOND)
    typed = typed.with_columns(pl.col("at") - seconds).sort("at", "order").with_row_index("number")
    twin = pl.col("channel") == 3
    return typed.select(
        event_id=pl.when(twin).then(pl.format("{}#0", "placed_id")).otherwise(scrambled("red-", pl.col("number"), 53)),
        occurred_at=instants("at", "%Y-%m-%dT%H:%M:%SZ"),
        code="code",
        order_id=order_ids(),
        customer_id=pl.when(pl.col("order") % 2 == 0).then(customer_ids()),
        visitor_id=pl.when(pl.col("order") % 5 > 1).then(visitor_ids(pl.col("visitor"), faults)),
        at="at",
    )
