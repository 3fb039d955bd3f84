"""Returns: what each influencer would return if orders were attributed otherwise, by the marts' own models."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.stores.tables import CREDIT, INSTANT, ORDER_ATTRIBUTIONS, TABLES, TEXT
from pipelines.warehouse.dbt_runner import NOT_TESTS, run_dbt, stop_at_failure
from pipelines.warehouse.history import PUBLISHED_VERSIONS, published_versions
from pipelines.warehouse.last_build import BUILD, basis_of, since_last_build
from pipelines.warehouse.sources import BuildSettings, files_of, write_sources

ASKED = ("fct_influencer_roi", "fct_credits")
NO_VERSIONS = PUBLISHED_VERSIONS.empty_table()
ORDER_IDS = pa.schema([pa.field("order_id", TEXT)])
VOIDED = pa.schema(
    [
        *(pa.field(name, TEXT) for name in ("event_id", "visitor_id", "influencer_id", "campaign_id")),
        pa.field("occurred_at", INSTANT),
        pa.field("day", pa.date32()),
    ]
)
CREDITED = pa.schema([*ORDER_IDS, pa.field("model", TEXT), *(field for field in CREDIT if field.name != "model")])
OWING = ("won", "code_compromised", "self_purchase")  # the reasons of the claims that a commission is reckoned from
ROWS = """
select
    roi.influencer_id, coalesce(people.handle, roi.influencer_id), roi.campaign_id, roi.orders, roi.gross_revenue,
    roi.net_revenue, roi.commission, roi.cost_total, roi.profit, roi.roi_pct
from main.fct_influencer_roi as roi
left join main.dim_influencer as people using (influencer_id)
where roi.model = ?
order by roi.influencer_id, roi.campaign_id
"""
NOBODYS = """
select coalesce(sum(weight), 0), sum(gross_revenue), sum(net_revenue)
from main.fct_credits where model = ? and influencer_id is null
"""


@dataclass(frozen=True, slots=True)
class Return:
    """What an influencer returned in a campaign, in the reporting currency; both null for the orders of nobody.

    Amounts are null where a rate is missing, `roi_pct` also where nothing was spent. Commission is part of the cost.
    """

    influencer_id: str | None
    handle: str | None
    campaign_id: str | None
    orders: float
    gross_revenue: Decimal | None
    net_revenue: Decimal | None
    commission: Decimal
    cost: Decimal | None
    profit: Decimal | None
    roi_pct: float | None


def returns(
    root: Path,
    attributions: pl.DataFrame,
    reference: Mapping[str, pa.Table],
    settings: BuildSettings,
    model: str,
    at: datetime,
) -> list[Return]:
    """What the mart fct_influencer_roi of the workspace `root` would say of `model`, and the orders of nobody last.

    `attributions`: one of each order, as `deciding` makes them. Nothing is written but a folder that is gone again.
    Raises CheckFailed when dbt cannot build it, LakeUnavailable.
    """
    # Costs that are shared by orders are by those of the model `policy`, whichever is asked for.
    models = [model] if settings.shared_costs != "by_orders" else sorted({"policy", model})
    with tempfile.TemporaryDirectory(prefix="codetrail-returns-") as folder:
        scratch = Path(folder) / "warehouse" / "dbt"
        scratch.mkdir(parents=True)
        for parsed in (root / "warehouse").glob("dbt_*.msgpack"):
            shutil.copyfile(parsed, scratch.parent / parsed.name)
        file, stored = scratch / BUILD, scratch / "attributions.parquet"
        of_models = pl.element().struct.field("model").is_in(models)
        attributions.with_columns(pl.col("credits").list.filter(of_models)).write_parquet(stored, compression="lz4")
        files = _lake_files(root, settings) | {"order_attributions": [str(stored)]}
        write_sources(file, files, reference, [], settings, NO_VERSIONS, at)
        with duckdb.connect(str(file)) as connection:
            names = _substitute(connection, models)
        selected = ("--select", *(f"+{mart}" for mart in ASKED), "--exclude", *names)
        outcome = run_dbt("build", file, scratch, settings.reporting_digits, *NOT_TESTS, *selected)
        stop_at_failure(outcome.results, scratch)
        return _read(file, model)


def built_returns(
    root: Path, reference: Mapping[str, pa.Table], settings: BuildSettings, model: str
) -> list[Return] | None:
    """What `returns` would say of the lake as it is, read off the last build; None where that is of anything else."""
    warehouse, lake = root / "warehouse", {name: files_of(root.resolve() / "lake" / name) for name in TABLES}
    since = since_last_build(warehouse, basis_of(reference, settings, lake), lake, published_versions(root))
    if since is None or since.moved:
        return None
    with duckdb.connect(str(warehouse / BUILD), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        (watermark,) = connection.execute("select watermark from lake.run_settings").fetchall()[0]
    return _read(warehouse / BUILD, model) if watermark == settings.watermark else None


def _read(build: Path, model: str) -> list[Return]:
    with duckdb.connect(str(build), read_only=True) as connection:
        rows = connection.execute(ROWS, [model]).fetchall()
        orders, gross, net = connection.execute(NOBODYS, [model]).fetchall()[0]
    nobody = Return(None, None, None, float(orders), gross, net, Decimal(0), Decimal(0), None, None)
    return [*(Return(*row) for row in rows), nobody]


def deciding(attributions: pl.DataFrame) -> pl.DataFrame:
    """Rows of order_attributions with the claims alone that a commission is reckoned from.

    Columns that are missing, as before a commit, are filled: nothing here depends on them.
    """
    schema = pl.Schema(pl.DataFrame(ORDER_ATTRIBUTIONS.empty_table()).schema)
    owing = pl.element().struct.field("reason").is_in(OWING)
    filled = {name: pl.lit(None, schema[name]) for name in schema if name not in attributions.columns}
    return (
        attributions.with_columns(pl.col("claims").list.filter(owing), **filled)
        .with_columns(revision_key=pl.lit(1, pl.Int64))
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )


def _lake_files(root: Path, settings: BuildSettings) -> dict[str, list[str]]:
    """Of the lake what the answer depends on: no click, and posts only where costs are shared by impressions."""
    read = ("orders", "post_metrics") if settings.shared_costs == "by_impressions" else ("orders",)
    return {name: files_of(root.resolve() / "lake" / name) if name in read else [] for name in TABLES}


def _substitute(connection: duckdb.DuckDBPyConnection, models: Sequence[str]) -> list[str]:
    """Puts tables in the place of dbt models that the answer does not depend on; the names of these."""
    substitutes = {
        "int_models": pa.table({"model": models}),
        "int_data_driven_credits": CREDITED.empty_table(),
        "int_resplit_orders": ORDER_IDS.empty_table(),
        "int_voided_clicks": VOIDED.empty_table(),
    }
    connection.execute("create schema intermediate")
    for name, rows in substitutes.items():
        connection.register("substitute", rows)
        connection.execute(f"create table intermediate.{name} as select * from substitute")  # noqa: S608
        connection.unregister("substitute")
    return list(substitutes)
