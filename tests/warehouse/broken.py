"""What suites find broken, counted by DuckDB alone: the same rows that Great Expectations would call unexpected."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.warehouse.suites import Suite


@contextmanager
def open_to_damage(build: Path | str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build whose rows can be changed: marts that are views become tables first."""
    with duckdb.connect(str(build)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        views = connection.execute("select view_name from duckdb_views() where schema_name = 'main' and not internal")
        for (mart,) in views.fetchall():
            connection.execute(f"create table as_table as from {mart}")
            connection.execute(f"drop view {mart}")
            connection.execute(f"alter table as_table rename to {mart}")
        yield connection


def broken(connection: duckdb.DuckDBPyConnection, suites: Iterable[Suite], *severities: str) -> dict[str, int]:
    """The number of broken rows of each `table: expectation` that does not hold."""
    found = {}
    for suite in suites:
        for batch in suite.batches:
            rules = [rule for rule in batch.expectations if rule.meta.severity in (severities or ("block", "warn"))]
            if rules:
                counts = ", ".join(f"count(*) filter (where {rule.broken_by()})" for rule in rules)
                totals = connection.execute(f"select {counts} from ({batch.sql})").fetchall()[0]
                found |= {f"{suite.table}: {rule.name}": n for rule, n in zip(rules, totals, strict=True) if n}
    return found
