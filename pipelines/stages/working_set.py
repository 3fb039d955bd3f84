"""The working set of a shard: the rows that attribution may need again, found by key in logarithmic time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

BEGINNING = -(1 << 62)  # microseconds: before every event


class Size(NamedTuple):
    """How much is held: rows, their estimated bytes, and the keys of rows that were let go of."""

    rows: int
    nbytes: int
    released: int = 0


class Runs:
    """Rows by the hash of one key column, in sorted runs that are merged geometrically.

    Adding n rows one block at a time costs O(n log n) in all, a look-up O(k log n). Rows are kept as they
    come, repeats included: whoever gathers them decides which message of an event counts.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._runs: list[tuple[npt.NDArray[np.uint64], pl.DataFrame]] = []

    def __len__(self) -> int:
        return sum(rows.height for _, rows in self._runs)

    @property
    def nbytes(self) -> int:
        return sum(hashes.nbytes + int(rows.estimated_size()) for hashes, rows in self._runs)

    def add(self, rows: pl.DataFrame) -> None:
        """Rows whose key is null are found by nobody and not kept."""
        rows = rows.filter(pl.col(self._key).is_not_null())
        if not rows.height:
            return
        self._runs.append(self._sorted(rows))
        while len(self._runs) > 1 and self._runs[-2][1].height < 2 * self._runs[-1][1].height:
            (_, later), (_, earlier) = self._runs.pop(), self._runs.pop()
            self._runs.append(self._sorted(pl.concat([earlier, later])))

    def gather(self, keys: Sequence[str] | pl.Series) -> pl.DataFrame | None:
        """Every row of these keys; None if there never was a row."""
        if not self._runs:
            return None
        wanted = pl.Series(self._key, keys, dtype=pl.String).unique()
        hashes = np.sort(wanted.hash().to_numpy())
        found = [_at(run, rows, hashes) for run, rows in self._runs]
        rows = found[0] if len(found) == 1 else pl.concat(found)
        return rows.filter(pl.col(self._key).is_in(wanted.implode()))  # two keys may share a hash

    def drop_before(self, column: str, horizon: int) -> pl.Series:
        """Lets go of the rows whose `column` is less than `horizon`; the keys of those, repeats included."""
        rows = [rows for _, rows in self._runs]
        self._runs = []
        if not rows:
            return pl.Series(self._key, dtype=pl.String)
        every = pl.concat(rows)
        self.add(every.filter(pl.col(column) >= horizon))
        return every.filter(pl.col(column) < horizon)[self._key]

    def keep(self, where: pl.Expr) -> None:
        """Lets go of all other rows."""
        rows = [rows.filter(where) for _, rows in self._runs]
        self._runs = []
        if rows:
            self.add(pl.concat(rows))

    def keys(self) -> pl.Series:
        """Every key, once."""
        found = [rows[self._key] for _, rows in self._runs]
        return pl.concat(found).drop_nulls().unique() if found else pl.Series(self._key, dtype=pl.String)

    def keys_since(self, column: str, horizon: int) -> pl.Series:
        """The keys that have a row whose `column` is `horizon` or more."""
        found = [rows.filter(pl.col(column) >= horizon)[self._key] for _, rows in self._runs]
        return pl.concat(found).unique() if found else pl.Series(self._key, dtype=pl.String)

    def _sorted(self, rows: pl.DataFrame) -> tuple[npt.NDArray[np.uint64], pl.DataFrame]:
        hashes = rows[self._key].hash().to_numpy()
        order = np.argsort(hashes, kind="stable")
        return hashes[order], rows[order]


def _at(run: npt.NDArray[np.uint64], rows: pl.DataFrame, hashes: npt.NDArray[np.uint64]) -> pl.DataFrame:
    first = np.searchsorted(run, hashes, "left")
    counts = np.searchsorted(run, hashes, "right") - first
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return rows[starts + np.arange(counts.sum())]


class Closed:
    """Keys that have rows which are not at hand, eight bytes each.

    Two keys that share a hash cost a look into the lake that finds nothing, never a wrong answer.
    """

    def __init__(self) -> None:
        self._hashes = np.empty(0, np.uint64)
        self._recalled: set[str] = set()

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, keys: pl.Series) -> None:
        """These keys' rows were let go; what was recalled before may be gone with them."""
        self._recalled = set()
        if len(keys):
            self._hashes = np.union1d(self._hashes, keys.unique().hash().to_numpy())

    def recall(self, keys: pl.Series) -> list[str]:
        """Which of these keys must be read back: from now on they count as at hand."""
        if not len(self._hashes) or not len(keys):
            return []
        asked = keys.unique()
        places = np.searchsorted(self._hashes, asked.hash().to_numpy())
        found = self._hashes[np.minimum(places, len(self._hashes) - 1)] == asked.hash().to_numpy()
        missing = [key for key in asked.filter(pl.Series(found)).to_list() if key not in self._recalled]
        self._recalled.update(missing)
        return missing


def size_of(runs: Iterable[Runs], released: int = 0) -> Size:
    """How much these hold together."""
    held = list(runs)
    return Size(sum(map(len, held)), sum(one.nbytes for one in held), released)
