"""The reference history: every version of the reference data that the lake ever saw, and what changed between two."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.failures import BadInput
from pipelines.schema_store import REFERENCE_TABLES, reference_schema
from pipelines.stores.lake import Lake
from pipelines.stores.reference_cells import arrow_type
from pipelines.stores.tables import REFERENCE_ROWS

Tables = Mapping[str, pa.Table]
SETTINGS = "settings"  # in a list of changes, beside the tables
SHORT = 6  # characters of a version that nobody types by chance


@dataclass(frozen=True, slots=True)
class RecordedVersion:
    """A reference version as the lake saw it come; `settings` that decide as canonical JSON.

    `recorded_by` is None, and its rows cannot be read, where an older lake kept no more than its name.
    """

    reference_version: str
    recorded_at: datetime
    recorded_by: str | None
    settings: str


@dataclass(frozen=True, slots=True)
class CellChange:
    """What differs in one cell: `kind` is added, removed or changed; of a whole row each filled cell is told."""

    table: str
    key: tuple[str | None, ...]
    column: str
    kind: str
    before: str | None
    after: str | None


def remember_rows(lake: Lake, version: str, tables: Tables, recorded_at: datetime, by: str, epoch: int) -> None:
    """Stores the rows of a version, if the lake does not have them as the last that it saw."""
    if _last_rows(lake) == version:
        return
    rows = [
        (version, recorded_at, by, name, json.dumps(key), json.dumps(row))
        for name, table in tables.items()
        for key, row in _texts(name, table).items()
    ]
    frame = pl.DataFrame(rows, schema=pl.Schema(REFERENCE_ROWS), orient="row")
    lake.append("reference_rows", frame.to_arrow().cast(REFERENCE_ROWS), {}, epoch)


def recorded_versions(lake: Lake) -> list[RecordedVersion]:
    """Every version in the order in which they came; one that came back is told again."""
    if not lake.exists("reference_versions"):
        return []
    seen = lake.read("reference_versions").sort("recorded_at")
    by = {}
    if lake.exists("reference_rows"):
        columns = ["reference_version", "recorded_at", "recorded_by"]
        by = {row[:2]: row[2] for row in lake.read("reference_rows", columns).unique().sort("recorded_at").iter_rows()}
    return [
        RecordedVersion(version, at, _recorder(by, version, at), settings)
        for version, at, settings in seen.select("reference_version", "recorded_at", "settings").iter_rows()
    ]


def read_version(lake: Lake, version: str) -> dict[str, pa.Table] | None:
    """The reference tables of a version, typed as they were; None where the lake kept no rows of it."""
    if not lake.exists("reference_rows"):
        return None
    rows = lake.read("reference_rows", None, pl.col("reference_version") == version)
    if not rows.height:
        return None
    rows = rows.filter(pl.col("recorded_at") == pl.col("recorded_at").max())
    texts: dict[str, list[dict[str, str | None]]] = {name: [] for name in REFERENCE_TABLES}
    for name, row in rows.select("table", "row").iter_rows():
        texts[name].append(json.loads(row))
    return {name: _typed(name, its) for name, its in texts.items()}


def named_version(lake: Lake, name: str) -> RecordedVersion:
    """The version that a person names by the beginning of its id, at least 6 characters; raises BadInput."""
    found = {one.reference_version: one for one in recorded_versions(lake) if one.reference_version.startswith(name)}
    if len(name) < SHORT or len(found) != 1:
        raise BadInput(
            f"{name!r} names no reference version of {lake.root}: give the first {SHORT} characters or more of one of "
            "`codetrail reference list`"
        )
    return next(iter(found.values()))


def changes(before: Tables, after: Tables) -> Iterator[CellChange]:
    """What differs between the tables of two versions, by table, key and column."""
    for name in REFERENCE_TABLES:
        old, new = _texts(name, before[name]), _texts(name, after[name])
        for key in sorted({*old, *new}, key=repr):
            if old.get(key) != new.get(key):
                yield from _differing(name, key, old.get(key), new.get(key))


def setting_changes(before: str, after: str) -> Iterator[CellChange]:
    """What differs between two versions' settings, given as JSON."""
    old, new = json.loads(before), json.loads(after)
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield CellChange(SETTINGS, (name,), name, "changed", _told(old.get(name)), _told(new.get(name)))


def _last_rows(lake: Lake) -> str | None:
    """The version whose rows came last, so that one that comes back is stored again, with who brought it."""
    rows = lake.read("reference_rows", ["reference_version", "recorded_at"]).unique().sort("recorded_at")
    return str(rows["reference_version"][-1]) if rows.height else None


def _recorder(by: Mapping[Any, str], version: str, at: datetime) -> str | None:
    """Whoever stored the version's rows, which happens right before the version is recorded."""
    until = [who for (name, since), who in by.items() if name == version and since <= at]
    return until[-1] if until else next((who for (name, _), who in by.items() if name == version), None)


def _texts(name: str, table: pa.Table) -> dict[tuple[str | None, ...], dict[str, str | None]]:
    """Each row by its key, every cell as text."""
    key = reference_schema(name)["x-key"]
    columns = {column: _cells(table.column(column)) for column in table.column_names}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return {tuple(row[column] for column in key): row for row in rows}


def _cells(column: pa.ChunkedArray) -> list[str | None]:
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    if not pa.types.is_decimal(column.type):
        return texts
    return [None if text is None else _shortest(text) for text in texts]


def _shortest(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _typed(name: str, rows: list[dict[str, str | None]]) -> pa.Table:
    schema = reference_schema(name)
    fields = [
        pa.field(column, arrow_type(spec), nullable=column not in schema["required"] and "default" not in spec)
        for column, spec in schema["properties"].items()
    ]
    columns = [pa.array([row.get(f.name) for row in rows], pa.string()).cast(f.type) for f in fields]
    return pa.table(columns, schema=pa.schema(fields))


def _differing(
    name: str,
    key: tuple[str | None, ...],
    before: Mapping[str, str | None] | None,
    after: Mapping[str, str | None] | None,
) -> Iterator[CellChange]:
    kind = "added" if before is None else "removed" if after is None else "changed"
    old, new = before or {}, after or {}
    for column in reference_schema(name)["properties"]:
        if old.get(column) != new.get(column):
            yield CellChange(name, key, column, kind, old.get(column), new.get(column))


def _told(value: object) -> str | None:
    return None if value is None else str(value)
