"""What suites find broken, counted by DuckDB alone: the same rows that Great Expectations would call unexpected."""

from collections.abc import Iterable

import duckdb

from pipelines.warehouse.suites import Suite


def broken(connection: duckdb.DuckDBPyConnection, suites: Iterable[Suite], *severities: str) -> dict[str, int]:
    """The number of broken rows of each `table: expectation` that does not hold."""
    found = {}
    for suite in suites:
        for batch in suite.batches:
            rules = [rule for rule in batch.expectations if rule.meta.severity in (severities or ("block", "warn"))]
            if rules:
                counts = ", ".join(f"count(*) filter (where {rule.broken_by()})" for rule in rules)
                totals = connection.sql(batch.sql).aggregate(counts).fetchall()[0]
                found |= {f"{suite.table}: {rule.name}": n for rule, n in zip(rules, totals, strict=True) if n}
    return found
