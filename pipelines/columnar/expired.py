"""Expired: which rows of a lake table are older than they may tell of a person, and what is left of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

BLANK: Mapping[str, Mapping[str, Any]] = {
    "clicks": {"url": "", "referrer": None, "user_agent": None, "customer_id": None},
    "redemptions": {"customer_id": None, "visitor_id": None},
    "orders": {"survey_answer": None},
    "rejected_events": {"payload": b"", "detail": ""},
}
"""What no attribution reads of a row, with what stands there once it is old."""
RENAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "visitor_id": {
        "kept_as": ("clicks",),
        "seen_in": ("clicks", "orders"),
        "stands_in": ("order_attributions", "orders", "clicks"),
    },
    "customer_id": {"kept_as": ("orders",), "seen_in": ("orders",), "stands_in": ("order_attributions", "orders")},
}
"""The ids that join rows: by whose retention they go, where they are seen, and all tables that they stand in.

In this order they are renamed: where they are seen last, so that one that was killed finds them again.
"""
PAST = "past:"  # what the name of an id begins with that was not seen for as long as it may be kept


def is_outdated(table: str, before: date) -> pl.Expr:
    """The rows of before a day that still tell of a person."""
    day = pl.col("ingested_at").dt.date() if table == "rejected_events" else pl.col("day")
    tells = [pl.col(column).ne_missing(pl.lit(blank)) for column, blank in BLANK[table].items()]
    return (day < before) & pl.any_horizontal(tells)


def blanked(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without."""
    return rows.with_columns(pl.lit(blank, rows.schema[column]).alias(column) for column, blank in BLANK[table].items())


def unseen(seen: pl.LazyFrame, before: date) -> list[str]:
    """The ids, each with a `day` on which it was seen, that were not seen since a day and have their names yet."""
    last = seen.filter(~pl.col("id").str.starts_with(PAST)).group_by("id").agg(pl.col("day").max())
    return last.filter(pl.col("day") < before).select("id").collect()["id"].sort().to_list()
