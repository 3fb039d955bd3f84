"""As reported then: the marts as the lake knew them at an instant, by its rows' own times, beside those of now."""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.watermark import watermark_of
from pipelines.settings import Settings, settings_of_version
from pipelines.stores.lake import Lake
from pipelines.stores.reference_history import read_version, recorded_versions
from pipelines.stores.rulebook import rulebook_of
from pipelines.stores.tables import LANDING, TABLES
from pipelines.warehouse.check import marts_of
from pipelines.warehouse.clicks import click_batches
from pipelines.warehouse.dbt_runner import run_dbt, stop_at_failure
from pipelines.warehouse.history import published_versions
from pipelines.warehouse.last_build import BUILD
from pipelines.warehouse.sources import BuildSettings, files_of, write_sources

FOLDER = "as-of"
NOT_TESTS = ("--exclude-resource-type", "test", "unit_test", "exposure")


@dataclass(frozen=True, slots=True)
class AsOf:
    """A build of the past: its file, the reference version of then, and each mart's rows.

    `reference_version` is None where the lake did not keep the rows of then: the reference data of now were taken.
    """

    as_of: datetime
    file: str
    reference_version: str | None
    watermark: datetime | None
    rows: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class Past:
    """What a lake knew at an instant beside its events: the reference data, the settings and the watermark."""

    version: str | None
    tables: Mapping[str, pa.Table]
    settings: Settings
    watermark: datetime | None


def build_as_of(
    root: Path, settings: Settings, now_reference: Callable[[], Mapping[str, pa.Table]], until: datetime, at: datetime
) -> AsOf:
    """Writes `root`/warehouse/as-of/<instant>.duckdb: the marts alone, so that it outlives every compaction.

    Nothing else is touched: no build goes on from it, and it is never published. Raises BadInput where the lake had
    seen nothing by then, CheckFailed when a model cannot be built, LakeUnavailable.
    """
    started = time.monotonic()
    lake = Lake(root.resolve() / "lake")
    past = _past(lake, settings, now_reference, until)
    depends = BuildSettings.of(past.settings, past.watermark)
    links = rulebook_of(past.tables, past.settings, past.version or "").links
    published = published_versions(root)
    known = published.filter(pc.less_equal(published["published_at"], pa.scalar(until)))
    target = root / "warehouse" / FOLDER / f"{until.astimezone(UTC):%Y-%m-%dT%H%M%S.%fZ}.duckdb"
    try:
        with tempfile.TemporaryDirectory(prefix="codetrail-as-of-") as folder:
            scratch = Path(folder) / "warehouse" / "dbt"
            scratch.mkdir(parents=True)
            for parsed in (root / "warehouse").glob("dbt_*.msgpack"):
                shutil.copyfile(parsed, scratch.parent / parsed.name)
            file = scratch / BUILD
            files = {name: files_of(lake.root / name) for name in TABLES}
            clicks = click_batches(lake, links, files["clicks"], until)
            write_sources(file, files, past.tables, clicks, depends, known, at, until)
            results = run_dbt("build", file, scratch, depends.reporting_digits, *NOT_TESTS).results
            stop_at_failure(results, scratch)
            rows = _kept(file, target)
    except (OSError, duckdb.IOException) as error:
        raise LakeUnavailable(
            f"{target} cannot be built: {error}; mend the disk or permission, or wait until a compaction is through, "
            "then run the same command again"
        ) from error
    return AsOf(until, str(target), past.version, past.watermark, rows, time.monotonic() - started)


def _past(lake: Lake, settings: Settings, now_reference: Callable[[], Mapping[str, pa.Table]], until: datetime) -> Past:
    seen = [one for one in recorded_versions(lake) if one.recorded_at <= until]
    if not seen:
        raise BadInput(f"{lake.root} had seen nothing by {until.isoformat()}: name a later time")
    last = seen[-1]
    tables = read_version(lake, last.reference_version)
    its = settings_of_version(settings, last.settings)
    watermark = watermark_then(lake, its, until)
    if tables is None:
        return Past(None, now_reference(), its, watermark)
    return Past(last.reference_version, tables, its, watermark)


def watermark_then(lake: Lake, settings: Settings, until: datetime) -> datetime | None:
    """The watermark of then: reckoned anew at each commit of attributions, of what had arrived, and never going back.

    Clicks without consent are not among the rows: where they alone are the newest of a partition, it is a little less.
    """
    reached: int | None = None
    latest: dict[tuple[str, int], int] = {}
    commits = lake.read("order_attributions", ["computed_at"], pl.col("computed_at") <= until)["computed_at"]
    arrivals = _arrivals(lake, until)
    for clock in [*commits.unique().sort().dt.epoch("us").to_list(), (until - EPOCH) // MICROSECOND]:
        while arrivals and arrivals[-1][0] <= clock:
            _, topic, partition, newest = arrivals.pop()
            latest[topic, partition] = max(newest, latest.get((topic, partition), newest))
        now = watermark_of(latest.values(), settings.disorder, settings.lateness, clock)
        reached = now if reached is None or now is None else max(reached, now)
    return None if reached is None else EPOCH + timedelta(microseconds=reached)


def _arrivals(lake: Lake, until: datetime) -> list[tuple[int, str, int, int]]:
    """When something landed, of which partition, and its greatest `occurred_at`, in microseconds; the last first."""
    landed = [
        lake.read(topic, ["partition", "ingested_at", "occurred_at"], pl.col("ingested_at") <= until)
        .group_by("ingested_at", pl.lit(topic).alias("topic"), "partition")
        .agg(pl.col("occurred_at").max().dt.epoch("us"))
        .with_columns(pl.col("ingested_at").dt.epoch("us"))
        for topic in LANDING
    ]
    return pl.concat(landed).sort("ingested_at", descending=True).rows()


def _kept(file: Path, target: Path) -> dict[str, int]:
    """The marts as tables of a file that reads no other; it takes the name of `target` when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {_quoted(file)} as build (read_only)")  # views name the database that they stand in
        connection.execute(f"attach {_quoted(partial)} as kept")
        connection.execute("use build")
        marts = marts_of(connection)
        for schema, mart in marts:
            connection.table(f"build.{schema}.{mart}").create(f"kept.main.{mart}")
        rows = {mart: connection.table(f"kept.main.{mart}").count("*").fetchall()[0][0] for _, mart in marts}
    partial.replace(target)
    return rows


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
