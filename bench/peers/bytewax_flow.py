"""The claims of every order as a Bytewax flow: each event of the topic files moves the claims that it touches.

python bytewax_flow.py TOPICS REFERENCE BOTS OUTPUT
"""

import re
import sys
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from bytewax.connectors.files import FileSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from claim_rules import WINDOW, Claim, Reference, judged

TITLE = "Bytewax, event by event"
LEFT_OUT = (
    "validation and rejects, landing tables, redaction, money, refunds, credits; recovery is off: no snapshots, "
    "no exact commits; all state and the result stay in memory and are written once, at the end"
)
BATCH = 1000
COLUMNS = ["order_id", "kind", "claim_id", "influencer_id", "campaign_id", "valid", "reason", "is_winner"]

Keyed = tuple[str, Any]


class Steps:
    """What is done with each event; the state of a key is what its step returned last."""

    def __init__(self, reference: Reference, bots: str) -> None:
        self._reference = reference
        self._is_bot_agent = lru_cache(65_536)(re.compile(bots).search)

    def click(self, line: str) -> Keyed | None:
        """A click that some link matches, to its visitor."""
        event = orjson.loads(line)
        if event.get("consent") is False:
            return None
        agent = event.get("user_agent")
        is_bot = event.get("http_method") == "HEAD" or bool(agent and self._is_bot_agent(agent))
        at = datetime.fromisoformat(event["occurred_at"])
        claim = self._reference.click_claim(event["event_id"], at, event.get("link_id") or None, event["url"], is_bot)
        return (event["visitor_id"], ("click", claim)) if claim else None

    def order(self, state: dict | None, event: tuple[str, dict]) -> tuple[dict, Iterable[Keyed]]:
        """The order anew at each of its events, to its visitor; its former visitor has it no more."""
        state = state or {"order": {}, "redemption": {}, "visitor": None}
        kind, said = event
        if said["event_id"] in state[kind]:
            return state, []
        state[kind][said["event_id"]] = said
        made = _order(state["order"], state["redemption"], self._reference)
        if made is None:
            return state, []
        visitor = made["visitor_id"] or f"order {said['order_id']}"
        former, state["visitor"] = state["visitor"], visitor
        moved = [(former, ("gone", said["order_id"]))] if former not in (None, visitor) else []
        return state, [*moved, (visitor, ("order", made))]

    def claims(self, state: dict | None, event: tuple[str, Any]) -> tuple[dict, Iterable[Keyed]]:
        """The claims of each order that a visitor's click or order touches."""
        state = state or {"clicks": {}, "orders": {}}
        kind, said = event
        touched: Iterable[dict] = []
        if kind == "gone":
            state["orders"].pop(said)
        elif kind == "order":
            state["orders"][said["order_id"]] = said
            touched = [said]
        elif said.claim_id not in state["clicks"]:
            state["clicks"][said.claim_id] = said
            touched = [order for order in state["orders"].values() if _is_inside(said, order)]
        return state, [(order["order_id"], self._judged(order, state["clicks"].values())) for order in touched]

    def _judged(self, order: dict, clicks: Iterable[Claim]) -> list[tuple]:
        inside = [claim for claim in clicks if _is_inside(claim, order)]
        return judged([*order["codes"], *inside], order["customer_id"], self._reference.customers)


def flow(topics: str, steps: Steps, output: str) -> Dataflow:
    made = Dataflow("claims")
    order_lines = op.input("orders", made, FileSource(f"{topics}/orders.ndjson", BATCH))
    redemption_lines = op.input("redemptions", made, FileSource(f"{topics}/redemptions.ndjson", BATCH))
    click_lines = op.input("clicks", made, FileSource(f"{topics}/clicks.ndjson", BATCH))
    order_events = op.map("order_event", order_lines, lambda line: _to_order("order", line))
    redemptions = op.map("redemption", redemption_lines, lambda line: _to_order("redemption", line))
    clicks = op.filter_map("click", click_lines, steps.click)
    orders = op.stateful_flat_map("order", op.merge("of_orders", order_events, redemptions), steps.order)
    to_visitors = op.map("to_visitor", orders, lambda item: item[1])
    found = op.stateful_flat_map("claims", op.merge("of_visitors", to_visitors, clicks), steps.claims)
    op.output("output", op.map("to_order", found, lambda item: item[1]), LatestClaims(output))
    return made


def _to_order(kind: str, line: str) -> Keyed:
    event = orjson.loads(line)
    event["occurred_at"] = datetime.fromisoformat(event["occurred_at"])
    return event["order_id"], (kind, event)


def _order(events: dict[str, dict], redemptions: dict[str, dict], reference: Reference) -> dict | None:
    """The order that its events make; None while no `placed` is among them."""
    in_time = sorted(events.values(), key=lambda event: (event["occurred_at"], event["event_id"]))
    placed = next((event["occurred_at"] for event in in_time if event["kind"] == "placed"), None)
    if placed is None:
        return None
    typed = {
        f"{event['event_id']}#{place}": (event["occurred_at"], code)
        for event in in_time
        if event["kind"] in ("placed", "amended")
        for place, code in enumerate(event.get("codes") or [])
        if code
    }
    typed = {claim_id: (said["occurred_at"], said["code"]) for claim_id, said in redemptions.items()} | typed
    latest = {"visitor_id": None, "customer_id": None}
    for event in in_time:
        if event.get("consent") is not False:
            latest = {name: event.get(name) or before for name, before in latest.items()}
    codes = [reference.code_claim(claim_id, at, code, placed) for claim_id, (at, code) in typed.items()]
    return {"order_id": in_time[0]["order_id"], "ordered_at": placed, "codes": codes, **latest}


def _is_inside(click: Claim, order: dict) -> bool:
    return order["ordered_at"] - WINDOW <= click.occurred_at <= order["ordered_at"]


class LatestClaims(DynamicSink):
    """Keeps each order's latest claims and writes them when all input is read."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def build(self, _step_id: str, worker_index: int, _worker_count: int) -> "LatestClaimsPartition":
        self._folder.mkdir(parents=True, exist_ok=True)
        return LatestClaimsPartition(self._folder / f"{worker_index}.parquet")


class LatestClaimsPartition(StatelessSinkPartition):
    def __init__(self, file: Path) -> None:
        self._file = file
        self._latest: dict[str, list[tuple]] = {}

    def write_batch(self, items: list[Keyed]) -> None:
        self._latest.update(items)

    def close(self) -> None:
        rows = [(order_id, *claim) for order_id, claims in self._latest.items() for claim in claims]
        columns = zip(*rows, strict=True) if rows else [[] for _ in COLUMNS]
        pq.write_table(pa.table(dict(zip(COLUMNS, map(list, columns), strict=True))), self._file)


if __name__ == "__main__":
    topics, reference, bots, output = sys.argv[1:]
    run_main(flow(topics, Steps(Reference(reference), Path(bots).read_text()), output))
