"""Is the build fit to publish? Great Expectations over every lake table and mart, beside dbt's data tests."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.warehouse.batches import draw
from pipelines.warehouse.build import test
from pipelines.warehouse.data_tests import read_data_tests
from pipelines.warehouse.dbt_docs import write_dbt_docs
from pipelines.warehouse.dbt_runner import scratch_of
from pipelines.warehouse.docs_pages import Checked, write_pages
from pipelines.warehouse.drift import attach_published, columns_of, drift_suite
from pipelines.warehouse.findings import CheckResult, Finding
from pipelines.warehouse.formulas import formula_suite
from pipelines.warehouse.suites import Batch, Suite, expectations_dir, load_suites
from pipelines.warehouse.versions import current_version

if TYPE_CHECKING:
    from pipelines.warehouse.expect import Expectations

MEMORY = "1200MB"  # for DuckDB, which spills beyond it; leaves the rest of 2 GB to Python and Great Expectations
NOT_AS_EXPECTED = (duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException)
UNRUNNABLE = "the table has the columns that its checks read"
UNCHECKED = "the mart has a suite"


def check(
    root: Path,
    checked_at: datetime,
    data_tests: Callable[[Path], Iterable[Finding]] = test,
    suites_of: Callable[[duckdb.DuckDBPyConnection, Path], Sequence[Suite]] | None = None,
) -> CheckResult:
    """The verdict on `root`/warehouse/build.duckdb, also written to check.json, with Data Docs beside it.

    Every suite runs, whatever failed before it, and one that compares the build with what is published; a mart that
    none of `suites_of` (by default `suites_for`) is about blocks. At most 1,000 rows of a batch reach Great
    Expectations; DuckDB finds the broken ones, so a table's size does not matter.
    Raises BadInput without a build, LakeUnavailable when the disk fails or the lake's files that the build saw are
    gone.
    """
    warehouse = root / "warehouse"
    build = warehouse / "build.duckdb"
    if not build.is_file():
        raise BadInput(f"{build} is missing: there is nothing to check; run `codetrail build` first")
    try:
        of_dbt = list(data_tests(root))
        fingerprint = fingerprint_of(build)  # after dbt, which opens the file to write
        with open_build(build, checked_at) as connection:
            suites = (suites_of or suites_for)(connection, root)
            built_at, digits = connection.execute(
                "select built_at, reporting_digits from lake.run_settings"
            ).fetchall()[0]
            expectations, of_suites = _validate(connection, warehouse / "data_docs", suites)
        result = _verdict([*of_dbt, *of_suites], suites, checked_at, fingerprint)
        ran = read_data_tests(scratch_of(root) / "target")
        checked = Checked(result, built_at.astimezone(UTC), suites, expectations.validated, ran)
        expectations.write_docs(lambda site: write_pages(site, checked))
        if ran:
            write_dbt_docs(root, digits)
        result.write(warehouse / "check.json")
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise LakeUnavailable(
            f"{warehouse} cannot be checked: {error}; mend the disk or permission, then run `codetrail build` and "
            "`codetrail check` again"
        ) from error
    return result


def fingerprint_of(build: Path) -> str:
    """The SHA-256 of the file's bytes: another build, or an altered one, has another."""
    with build.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def open_build(build: Path, checked_at: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build as the suites' queries see it: read-only, in UTC, `checked_at` a variable of that name."""
    with duckdb.connect(str(build), read_only=True, config={"memory_limit": MEMORY}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set variable checked_at = timestamptz '{checked_at.isoformat()}'")
        yield connection


def suites_for(connection: duckdb.DuckDBPyConnection, root: Path) -> list[Suite]:
    """Every suite of `expectations/`, that of the formulas, and of what has drifted since `root` last published."""
    columns = {mart: columns_of(connection, mart) for _, mart in marts_of(connection)}
    suites = [*load_suites(expectations_dir()), formula_suite(columns)]
    if (root / "published" / "current").exists():
        folder, version = current_version(root)
        attach_published(connection, folder)
        suites.append(drift_suite(connection, version, columns))
    return suites


def marts_of(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every mart of the open build as (schema, table): the tables named dim_… and fct_…, in order of their names."""
    return connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = current_database() and regexp_matches(table_name, '^(dim|fct)_') order by table_name"
    ).fetchall()


def _verdict(found: Sequence[Finding], suites: Sequence[Suite], checked_at: datetime, fingerprint: str) -> CheckResult:
    failures = tuple(finding for finding in found if finding.severity == "block")
    return CheckResult(
        passed=not failures,
        checked_at=checked_at,
        fingerprint=fingerprint,
        expectations=sum(len(batch.expectations) for suite in suites for batch in suite.batches),
        tables=len(suites),
        failures=failures,
        warnings=tuple(finding for finding in found if finding.severity == "warn"),
    )


def _validate(
    connection: duckdb.DuckDBPyConnection, docs: Path, suites: Sequence[Suite]
) -> tuple["Expectations", list[Finding]]:
    """Great Expectations with all that it has validated, and what does not hold of it."""
    from pipelines.warehouse.expect import Expectations  # six seconds, which only a check should cost

    expectations = Expectations(docs)
    found = _marts_without_suite(connection, suites)
    for suite in suites:
        for batch in suite.batches:
            found += _batch_findings(connection, expectations, suite, batch)
    return expectations, found


def _batch_findings(
    connection: duckdb.DuckDBPyConnection, expectations: "Expectations", suite: Suite, batch: Batch
) -> list[Finding]:
    try:
        drawn = draw(connection, batch)
    except NOT_AS_EXPECTED as error:
        why = f"Without them nothing is known about its {batch.name}: {str(error).splitlines()[0]}"
        return [Finding(suite.table, UNRUNNABLE, why, "block", 0)]
    return expectations.validate(suite, batch, drawn)


def _marts_without_suite(connection: duckdb.DuckDBPyConnection, suites: Sequence[Suite]) -> list[Finding]:
    checked = {suite.table for suite in suites}
    why = "A table that nobody checks must not be published: add expectations/suites/<table>.json."
    return [Finding(mart, UNCHECKED, why, "block", 0) for _, mart in marts_of(connection) if mart not in checked]
