"""The working set of a shard: the rows that attribution may need again, found by key in logarithmic time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_HASH = "_hash"


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

    def _sorted(self, rows: pl.DataFrame) -> tuple[npt.NDArray[np.uint64], pl.DataFrame]:
        hashes = rows[self._key].hash().to_numpy()
        order = np.argsort(hashes, kind="stable")
        return hashes[order], rows[order]


def _at(run: npt.NDArray[np.uint64], rows: pl.DataFrame, hashes: npt.NDArray[np.uint64]) -> pl.DataFrame:
    first = np.searchsorted(run, hashes, "left")
    counts = np.searchsorted(run, hashes, "right") - first
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return rows[starts + np.arange(counts.sum())]


def one_message_each(rows: pl.DataFrame, *identity: str) -> pl.DataFrame:
    """The message of the least (partition, offset) of each event: it is the one that counts."""
    return rows.sort("partition", "offset").unique(identity, keep="first", maintain_order=True)
