"""News: the files of a lake's table that have not been read yet."""

from collections.abc import Callable, Sequence
from urllib.parse import unquote

import duckdb

from pipelines.stores.handles import newest
from pipelines.stores.lake import LISTINGS, Lake, reporting

BATCH_FILES = 500  # read at once, so that the first look at a large lake stays small


class OtherLake(Exception):
    """The lake was made anew: what was read of the old one counts no more."""


class News:
    """The files of one table, each given once.

    A compaction writes rows again that were read before: whoever reads leaves out what it knows already.
    """

    def __init__(self, lake: Lake, table: str) -> None:
        self._lake, self._table = lake, table
        self._id: int | str | None = None
        self._version = -1
        self._read: set[str] = set()

    def read(self, take: Callable[[list[str]], None]) -> bool:
        """Has `take` read the files that are new, some at a time; whether there were any.

        Files that are compacted away meanwhile are listed again: `take` may be given rows twice. Raises OtherLake,
        LakeUnavailable.
        """
        listings = LISTINGS
        while True:
            listed = self._list()
            try:
                new = sorted(listed - self._read)
                for batch in _batches(new):
                    take(batch)
            except (duckdb.IOException, FileNotFoundError):
                listings -= 1
                self._version = -1
                if not listings:
                    raise
                continue
            self._read = listed
            return bool(new)

    def _list(self) -> set[str]:
        if self._id is None and not self._lake.exists(self._table):
            return set()
        with reporting(self._lake.uri(self._table)):
            table = newest(self._lake.uri(self._table))
            if self._id is not None and (table.metadata().id != self._id or table.version() < self._version):
                raise OtherLake(self._table)
            self._id = table.metadata().id
            if table.version() == self._version:
                return self._read
            self._version = table.version()
            return {unquote(uri) for uri in table.file_uris()}


def _batches(files: Sequence[str]) -> list[list[str]]:
    return [list(files[start : start + BATCH_FILES]) for start in range(0, len(files), BATCH_FILES)]
