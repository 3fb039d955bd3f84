"""What a published version holds: each mart with its grain, rows and columns in words, and every measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.warehouse.metrics_dictionary import Measure, measures, words_of
from pipelines.warehouse.suites import expectations_dir, load_suites
from pipelines.warehouse.versions import Version

STATES = {"settled", "provisional"}  # what a column `status` says where it is about late events


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # as DuckDB calls it
    meaning: str  # empty where the schemas say nothing


@dataclass(frozen=True, slots=True)
class Mart:
    """One mart; `provisional` counts the rows that late events can still move, None where its rows do not say."""

    name: str
    grain: str
    rows: int
    provisional: int | None
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A version with its marts by name and its measures by name."""

    version: Version
    marts: Sequence[Mart]
    measures: Sequence[Measure]


def read_catalogue(folder: Path, version: Version) -> Catalogue:
    """The catalogue of the Parquet files in a version's `folder`; raises duckdb.Error when one cannot be read."""
    grains = {suite.table: suite.grain for suite in load_suites(expectations_dir())}
    with duckdb.connect() as connection:
        marts = [
            _mart(connection.read_parquet(str(file)), file.stem, grains.get(file.stem, ""))
            for file in sorted(folder.glob("*.parquet"))
        ]
    columns = {mart.name: [column.name for column in mart.columns] for mart in marts}
    return Catalogue(version, marts, measures(columns))


def _mart(rows: duckdb.DuckDBPyRelation, name: str, grain: str) -> Mart:
    columns = tuple(
        Column(column, str(kind), str((words_of(name, column) or {}).get("description", "")))
        for column, kind in zip(rows.columns, rows.types, strict=True)
    )
    return Mart(name, grain, rows.count("*").fetchall()[0][0], _provisional(rows), columns)


def _provisional(rows: duckdb.DuckDBPyRelation) -> int | None:
    if "status" not in rows.columns:
        return None
    counts = dict(rows.aggregate("status, count(*)", "status").fetchall())
    return int(counts.get("provisional", 0)) if counts.keys() <= STATES else None
