"""Which rows of a table a check looks at: all that break an expectation, then others, up to a fixed number."""

from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from pipelines.warehouse.suites import Batch

NESTED = ("array", "list", "map", "struct")
ROWS = 1_000  # of one batch: enough to see a pattern, and little for Great Expectations, which holds them in memory


@dataclass(frozen=True, slots=True)
class Drawn:
    """The drawn rows of a batch; `totals` counts what breaks an expectation where not all such rows are drawn.

    `frame` is a pandas DataFrame. Its amounts are floats: differences of money are taken before, in SQL
    and in exact types, and zero stays zero on the way.
    """

    frame: Any
    totals: dict[str, int] = field(default_factory=dict)


def draw(connection: duckdb.DuckDBPyConnection, batch: Batch) -> Drawn:
    """At most ROWS rows, those that break something first, so that nothing is missed however large the table is.

    Raises duckdb.Error when the query cannot run.
    """
    rows = _flat(connection.sql(batch.sql))
    conditions = {expectation.name: expectation.broken_by() for expectation in batch.expectations}
    broken = " or ".join(conditions.values())
    frame = rows.project(f"*, {broken} as is_broken").order("is_broken desc").limit(ROWS).df()
    if len(frame) == ROWS and frame["is_broken"].all():
        return _some_of_each(rows, conditions)
    return Drawn(frame.drop(columns="is_broken").sort_values(list(batch.keys), ignore_index=True))


def _flat(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows with lists and structs as text: Great Expectations looks rows up by their values, which it must hash."""
    nested = [name for name, kind in zip(rows.columns, rows.types, strict=True) if kind.id in NESTED]
    if not nested:
        return rows
    texts = ", ".join(f'cast("{name}" as varchar) as "{name}"' for name in nested)
    return rows.project(f"* replace ({texts})")


def _some_of_each(rows: duckdb.DuckDBPyRelation, conditions: dict[str, str]) -> Drawn:
    counts = ", ".join(f"count(*) filter (where {condition})" for condition in conditions.values())
    totals = rows.aggregate(counts).fetchall()[0]
    share = ROWS // len(conditions)
    frames = [rows.filter(condition).limit(share).df() for condition in conditions.values()]
    return Drawn(pd.concat(frames, ignore_index=True), dict(zip(conditions, totals, strict=True)))
