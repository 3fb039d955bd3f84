"""Messages that decode must reject: one mould for each reason, each a good message that was broken on purpose."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from pipelines.failures import Reason

MAX_MESSAGE_BYTES = 1_048_576
Mould = Callable[[dict[str, Any]], bytes]


def _with(name: str, value: object) -> Mould:
    return lambda message: _bytes(message | {name: value})


def _always(sent: bytes) -> Mould:
    return lambda _: sent


def _bytes(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


def _without_event_id(message: dict[str, Any]) -> bytes:
    return _bytes({name: value for name, value in message.items() if name != "event_id"})


def _not_utf8(message: dict[str, Any]) -> bytes:
    return _bytes(message).replace(b'"event_id": "', b'"event_id": "\xff\xfe')


def _placed(name: str, value: str, currency: str = "USD") -> Mould:
    amounts = {"kind": "placed", "currency": currency, "subtotal": "40.00"}
    return lambda message: _bytes(message | amounts | {name: value})


def _too_large(message: dict[str, Any]) -> bytes:
    return _bytes(message | {"note": "x" * MAX_MESSAGE_BYTES})


ANY_TOPIC: dict[Reason, tuple[Mould, ...]] = {
    Reason.BAD_UTF8: (_not_utf8,),
    Reason.BAD_JSON: (lambda message: _bytes(message)[:-9], _always(b"<html>502 Bad Gateway</html>")),
    Reason.NOT_AN_OBJECT: (lambda message: b"[" + _bytes(message) + b"]", _always(b'"heartbeat"')),
    Reason.MISSING_FIELD: (_without_event_id,),
    Reason.WRONG_TYPE: (_with("event_id", 17), _with("event_id", {"id": "nested"})),
    Reason.BAD_LENGTH: (_with("event_id", "e" * 129),),
    Reason.BAD_TIME: (_with("occurred_at", "2026-02-03T10:11:12"), _with("occurred_at", "03.02.2026 10:11")),
    Reason.ABSURD_TIME: (_with("occurred_at", "1970-01-01T00:00:00Z"), _with("occurred_at", "2206-02-03T10:11:12Z")),
}
ORDERS_ONLY: dict[Reason, tuple[Mould, ...]] = {
    Reason.BAD_VALUE: (_with("kind", "returned"),),
    Reason.BAD_MONEY: (_placed("subtotal", "-40.00"), _placed("subtotal", "1,299.00"), _placed("tax", "1e3")),
    Reason.TOO_MANY_DECIMALS: (_placed("subtotal", "40.005"), _placed("discount", "0.5", "JPY")),
    Reason.UNKNOWN_CURRENCY: (_placed("currency", "ZZZ"), _placed("currency", "usd")),
}


def broken_messages(
    rng: np.random.Generator, topic: str, lines: pl.Series, share: float
) -> tuple[list[tuple[int, bytes]], dict[str, int]]:
    """Broken copies to put before the lines of the positions given, ascending, and how many by reason.

    With any share above 0 each reason that the topic can have occurs; one click is larger than a message may be.
    A copy carries an event id of its own, so a decoder that mends it wrongly counts an event too many.
    """
    if not share or not len(lines):
        return [], {}
    moulds = ANY_TOPIC | (ORDERS_ONLY if topic == "orders" else {})
    variants = [(reason, mould) for reason, all_of_it in moulds.items() for mould in all_of_it]
    count = max(len(variants), round(share * len(lines)))
    chosen = [variants[k % len(variants)] for k in range(count)]
    if topic == "clicks":
        chosen.append((Reason.TOO_LARGE, _too_large))
    positions = np.sort(rng.integers(0, len(lines), len(chosen)))
    counts: dict[str, int] = {}
    inserts: list[tuple[int, bytes]] = []
    for k, (position, (reason, mould)) in enumerate(zip(positions.tolist(), chosen, strict=True)):
        counts[reason.value] = counts.get(reason.value, 0) + 1
        message = json.loads(lines[position]) | {"event_id": f"broken-{topic}-{k}"}
        message.pop("consent", None)  # what is rejected refuses nothing
        inserts.append((position, mould(message)))
    return inserts, counts
