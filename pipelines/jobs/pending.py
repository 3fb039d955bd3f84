"""Pending: which orders changed reference data or settings may touch that no restatement has looked at since."""

import polars as pl

from pipelines.columnar.links import CLICK_COLUMNS
from pipelines.columnar.touched import ATTRIBUTED, touched
from pipelines.settings import Settings, settings_of_version
from pipelines.stores.lake import Lake
from pipelines.stores.reference_history import read_version, recorded_versions
from pipelines.stores.rulebook import Rulebook, rulebook_of

HOLDING = (*ATTRIBUTED, "revision_key", "reference_version", "digest")


def may_change(lake: Lake, order_id: str, book: Rulebook, settings: Settings) -> bool:
    """Whether a restatement would look at an order: nothing that it rests on can have changed otherwise."""
    holding = current(lake, HOLDING, where=pl.col("order_id") == order_id)
    return len(pending(lake, holding, book, settings, money_only=False)[0]) > 0


def pending(
    lake: Lake, holding: pl.DataFrame, book: Rulebook, settings: Settings, *, money_only: bool
) -> tuple[pl.Series, tuple[str, ...]]:
    """The orders that may change, by the version that each used, and the versions that nobody can read."""
    found, unknown = [pl.Series("order_id", dtype=pl.String)], []

    def read_clicks(visitors: pl.Series) -> pl.DataFrame:
        return clicks_of(lake, visitors).with_columns(pl.col("occurred_at").cast(pl.Int64))

    for (version,), rows in holding.partition_by("reference_version", as_dict=True).items():
        if version == book.reference_version:
            continue
        used = _used(lake, str(version), settings)
        if used is None:
            unknown.append(str(version))
            found.append(rows["order_id"])
        else:
            found.append(touched(rows, used, book, read_clicks, money_only=money_only))
    return pl.concat(found).unique(), tuple(unknown)


def current(
    lake: Lake,
    columns: tuple[str, ...],
    *,
    without: pl.DataFrame | None = None,
    where: pl.Expr | None = None,
) -> pl.DataFrame:
    """The attributions that hold, `ordered_at` in microseconds; none of what is no order any more.

    `without`: revisions (order_id, revision_key) that are passed over, as if they had not been written.
    """
    rows = lake.read("order_attributions", [*dict.fromkeys((*columns, "revision_key", "ordered_at"))], where)
    if without is not None:
        rows = rows.join(without, on=["order_id", "revision_key"], how="anti")
    if rows["order_id"].n_unique() < rows.height:
        newest = rows.group_by("order_id").agg(pl.col("revision_key").max())
        rows = rows.join(newest, on=["order_id", "revision_key"], how="semi")
    return rows.filter(pl.col("ordered_at").is_not_null()).with_columns(pl.col("ordered_at").cast(pl.Int64))


def _used(lake: Lake, version: str, settings: Settings) -> Rulebook | None:
    """The rules of a version as it was used; None where the lake did not keep them."""
    tables = read_version(lake, version)
    made_with = next((one.settings for one in recorded_versions(lake) if one.reference_version == version), None)
    if tables is None or made_with is None:
        return None
    return rulebook_of(tables, settings_of_version(settings, made_with), version)


def clicks_of(lake: Lake, visitors: pl.Series) -> pl.DataFrame:
    """The landed clicks of these visitors, as a link is resolved from them."""
    return lake.read("clicks", CLICK_COLUMNS, pl.col("visitor_id").is_in(visitors.implode()))
