"""Queries: the lake's tables as views of a DuckDB session, which counts over their files without loading them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from pipelines.failures import LakeUnavailable
from pipelines.stores.lake import Lake
from pipelines.stores.tables import TABLES
from pipelines.warehouse.sources import files_of

Row = dict[str, Any]
MEMORY = "1GB"


class Session:
    """Questions to the lake as it was when the session began."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The answer's rows by column; instants in UTC."""
        answer = self._connection.execute(sql, list(parameters))
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


@contextmanager
def session(lake: Lake, tables: Iterable[str]) -> Iterator[Session]:
    """A view for each table; one that is empty or missing has its columns and no rows.

    Raises LakeUnavailable when a table or one of its files cannot be read.
    """
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            for table in tables:
                _view(connection, table, files_of(lake.root / table))
            yield Session(connection)
        except duckdb.IOException as error:
            raise LakeUnavailable(
                f"{lake.root} cannot be read: {error}. A run may have replaced a file meanwhile: ask again; if it "
                "stays so, restore the file from a backup"
            ) from error


def _view(connection: duckdb.DuckDBPyConnection, table: str, files: Sequence[str]) -> None:
    if files:
        connection.read_parquet(list(files)).create_view(table)
    else:
        connection.from_arrow(TABLES[table].empty_table()).create(table)
