"""From a checked build to what BI tools open: a new version beside the old one, then one swap of the link."""

from datetime import datetime
from pathlib import Path
from tempfile import gettempdir

import duckdb
import msgspec

from pipelines.failures import CheckFailed, LakeUnavailable
from pipelines.warehouse.check import MEMORY, fingerprint_of, marts_of
from pipelines.warehouse.describe import describe
from pipelines.warehouse.findings import CheckResult, read_result
from pipelines.warehouse.history import record
from pipelines.warehouse.versions import Version, forget_old, next_number, only_publisher, stage, swap

SHOWN_FAILURES = 10
READ_ONLY = 0o444  # a tool that opened the database to write would lock the others out

AS_OF = """
select
    (select max(ingested_at) from (
        select ingested_at from lake.clicks
        union all
        select ingested_at from lake.redemptions
        union all
        select ingested_at from lake.orders
        union all
        select ingested_at from lake.post_metrics
    )),
    (select max(ordered_at) from fct_orders where status = 'provisional') + to_seconds(86400 * lateness_days),
    (select count(*) from fct_orders),
    (select count(*) from fct_orders where status = 'provisional'),
    (select max(computed_at) from lake.order_attributions),
    (select coalesce(sum(net_revenue), 0) from fct_orders),
    reporting_currency,
    reporting_digits
from lake.run_settings
"""


def publish(root: Path, published_at: datetime) -> Version:
    """Publishes `root`/warehouse/build.duckdb under `root`/published and swaps `current` to it as one.

    Readers are never locked out and see the old version or the new one, whole; the last three stay on
    disk. Raises CheckFailed, and leaves `current` as it is, unless `check` passed for exactly these
    bytes; BadInput while another publish runs; LakeUnavailable when the disk fails.
    """
    build, published = root / "warehouse" / "build.duckdb", root / "published"
    try:
        verdict = read_result(root / "warehouse" / "check.json")
        _require_passed(verdict)
        with (
            only_publisher(published),
            duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()}) as connection,
        ):
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"attach {_quoted(build)} as build (read_only)")  # from here on nobody can write to it
            _require_same(build, verdict)
            record(root)
            number = next_number(published)
            version = _write(connection, stage(published), number, verdict.fingerprint, published_at)
            swap(published, number)
            record(root)
            forget_old(published)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise LakeUnavailable(
            f"{published} cannot be written: {error}; what was published before stays; mend the disk or "
            "permission and run `codetrail publish` again"
        ) from error
    return version


def _require_passed(verdict: CheckResult) -> None:
    if verdict.passed:
        return
    shown = [f"  {failure.sentence()}" for failure in verdict.failures[:SHOWN_FAILURES]]
    more = len(verdict.failures) - len(shown)
    raise CheckFailed(
        "\n".join(
            [
                f"not published, what was published before stays: {len(verdict.failures)} checks failed",
                *shown,
                *([f"  and {more} more in warehouse/check.json"] if more else []),
                "mend the cause, then run `codetrail build`, `check` and `publish` again",
            ]
        )
    )


def _require_same(build: Path, verdict: CheckResult) -> None:
    if fingerprint_of(build) != verdict.fingerprint:
        raise CheckFailed(
            f"not published, what was published before stays: {build} is not the build that was checked at "
            f"{verdict.checked_at:%Y-%m-%d %H:%M:%S} UTC; run `codetrail check` again"
        )


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, number: int, fingerprint: str, published_at: datetime
) -> Version:
    """The files of a version in `folder`: every mart twice, as Parquet and in one DuckDB file, and what they are."""
    database = folder / "marts.duckdb"
    connection.execute(f"attach {_quoted(database)} as marts")
    connection.execute("use build")
    for schema, mart in marts_of(connection):
        rows = connection.table(f"build.{schema}.{mart}")
        rows.create(f"marts.main.{mart}")
        rows.write_parquet(str(folder / f"{mart}.parquet"), compression="zstd")
    counts = {
        mart: connection.table(f"marts.main.{mart}").count("*").fetchall()[0][0] for _, mart in marts_of(connection)
    }
    found = connection.execute(AS_OF).fetchall()[0]
    as_of, provisional_until, orders, provisional, attributed_until, net_revenue, currency, digits = found
    connection.execute("detach marts")
    database.chmod(READ_ONLY)
    version = Version(
        version=number,
        published_at=published_at,
        fingerprint=fingerprint,
        as_of=as_of,
        provisional_until=provisional_until,
        orders=orders,
        provisional_orders=provisional,
        reporting_currency=currency,
        reporting_digits=digits,
        rows=counts,
        attributed_until=attributed_until,
        net_revenue=net_revenue,
    )
    (folder / "version.json").write_bytes(msgspec.json.format(msgspec.json.encode(version), indent=2))
    describe(folder, version)
    return version


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
