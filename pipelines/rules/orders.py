"""Orders: what a set of order events says, whatever the order in which they arrived."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from pipelines.rules.money import LARGEST_MINOR, BadMoney, to_minor

T = TypeVar("T")


class OrderEvent(msgspec.Struct, frozen=True, gc=False):
    """One message of the topic `orders`, typed; amounts in minor units of `currency`, the refund as sent."""

    order_id: str
    event_id: str
    occurred_at: int
    kind: str
    customer_id: str | None = None
    visitor_id: str | None = None
    currency: str | None = None
    subtotal_minor: int | None = None
    discount_minor: int | None = None
    codes: Sequence[str | None] | None = None  # normalised; None keeps an absent element's place
    refund_amount: str | None = None
    is_new_customer: bool | None = None


class Redemption(msgspec.Struct, frozen=True, gc=False):
    """A code typed at the checkout of an order; `code` is normalised."""

    event_id: str
    occurred_at: int
    code: str


class Order(msgspec.Struct, frozen=True, gc=False):
    """An order as the set of its events has it; amounts in minor units of `currency`."""

    order_id: str
    ordered_at: int
    currency: str
    subtotal_minor: int
    refunded_minor: int
    net_minor: int
    is_cancelled: bool
    flags: tuple[str, ...]
    visitor_id: str | None
    customer_id: str | None
    is_new_customer: bool | None
    codes: tuple[Redemption, ...]


def order_state(events: Sequence[OrderEvent]) -> Order | None:
    """The order that distinct events of one order make; None while no `placed` is among them.

    Its time is the earliest `placed`; amounts come from the latest `placed` or `amended` by
    (occurred_at, event_id); net = subtotal - discount - refunds, never below 0, and 0 once cancelled.
    """
    in_time = sorted(events, key=_by_time) if len(events) > 1 else events
    ordered_at = next((event.occurred_at for event in in_time if event.kind == "placed"), None)
    if ordered_at is None:
        return None
    amounts = next(event for event in reversed(in_time) if event.kind in ("placed", "amended"))
    currency = amounts.currency or ""
    subtotal = amounts.subtotal_minor or 0
    refunded, mismatch = _refunds(in_time, currency)
    rest = subtotal - (amounts.discount_minor or 0) - refunded
    cancelled = any(event.kind == "cancelled" for event in in_time)
    flags = [] if rest >= 0 else ["over_refunded"]
    flags += ["refund_mismatch"] if mismatch else []
    if refunded > LARGEST_MINOR:
        refunded = LARGEST_MINOR
        flags.insert(0, "amount_overflow")
    return Order(
        order_id=amounts.order_id,
        ordered_at=ordered_at,
        currency=currency,
        subtotal_minor=subtotal,
        refunded_minor=refunded,
        net_minor=0 if cancelled else max(0, rest),
        is_cancelled=cancelled,
        flags=tuple(flags),
        visitor_id=_latest(event.visitor_id for event in in_time),
        customer_id=_latest(event.customer_id for event in in_time),
        is_new_customer=_latest(event.is_new_customer for event in in_time),
        codes=tuple(redemption for event in in_time for redemption in code_elements(event)),
    )


def code_elements(event: OrderEvent) -> list[Redemption]:
    """The redemptions that an order event itself carries, one per element of `codes`, named `<event_id>#<index>`."""
    if not event.codes or event.kind not in ("placed", "amended"):
        return []
    return [
        Redemption(f"{event.event_id}#{index}", event.occurred_at, code)
        for index, code in enumerate(event.codes)
        if code is not None
    ]


def redemptions_of(order: Order, sent: Iterable[Redemption]) -> list[Redemption]:
    """The order's redemptions: its events' own, and those of the topic that none of these replaces."""
    own = {redemption.event_id for redemption in order.codes}
    return [*order.codes, *(redemption for redemption in sent if redemption.event_id not in own)]


def _by_time(event: OrderEvent) -> tuple[int, str]:
    return event.occurred_at, event.event_id


def _refunds(events: Sequence[OrderEvent], currency: str) -> tuple[int, bool]:
    """The counted refunds' sum in minor units, and whether one was not counted."""
    total = 0
    mismatch = False
    for event in events:
        if event.kind != "refunded":
            continue
        if event.currency not in (None, currency):
            mismatch = True
            continue
        try:
            total += to_minor(event.refund_amount or "", currency)
        except BadMoney:
            mismatch = True
    return total, mismatch


def _latest(values: Iterable[T | None]) -> T | None:
    latest = None
    for value in values:
        if value is not None:
            latest = value
    return latest
