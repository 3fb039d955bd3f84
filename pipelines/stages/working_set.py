"""The working set of a shard: the rows that attribution may need again, found by key in logarithmic time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

BEGINNING = -(1 << 62)  # microseconds: before every event
CHUNK_ROWS = 500_000  # a chunk that has them is not moved again
_T = TypeVar("_T")


class Size(NamedTuple):
    """How much is held: rows, their estimated bytes, and the keys of rows that were let go of."""

    rows: int
    nbytes: int
    released: int = 0


class Runs:
    """Rows by one key column, in chunks as they come; found by sorted runs of its hashes, merged geometrically.

    Adding n rows one block at a time costs O(n log n) in all, of which only hashes and places are moved more often
    the more rows there are; a look-up costs O(k log n). Rows are kept as they come, repeats included: whoever gathers
    them decides which message of an event counts.
    """

    def __init__(self, key: str, chunk_rows: int = CHUNK_ROWS) -> None:
        self._key, self._chunk_rows = key, chunk_rows
        self._chunks: list[pl.DataFrame] = []
        self._runs: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]] = []  # hashes and places, by hash

    def __len__(self) -> int:
        return sum(chunk.height for chunk in self._chunks)

    @property
    def nbytes(self) -> int:
        found_by = sum(hashes.nbytes + places.nbytes for hashes, places in self._runs)
        return found_by + sum(int(chunk.estimated_size()) for chunk in self._chunks)

    def add(self, rows: pl.DataFrame) -> None:
        """Rows whose key is null are found by nobody and not kept."""
        rows = rows.filter(pl.col(self._key).is_not_null())
        if not rows.height:
            return
        places = np.arange(len(self), len(self) + rows.height, dtype=np.uint32)
        small = _not_much_larger([len(hashes) for hashes, _ in self._runs], rows.height)
        runs = [*_cut_off(self._runs, small), (rows[self._key].hash().to_numpy(), places)]
        self._runs.append(_merged(runs))
        small = _not_much_larger([chunk.height for chunk in self._chunks], rows.height, self._chunk_rows)
        # In one piece, texts are taken by their views; from several pieces they are copied one by one.
        self._chunks.append(pl.concat([*_cut_off(self._chunks, small), rows], rechunk=True))

    def gather(self, keys: Sequence[str] | pl.Series) -> pl.DataFrame | None:
        """Every row of these keys; None if there never was a row."""
        if not self._chunks:
            return None
        wanted = pl.Series(self._key, keys, dtype=pl.String).unique()
        hashes = np.sort(wanted.hash().to_numpy())
        places = np.sort(np.concatenate([_places(*run, hashes) for run in self._runs]))
        ends = np.cumsum([chunk.height for chunk in self._chunks])
        parts = np.split(places, np.searchsorted(places, ends[:-1]))
        every = zip(self._chunks, parts, ends, strict=True)
        found = [chunk[(part - (end - chunk.height)).astype(np.uint32)] for chunk, part, end in every if len(part)]
        rows = pl.concat(found) if found else self._chunks[0].clear()
        return rows.filter(pl.col(self._key).is_in(wanted.implode()))  # two keys may share a hash

    def drop_before(self, column: str, horizon: int) -> pl.Series:
        """Lets go of the rows whose `column` is less than `horizon`; the keys of those, repeats included."""
        dropped = [chunk.filter(pl.col(column) < horizon)[self._key] for chunk in self._chunks]
        self.keep(pl.col(column) >= horizon)
        return pl.concat(dropped) if dropped else pl.Series(self._key, dtype=pl.String)

    def keep(self, where: pl.Expr) -> None:
        """Lets go of all other rows."""
        chunks, self._chunks, self._runs = self._chunks, [], []
        for chunk in chunks:
            self.add(chunk.filter(where))

    def keys(self) -> pl.Series:
        """Every key, once."""
        found = [chunk[self._key] for chunk in self._chunks]
        return pl.concat(found).unique() if found else pl.Series(self._key, dtype=pl.String)

    def keys_since(self, column: str, horizon: int) -> pl.Series:
        """The keys that have a row whose `column` is `horizon` or more."""
        found = [chunk.filter(pl.col(column) >= horizon)[self._key] for chunk in self._chunks]
        return pl.concat(found).unique() if found else pl.Series(self._key, dtype=pl.String)


def _not_much_larger(sizes: Sequence[int], size: int, whole: int | None = None) -> int:
    """How many at the end to make one with something of `size`: each is less than twice as large as all after it.

    What is `whole` large stays as it is.
    """
    for count, former in enumerate(reversed(sizes)):
        if former >= 2 * size or (whole is not None and former >= whole):
            return count
        size += former
    return len(sizes)


def _cut_off(those: list[_T], count: int) -> list[_T]:
    """The last ones, which are no longer there."""
    last = those[len(those) - count :]
    del those[len(those) - count :]
    return last


def _merged(
    runs: Sequence[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    hashes, places = (np.concatenate(column) for column in zip(*runs, strict=True))
    order = np.argsort(hashes, kind="stable")
    return hashes[order], places[order]


def _places(
    run: npt.NDArray[np.uint64], places: npt.NDArray[np.uint32], hashes: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint32]:
    """Where the rows of these hashes are."""
    first = np.searchsorted(run, hashes, "left")
    counts = np.searchsorted(run, hashes, "right") - first
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return places[starts + np.arange(counts.sum())]


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
