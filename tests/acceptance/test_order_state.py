"""An order's net from its set of events, whatever the order in which they arrived."""

import json
from datetime import datetime
from itertools import permutations

from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.money import to_minor
from pipelines.rules.orders import OrderEvent, order_state

TABLE = "order_state.csv"


def order_event(message):
    """The message as decoding types it: amounts in minor units of its own currency, a refund as it was sent."""
    currency = message.get("currency")
    amounts = {f"{n}_minor": to_minor(message[n], currency) for n in ("subtotal", "discount") if n in message}
    return OrderEvent(
        order_id=message["order_id"],
        event_id=message["event_id"],
        occurred_at=(datetime.fromisoformat(message["occurred_at"]) - EPOCH) // MICROSECOND,
        kind=message["kind"],
        currency=currency,
        refund_amount=message.get("refund_amount"),
        **amounts,
    )


def test_an_order(row):
    events = [order_event(message) for message in json.loads(row["order_events_json"])]
    states = [order_state(arrived) for arrived in permutations(events)]
    net_minor = int(row["net_minor"]) if row["net_minor"] else None
    assert [state.net_minor if state else None for state in states] == [net_minor] * len(states)
    assert all(state == states[0] for state in states)
