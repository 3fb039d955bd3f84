"""News: the files of a lake's table that have not been read yet."""

from collections.abc import Callable, Sequence

import duckdb

from pipelines.stores.lake import LISTINGS, Lake, reporting
from pipelines.stores.rewriting import REWRITING
from pipelines.stores.table_log import TableLog

BATCH_FILES = 500  # read at once, so that the first look at a large lake stays small


class OtherLake(Exception):
    """The lake was made anew, or rows of it became others: what was read of the old ones counts no more."""


class News:
    """The files of one table, each given once.

    A compaction writes rows again that were read before: whoever reads leaves out what it knows already. An erasure
    writes them with other ids, by which nobody would know them.
    """

    def __init__(self, lake: Lake, table: str) -> None:
        self._lake, self._table = lake, table
        self._id: int | str | None = None
        self._rewritten: int | None = None
        self._version = -1
        self._read: frozenset[str] = frozenset()

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

    def _list(self) -> frozenset[str]:
        if self._id is None and not self._lake.exists(self._table):
            return frozenset()
        with reporting(self._lake.uri(self._table)):
            return self._listed(self._lake.at_hand(self._table))

    def _listed(self, log: TableLog) -> frozenset[str]:
        rewritten = log.transaction_version(REWRITING)
        is_same = (log.table_id, rewritten) == (self._id, self._rewritten) and log.version >= self._version
        if self._id is not None and not is_same:
            raise OtherLake(self._table)
        self._id, self._rewritten = log.table_id, rewritten
        if log.version == self._version:
            return self._read
        files = log.files()
        self._version = log.version
        return files


def _batches(files: Sequence[str]) -> list[list[str]]:
    return [list(files[start : start + BATCH_FILES]) for start in range(0, len(files), BATCH_FILES)]
