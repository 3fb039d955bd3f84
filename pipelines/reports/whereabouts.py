"""Whereabouts: where an order is that has no attribution, or is not."""

import json
from functools import reduce
from operator import or_

import polars as pl

from pipelines.reports.shown import shown
from pipelines.stores.lake import Lake

SHOWN = 3


def whereabouts(lake: Lake, order_id: str) -> str:
    """A sentence or more: what the lake holds that names the order, and what to do next; safe to print."""
    name = shown(order_id)
    if not lake.exists("order_attributions"):
        return f"there is no order {name}, for there is no lake in {lake.root} yet: run `codetrail run` first"
    found = [_events(lake, name, order_id), _redemptions(lake, order_id), _rejects(lake, order_id)]
    told = [sentence for sentence in found if sentence]
    if not told:
        return (
            f"there is no order {name}: no message names it{_same_but_for_case(lake, order_id)}. Look at its spelling"
        )
    return " ".join(told if found[0] else [f"there is no order {name}.", *told])


def _events(lake: Lake, name: str, order_id: str) -> str:
    events = lake.read("orders", ["partition", "offset", "kind"], pl.col("order_id") == order_id)
    if not events.height:
        return ""
    kinds = ", ".join(f"{kind} (orders/{partition}/{offset})" for partition, offset, kind in events.iter_rows())
    if "placed" in events["kind"]:
        return (
            f"order {name} has landed but was not attributed yet: run `codetrail run` to its end. Its events: {kinds}."
        )
    return (
        f"order {name} has events but no placed: {kinds}. It counts as soon as its `placed` event arrives; "
        "look for that one in the shop or among the rejected events."
    )


def _redemptions(lake: Lake, order_id: str) -> str:
    codes = lake.read("redemptions", ["code"], pl.col("order_id") == order_id)
    if not codes.height:
        return ""
    listed = ", ".join(sorted({shown(code) for code in codes["code"]}))
    return f"Redemptions name it (code {listed}); a redemption alone makes no order."


def _rejects(lake: Lake, order_id: str) -> str:
    """Rejected messages that hold the id, as text or escaped as JSON would."""
    spellings = {order_id, json.dumps(order_id)[1:-1], json.dumps(order_id, ensure_ascii=False)[1:-1]}
    holds = [pl.col("payload").bin.contains(f'"{spelling}"'.encode()) for spelling in sorted(spellings)]
    columns = ["topic", "partition", "offset", "reason"]
    rows = lake.read("rejected_events", columns, reduce(or_, holds)).sort("topic", "partition", "offset")
    if not rows.height:
        return ""
    places = [f"{topic}/{partition}/{offset} ({reason})" for topic, partition, offset, reason in rows.iter_rows()]
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return (
        f"Rejected events mention it: {', '.join(places[:SHOWN])}{more}; "
        f"see `codetrail quarantine show {places[0].split(' ')[0]}`."
    )


def _same_but_for_case(lake: Lake, order_id: str) -> str:
    wanted = pl.col("order_id").str.to_lowercase() == order_id.strip().casefold()
    near = sorted(set(lake.read("order_attributions", ["order_id"], wanted)["order_id"]))
    return f", though there is {', '.join(shown(one) for one in near[:SHOWN])}" if near else ""
