"""Erased: which rows of a lake table name a person, and what is left of them without, for columns of rows."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from pipelines.rules.erasure import (
    ERASED,
    LINK_COLUMNS,
    NameOf,
    Person,
    blanked,
    mentions,
    payload_names,
    without_person,
)

TEXTS = {  # where a person may be named in words
    "clicks": ("url", "referrer", "user_agent", *LINK_COLUMNS),
    "redemptions": (),
    "orders": ("survey_answer",),
    "post_metrics": ("caption",),
    "rejected_events": ("payload", "detail"),
    "order_attributions": (),
    "quarantine_releases": ("mend", "note"),
    "reference_rows": ("row",),
}
"""The tables that hold something about people."""
EVENT_OF = {"clicks": "click", "redemptions": "redemption", "orders": "order"}
Change = Callable[[pl.DataFrame], pl.DataFrame]
Values = Callable[[str], pl.Series]
"""The distinct values of a column."""


@dataclass(frozen=True, slots=True)
class Eraser:
    """Takes `person` out of rows; `stored` gives the form in which a lake keeps an id, `shard_of` a visitor's shard."""

    person: Person
    stored: NameOf
    shard_of: Callable[[str], int]

    def where(self, table: str, values: Values) -> pl.Expr:
        """Which rows of the table name the person, in an id or in words; `values` reads a column."""
        found = [pl.lit(value=False)]
        if table in EVENT_OF or table == "order_attributions":
            found += [pl.col(name).is_in(list(self.person.names(name))) for name in ("customer_id", "visitor_id")]
        if table == "orders":
            found.append(pl.col("order_id").is_in(list(self.person.orders)) & pl.col("survey_answer").is_not_null())
        for column in TEXTS[table]:
            named = [value for value in values(column).drop_nulls().to_list() if self._names(table, column, value)]
            found.append(pl.col(column).is_in(pl.Series(named, dtype=values(column).dtype).implode()))
        return pl.any_horizontal(found)

    def change(self, table: str) -> Change:
        """What becomes of such rows."""
        if table in EVENT_OF:
            return partial(_each, change=partial(self._landed, table))
        of_others: dict[str, Change] = {
            "post_metrics": partial(_each, change=self._posted),
            "rejected_events": partial(_with, columns={"payload": ERASED.encode(), "detail": ERASED}),
            "order_attributions": self._attributed,
            "quarantine_releases": partial(_with, columns={"mend": ERASED, "note": ERASED}),
            "reference_rows": partial(_each, change=self._referred),
        }
        return of_others[table]

    def _names(self, table: str, column: str, value: Any) -> bool:
        if table == "rejected_events" and column == "payload":
            return payload_names(value, self.person, self.stored)
        if table == "reference_rows":
            return json.loads(value).get("customer_id") in self.person.customers
        return mentions(value, self.person.said)

    def _landed(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        # What a lake holds is in its form already; what takes its place is given that form.
        left = without_person(EVENT_OF[table], row, self.person, lambda _, held: held, self.stored)
        if table == "clicks":
            left["shard"] = self.shard_of(left["visitor_id"])
        return left

    def _posted(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, "caption": blanked(row["caption"], self.person.said)}

    def _attributed(self, rows: pl.DataFrame) -> pl.DataFrame:
        renamed = {
            name: {held: self.stored(name, fresh) for held, fresh in self.person.names(name).items()}
            for name in ("customer_id", "visitor_id")
        }
        return rows.with_columns(pl.col(name).replace(names) for name, names in renamed.items())

    def _referred(self, row: Mapping[str, Any]) -> dict[str, Any]:
        cells = json.loads(row["row"])
        cells["customer_id"] = self.stored("customer_id", self.person.customers[cells["customer_id"]])
        return {**row, "row": json.dumps(cells)}


def _each(rows: pl.DataFrame, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> pl.DataFrame:
    changed: Iterable[Mapping[str, Any]] = [change(row) for row in rows.iter_rows(named=True)]
    return pl.DataFrame(list(changed), schema=rows.schema)


def _with(rows: pl.DataFrame, columns: Mapping[str, Any]) -> pl.DataFrame:
    return rows.with_columns(pl.lit(value).alias(name) for name, value in columns.items())
