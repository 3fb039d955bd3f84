"""Evidence: what the reference data and the landed clicks add to the bare reasons of an order's claims."""

from typing import Any

import polars as pl

from pipelines.reports.reasons import Case, Row
from pipelines.rules.codes import normalise_code
from pipelines.rules.links import UTM, LinkRoster
from pipelines.stores.lake import Lake
from pipelines.stores.reference import Reference
from pipelines.stores.rulebook import Rulebook

_CLICK = ["partition", "offset", "event_id", "url", "user_agent", "http_method", "link_id"]


def case_of(lake: Lake, order: dict[str, Any], reference: Reference | None, book: Rulebook | None) -> Case:
    """The case of a row of `order_attributions`; without reference data, nobody has a handle and no code a date."""
    claims = order["claims"] or []
    winner = next((claim for claim in claims if claim["reason"] == "won"), None)
    known = {"ordered_at": order["ordered_at"], "policy": order["policy"], "winner": winner}
    clicks = _clicks(lake, order)
    if reference is None or book is None:
        return Case(**known, clicks=clicks)
    people = reference.tables["influencers"].select(["influencer_id", "handle"]).to_pylist()
    return Case(
        **known,
        handles={person["influencer_id"]: person["handle"] for person in people},
        codes=_codes(reference, {claim["code"] for claim in claims if claim["code"]}),
        links=LinkRoster(book.links),
        clicks=clicks,
    )


def _clicks(lake: Lake, order: dict[str, Any]) -> dict[str, Row]:
    claims = [claim for claim in order["claims"] or () if claim["kind"] == "link"]
    if not claims:
        return {}
    times = [claim["occurred_at"] for claim in claims]
    where = (
        (pl.col("visitor_id") == order["visitor_id"])
        & (pl.col("occurred_at") >= min(times))
        & (pl.col("occurred_at") <= max(times))
    )
    rows = lake.read("clicks", [*_CLICK, *(f"utm_{name}" for name in UTM)], where).sort("partition", "offset")
    return {row["event_id"]: row for row in rows.reverse().to_dicts()}  # of repeats the first counts


def _codes(reference: Reference, wanted: set[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in reference.tables["codes"].to_pylist():
        code = normalise_code(row["code"])
        if code in wanted:
            found.setdefault(code, []).append(row)
    return found
