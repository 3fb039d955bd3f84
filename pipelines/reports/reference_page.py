"""The reference history for a terminal: every version that the lake saw, what changed between two, and one whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.failures import BadInput
from pipelines.reports.restatement_page import changes_table
from pipelines.reports.shown import cell, moment
from pipelines.stores.lake import Lake
from pipelines.stores.reference_history import (
    CellChange,
    RecordedVersion,
    changes,
    named_version,
    read_version,
    recorded_versions,
    setting_changes,
)


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version as it was recorded, and how many orders' attributions of now used it."""

    reference_version: str
    recorded_at: datetime
    recorded_by: str | None
    settings: str
    orders: int


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What differs between two versions."""

    before: str
    after: str
    changes: tuple[CellChange, ...]


def listed_versions(lake: Lake) -> list[ListedVersion]:
    """Every version in the order in which the lake saw them."""
    columns = ["order_id", "revision_key", "reference_version"]
    newest = lake.read("order_attributions", columns).sort("revision_key").unique("order_id", keep="last")
    orders = dict(newest.group_by("reference_version").agg(pl.len()).iter_rows())
    return [
        ListedVersion(
            one.reference_version, one.recorded_at, one.recorded_by, one.settings, orders.get(one.reference_version, 0)
        )
        for one in recorded_versions(lake)
    ]


def version_diff(lake: Lake, before: str | None, after: str | None) -> VersionDiff:
    """What differs between two versions, by default the last two; raises BadInput."""
    seen = recorded_versions(lake)
    if len(seen) < 2 and (before is None or after is None):
        raise BadInput(f"{lake.root} has seen one reference version so far: there is none to compare it with")
    old = named_version(lake, before) if before else seen[-2]
    new = named_version(lake, after) if after else seen[-1]
    differing = (*setting_changes(old.settings, new.settings), *changes(_rows(lake, old), _rows(lake, new)))
    return VersionDiff(old.reference_version, new.reference_version, differing)


def version_table(lake: Lake, version: str, table: str) -> pa.Table:
    """A reference table as a version has it; raises BadInput."""
    tables = _rows(lake, named_version(lake, version))
    if table not in tables:
        raise BadInput(f"{table} is no reference table: give one of {', '.join(tables)}")
    return tables[table]


def rendered_versions(versions: Sequence[ListedVersion]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in ("Version", "Recorded at (UTC)", "By"):
        table.add_column(name, overflow="fold")
    table.add_column("Orders", justify="right")
    for one in versions:
        table.add_row(one.reference_version, moment(one.recorded_at), cell(one.recorded_by), f"{one.orders:,}")
    return table


def rendered_diff(told: VersionDiff) -> RenderableType:
    if not told.changes:
        return Text(f"{told.before} and {told.after} say the same.")
    return Group(*changes_table(told.changes, shown=len(told.changes)))


def rendered_rows(rows: pa.Table) -> RenderableType:
    """A reference table, its columns that are empty throughout left out."""
    filled = [name for name in rows.column_names if rows[name].null_count < rows.num_rows]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in filled:
        table.add_column(name, overflow="fold")
    for row in rows.select(filled).to_pylist():
        table.add_row(*map(cell, row.values()))
    return table


def _rows(lake: Lake, version: RecordedVersion) -> dict[str, pa.Table]:
    tables = read_version(lake, version.reference_version)
    if tables is None:
        raise BadInput(
            f"{lake.root} kept no rows of {version.reference_version}: an older Codetrail recorded its name alone"
        )
    return tables
