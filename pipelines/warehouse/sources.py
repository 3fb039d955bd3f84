"""What dbt reads: lake, reference data, clicks, published versions and settings, as tables of one DuckDB file."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import unquote

import duckdb
import iso4217
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.rules.codes import normalise_code
from pipelines.rules.links import UTM
from pipelines.rules.money import minor_digits
from pipelines.settings import Settings
from pipelines.stores.tables import INSTANT, TABLES, TEXT
from pipelines.warehouse.captions import normalise_text
from pipelines.warehouse.changes import write_changes, write_nothing

NO_LINK = "no_link"  # no link row matches what the click named
RESOLVED_CLICKS = pa.schema(
    [
        pa.field("event_id", TEXT, nullable=False),
        pa.field("visitor_id", TEXT, nullable=False),
        pa.field("occurred_at", INSTANT, nullable=False),
        pa.field("influencer_id", TEXT),
        pa.field("campaign_id", TEXT),
        pa.field("link_id", TEXT),
        pa.field("is_bot", pa.bool_(), nullable=False),
        pa.field("reason", TEXT),
        pa.field("named_link_id", TEXT),
        *(pa.field(f"utm_{name}", TEXT) for name in UTM),
        pa.field("partition", pa.int32()),
        pa.field("offset", pa.int64()),
    ]
)
"""One row per distinct click; `reason` says why nobody's link counts, null if one does.

What the click named, its link id as sent and its utm parameters, is filled only where there is a reason. `partition`
and `offset` are those of the message that counts.
"""
ClicksOf = Callable[[Sequence[str]], Iterable[pa.Table]]
"""The clicks of these files of the lake, in the columns of RESOLVED_CLICKS, each in one of the tables."""
CLICK_TABLES = {
    "resolved_clicks": "select event_id, visitor_id, occurred_at, influencer_id, campaign_id, link_id, is_bot, reason, "
    "partition, \"offset\", cast(timezone(coalesce(campaigns.timezone, 'UTC'), occurred_at) as date) as day "
    "from {rows} left join reference.campaigns using (campaign_id) where reason is distinct from 'no_link'",
    "unresolved_clicks": "select * exclude (influencer_id, campaign_id, link_id) from {rows} where reason is not null",
}
"""The clicks that some link row matches, and those that are nobody's; one whose row does not hold is in both.

`day` is the day of the click where its campaign is.
"""
ARRIVED = {"clicks": "arrived_clicks", "order_attributions": "arrived_attributions"}
"""What is new of a table since the last build; in a full build all of it."""
ARRIVALS = ("ingested_at", "computed_at", "recorded_at", "seen_at", "released_at", "erased_at")
"""When a row was written, by whichever of these its table of the lake has."""
NORMALISED: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "codes": ("code", normalise_code),
    "deliverables": ("required_hashtags", normalise_text),
}
"""The column of a reference table that is compared in another spelling, kept beside it as normalised_<column>."""


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What the marts depend on beside the data; `watermark` is the newest that the lake records.

    `shared_costs`: by what a campaign's own costs are shared among its influencers.
    """

    reporting_currency: str
    lateness_days: int
    history_from: datetime | None = None
    watermark: datetime | None = None
    shared_costs: str = "equally"

    def __post_init__(self) -> None:
        if minor_digits(self.reporting_currency) is None:
            raise BadInput(f"reporting_currency {self.reporting_currency!r} is no ISO 4217 currency: name one, as USD")

    @classmethod
    def of(cls, settings: Settings, watermark: datetime | None) -> Self:
        """Those of a workspace's settings."""
        return cls(
            settings.reporting_currency,
            settings.lateness_days,
            settings.history_from,
            watermark,
            settings.shared_costs,
        )

    @property
    def reporting_digits(self) -> int:
        return minor_digits(self.reporting_currency) or 0


def write_sources(
    file: Path,
    lake: Mapping[str, Sequence[str]],
    reference: Mapping[str, pa.Table],
    resolved_clicks: Iterable[pa.Table],
    settings: BuildSettings,
    published: pa.Table,
    built_at: datetime,
    until: datetime | None = None,
) -> None:
    """Creates `file` with the schemas `lake` and `reference`; a lake table without files becomes an empty one.

    The lake is not copied: its tables are views over their Parquet files, by absolute path. With `until` they show
    the rows alone that were there by then.
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema lake")
        connection.execute("create schema reference")
        _write_lake(connection, lake, lake, until)
        for name, rows in reference.items():
            _write_table(connection, f"reference.{name}", _with_normalised(name, rows))
        _write_clicks(connection, resolved_clicks)
        write_nothing(connection)
        _write_table(connection, "lake.currencies", _currencies())
        _write_table(connection, "lake.published_versions", published)
        _write_table(connection, "lake.run_settings", _run_settings(settings, built_at))


def write_new_sources(
    file: Path,
    lake: Mapping[str, Sequence[str]],
    new: Mapping[str, Sequence[str]],
    clicks: Iterable[pa.Table],
    settings: BuildSettings,
    published: pa.Table,
    built_at: datetime,
) -> set[str]:
    """Brings `file`, a copy of the last build, to what the lake holds now, and says there what changed.

    `new` are the files that the last build had not seen, `clicks` those of them; the reference data are the same.
    Returns which of the tables that say what changed say something, run_settings among them if the watermark moved.
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        (before,) = connection.execute("select watermark from lake.run_settings").fetchall()[0]
        _write_lake(connection, lake, new)
        connection.register("arriving", pa.concat_tables([RESOLVED_CLICKS.empty_table(), *clicks]))
        saying = write_changes(connection, new["orders"], CLICK_TABLES, settings.watermark)
        _write_table(connection, "lake.published_versions", published)
        _write_table(connection, "lake.run_settings", _run_settings(settings, built_at))
    return saying if before == settings.watermark else saying | {"run_settings"}


def files_of(table: Path) -> list[str]:
    """The Parquet files of a Delta table's current version; none when it does not exist."""
    try:
        uris = DeltaTable(table).file_uris() if DeltaTable.is_deltatable(str(table)) else []
    except (DeltaError, OSError) as error:
        raise LakeUnavailable(f"{table} cannot be read: {error}; mend the disk or restore the folder") from error
    return sorted(unquote(uri) for uri in uris)


def _write_lake(
    connection: duckdb.DuckDBPyConnection,
    lake: Mapping[str, Sequence[str]],
    new: Mapping[str, Sequence[str]],
    until: datetime | None = None,
) -> None:
    for name, schema in TABLES.items():
        _write_lake_table(connection, name, schema, lake[name], until)
    for name, arrived in ARRIVED.items():
        _write_lake_table(connection, arrived, TABLES[name], new[name], until)
    _write_captions(connection)


def _write_lake_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    schema: pa.Schema,
    files: Sequence[str],
    until: datetime | None,
) -> None:
    former = "select table_type from information_schema.tables where table_schema = 'lake' and table_name = ?"
    for (kind,) in connection.execute(former, [name]).fetchall():  # it had no files before, or has none now
        connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} lake.{name}")
    if not files:
        _write_table(connection, f"lake.{name}", schema.empty_table())
        return
    # DuckDB reckons that each file has as many rows as the first, and joins accordingly: the largest tells most.
    by_size = sorted(files, key=os.path.getsize, reverse=True)
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in by_size)
    # A literal: a view takes no parameters.
    where = f" where {_arrival_of(schema)} <= timestamptz '{until.isoformat()}'" if until else ""
    connection.execute(f"create view lake.{name} as select * from read_parquet([{listed}]){where}")  # noqa: S608


def _arrival_of(schema: pa.Schema) -> str:
    """The column that says when a row of the lake was written."""
    return next(name for name in ARRIVALS if name in schema.names)


def _write_table(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, query: str = "select * from {rows}"
) -> None:
    connection.register("incoming", rows)
    connection.execute(f"create or replace table {name} as {query.format(rows='incoming')}")
    connection.unregister("incoming")


def _write_clicks(connection: duckdb.DuckDBPyConnection, clicks: Iterable[pa.Table]) -> None:
    """Writes CLICK_TABLES while the clicks are read: only those that are nobody's are in memory all at once."""
    nobodys, failures = [RESOLVED_CLICKS.empty_table()], list[LakeUnavailable]()

    def streamed() -> Iterator[pa.RecordBatch]:
        try:
            for rows in clicks:
                nobodys.append(rows.filter(pc.is_valid(rows["reason"])))
                yield from rows.cast(RESOLVED_CLICKS).to_batches()
        except LakeUnavailable as failure:  # through DuckDB comes its text alone
            failures.append(failure)
            raise

    connection.execute("set preserve_insertion_order = false")  # rows that keep their order are packed twice
    connection.execute("set disabled_optimizers = 'build_side_probe_side'")  # it would gather the stream first
    try:
        _insert_clicks(connection, "resolved_clicks", pa.RecordBatchReader.from_batches(RESOLVED_CLICKS, streamed()))
    except duckdb.Error:
        if failures:
            raise failures[0] from None
        raise
    _insert_clicks(connection, "unresolved_clicks", pa.concat_tables(nobodys))
    connection.execute("reset preserve_insertion_order; reset disabled_optimizers")


def _insert_clicks(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
    """Ids that hardly repeat are no words for a dictionary: zstd takes half its CPU, and makes them smaller."""
    query = CLICK_TABLES[name].format(rows="incoming")
    connection.register("incoming", RESOLVED_CLICKS.empty_table())
    described = connection.execute(f"describe {query}").fetchall()
    packed = dict.fromkeys(("event_id", "visitor_id"), " using compression zstd")
    columns = ", ".join(f'"{column}" {kind}{packed.get(column, "")}' for column, kind, *_ in described)
    connection.execute(f"create table lake.{name} ({columns})")
    connection.register("incoming", rows)
    connection.execute(f"insert into lake.{name} {query}")
    connection.unregister("incoming")


def _write_captions(connection: duckdb.DuckDBPyConnection) -> None:
    """Every caption of a post once, as sent and as it is compared."""
    sent = "select distinct caption from lake.post_metrics where caption is not null"
    try:
        captions = connection.sql(sent).to_arrow_table()
    except duckdb.Error as error:
        raise LakeUnavailable(
            f"the table post_metrics of the lake cannot be read: {error}; mend the disk or restore its files"
        ) from error
    normalised = [normalise_text(caption) for caption in captions["caption"].to_pylist()]
    _write_table(connection, "lake.captions", captions.append_column("normalised_caption", pa.array(normalised, TEXT)))


def _with_normalised(table: str, rows: pa.Table) -> pa.Table:
    if table not in NORMALISED:
        return rows
    column, normalise = NORMALISED[table]
    normalised = [text if text is None else normalise(text) for text in rows[column].to_pylist()]
    return rows.append_column(f"normalised_{column}", pa.array(normalised, TEXT))


def _currencies() -> pa.Table:
    """Every currency with the number of its minor units in one unit: 100 for USD, 1 for JPY, 1000 for KWD."""
    digits = {currency.code: minor_digits(currency.code) for currency in iso4217.Currency}
    known = [{"currency": code, "units": 10**places} for code, places in digits.items() if places is not None]
    return pa.Table.from_pylist(known, schema=pa.schema([("currency", TEXT), ("units", pa.int64())]))


def _run_settings(settings: BuildSettings, built_at: datetime) -> pa.Table:
    row = {
        "reporting_currency": settings.reporting_currency,
        "reporting_digits": settings.reporting_digits,
        "lateness_days": settings.lateness_days,
        "watermark": settings.watermark,
        "history_from": settings.history_from,
        "shared_costs": settings.shared_costs,
        "built_at": built_at,
    }
    types = [TEXT, pa.int32(), pa.int32(), INSTANT, INSTANT, TEXT, INSTANT]
    return pa.Table.from_pylist([row], schema=pa.schema(list(zip(row, types, strict=True))))
