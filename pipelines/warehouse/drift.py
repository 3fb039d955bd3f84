"""How does a build differ from the version published last? A suite of what may drift, how far, and what cannot be."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from pipelines.stores.tables import LANDING
from pipelines.warehouse.metrics_dictionary import measures
from pipelines.warehouse.suites import (
    BETWEEN,
    IN_SET,
    Batch,
    Bounds,
    Expectation,
    Reading,
    Suite,
    expectations_dir,
    load_suite,
)
from pipelines.warehouse.versions import Version

BEFORE = "published"  # the database of the last version's marts, as tables of their names
ENOUGH = 100  # orders, or rows: of fewer every share and sum jumps
ALWAYS = ("vanished", "unsettled")  # of the batches in drift.json: what holds for a single order too
HALVED, DOUBLED = -50, 100  # per cent
NEEDED = ("fct_orders", "fct_influencer_roi")  # that the batches in drift.json read

Columns = Mapping[str, Mapping[str, str]]
"""Mart -> column -> type."""


def attach_published(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Makes the marts of a published version readable as `published.<mart>`, beside the open build."""
    listed = str(folder / "marts.duckdb").replace("'", "''")
    connection.execute(f"attach '{listed}' as {BEFORE} (read_only)")


def drift_suite(connection: duckdb.DuckDBPyConnection, version: Version, now: Columns) -> Suite:
    """What is expected of the open build's columns beside the attached version of them.

    Where the version has fewer than ENOUGH orders, nothing is said of shares and sums. Raises BadInput when
    expectations/drift.json cannot be read.
    """
    before = {mart: columns_of(connection, f"{BEFORE}.{mart}") for mart in sorted(version.rows)}
    both = [mart for mart in before if mart in now]
    written = load_suite(expectations_dir() / "drift.json")
    batches = [_kept_columns(before, now), _arrivals(version)]
    enough = version.orders >= ENOUGH
    if set(NEEDED) <= set(both):
        batches += [batch for batch in written.batches if enough or batch.name in ALWAYS]
    if enough:
        batches += [_rows(both), _sums({mart: before[mart].keys() & now[mart].keys() for mart in both}, now)]
    return Suite(written.table, f"{written.grain} That is version {version.version}.", tuple(batches))


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column -> type, in order."""
    relation = connection.table(table)
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


def _kept_columns(before: Columns, now: Columns) -> Batch:
    kept = [
        f"('{mart}', '{name}', '{kind}', '{now.get(mart, {}).get(name, 'gone')}')"
        for mart, columns in before.items()
        for name, kind in columns.items()
    ]
    query = (
        "select *, type_before = type_now as is_kept from (values",
        ",\n".join(kept),
        ') as columns_of (mart, "column", type_before, type_now)',
    )
    why = "A report that reads the published column breaks or changes its meaning: tell its readers first."
    rule = _true("published columns keep name and type", "is_kept", why)
    return Batch("columns", ("mart", "column"), query, (rule,))


def _arrivals(version: Version) -> Batch:
    as_of = f"timestamptz '{version.as_of.isoformat()}'" if version.as_of else "cast(null as timestamptz)"
    newest_of = [f"select max(ingested_at) as newest from lake.{topic}" for topic in LANDING]  # noqa: S608
    query = (
        f"select {as_of} as published_as_of, max(newest) as as_of,",
        f"    coalesce(max(newest) >= {as_of}, {as_of} is null) as is_as_new",
        f"from ({' union all '.join(newest_of)})",
    )
    why = "What is published knows of later messages than this build: the lake is older than it was."
    rule = _true("the build knows of every message that the published version knows of", "is_as_new", why)
    return Batch("arrivals", ("published_as_of",), query, (rule,))


def _rows(marts: Iterable[str]) -> Batch:
    counted = (
        "select '{0}' as mart, (from {1}.{0} select count(*)) as rows_before, (from {0} select count(*)) as rows_now"
    )
    counts = [counted.format(mart, BEFORE) for mart in marts]
    query = (
        f"select *, case when rows_before >= {ENOUGH} then 100.0 * (rows_now - rows_before) / rows_before end",
        "    as change_pct, rows_now > 0 or rows_before = 0 as has_rows",
        "from (",
        "\nunion all\n".join(counts),
        ")",
    )
    multiplied = "So many rows at once come of a new source, a lost one, or a join that multiplies."
    rules = (
        _between("a mart's rows neither halve nor double", "change_pct", multiplied),
        _true("a mart that had rows has some", "has_rows", "What its readers looked at is no longer there."),
    )
    return Batch("rows", ("mart", "rows_before", "rows_now"), query, rules)


def _sums(shared: Mapping[str, Iterable[str]], now: Columns) -> Batch:
    """Of each mart one scan before and one now; of several models the policy's rows, since each holds all money."""
    parts = []
    for mart, columns in shared.items():
        names = [measure.name for measure in measures({mart: columns}) if measure.is_additive]
        if not names:
            continue
        where = " where model = 'policy'" if "model" in now[mart] else ""
        sums = ", ".join(f"cast(sum({name}) as double)" for name in names)
        listed = ", ".join(f"'{name}'" for name in names)
        scans = [f"unnest((from {table} select [{sums}]{where}))" for table in (f"{BEFORE}.{mart}", mart)]
        parts.append(
            f"select '{mart}' as mart, unnest([{listed}]) as measure,\n"
            f"    {scans[0]} as sum_before,\n    {scans[1]} as sum_now"
        )
    query = (
        "select *, 100 * (sum_now - sum_before) / nullif(abs(sum_before), 0) as change_pct from (",
        "\nunion all\n".join(parts),
        ")",
    )
    why = "More or less at once than a shop grows: events are missing or counted twice, or a cost was mistyped."
    rule = _between("sums neither halve nor double", "change_pct", why)
    return Batch("sums", ("mart", "measure", "sum_before", "sum_now"), query, (rule,))


def _between(name: str, column: str, why: str) -> Expectation:
    return Expectation(name, BETWEEN, Bounds(column, HALVED, DOUBLED), Reading(why, "warn"))


def _true(name: str, column: str, why: str) -> Expectation:
    return Expectation(name, IN_SET, Bounds(column, value_set=(True,)), Reading(why, "warn"))
