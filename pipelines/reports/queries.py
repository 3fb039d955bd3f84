"""Queries: the lake's tables as views of a DuckDB session, which counts over their files without loading them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import gettempdir
from typing import Any

import duckdb

from pipelines.failures import LakeUnavailable
from pipelines.stores.lake import LISTINGS, Lake
from pipelines.stores.tables import TABLES
from pipelines.warehouse.sources import files_of

Row = dict[str, Any]
MEMORY = "1GB"


class Session:
    """Questions to the lake as it was when the session began, or last lost a file to a compaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake, tables: Iterable[str]) -> None:
        self._connection = connection
        self._lake = lake
        self._tables = list(tables)
        self._is_listed = False

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The answer's rows by column; instants in UTC."""
        listings = LISTINGS
        while True:
            try:
                self._list()
                answer = self._connection.execute(sql, list(parameters))
                names = [column[0] for column in answer.description or ()]
                return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
            except duckdb.IOException:
                self._is_listed = False
                listings -= 1
                if not listings:
                    raise

    def _list(self) -> None:
        if not self._is_listed:
            for table in self._tables:
                _view(self._connection, table, files_of(self._lake.root / table))
            self._is_listed = True


@contextmanager
def session(lake: Lake, tables: Iterable[str]) -> Iterator[Session]:
    """A view for each table; one that is empty or missing has its columns and no rows.

    Raises LakeUnavailable when a table or one of its files cannot be read.
    """
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            began = Session(connection, lake, tables)
            began.rows("select 1")  # lists the files
            yield began
        except duckdb.IOException as error:
            raise LakeUnavailable(
                f"{lake.root} cannot be read: {error}. A run may have replaced a file meanwhile: ask again; if it "
                "stays so, restore the file from a backup"
            ) from error


def _view(connection: duckdb.DuckDBPyConnection, table: str, files: Sequence[str]) -> None:
    if files:
        connection.read_parquet(list(files)).create_view(table)
    else:
        connection.from_arrow(TABLES[table].empty_table()).create_view(table)
