"""Frames to files: rows as JSON lines, whole columns at a time."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

CHUNK_ROWS = 50_000
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}  # the only characters in our texts that JSON escapes


def json_lines(frame: pl.DataFrame) -> pl.Series:
    """Each row as a JSON object in the order of the columns, without its nulls; the first column has none.

    Texts, lists of texts, booleans and integers only.
    """
    first, *others = frame.columns
    members = [pl.concat_str(pl.lit(f'{{"{first}":'), _json(first, frame.schema[first]))]
    members += [pl.concat_str(pl.lit(f',"{name}":'), _json(name, frame.schema[name])).fill_null("") for name in others]
    return frame.select(line=pl.concat_str([*members, pl.lit("}")]))["line"]


def _json(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        return pl.concat_str(pl.lit("["), column.list.eval(_quoted(pl.element())).list.join(","), pl.lit("]"))
    return _quoted(column) if dtype == pl.String else column.cast(pl.String)


def _quoted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), text.str.replace_many(_ESCAPES), pl.lit('"'))


def instants(column: str, layout: str = "%Y-%m-%dT%H:%M:%S%.3fZ") -> pl.Expr:
    """Microseconds since 1970 as RFC 3339."""
    return pl.from_epoch(pl.col(column), time_unit="us").dt.strftime(layout)


def write_lines(
    path: Path, lines: pl.Series, order: npt.NDArray[np.int64], inserts: Iterable[tuple[int, bytes]] = ()
) -> int:
    """Writes the lines at the positions `order` to a new file; returns how many were written.

    Each insert, a message of any bytes, stands before the element of `order` that it names.
    """
    extra = start = 0
    with path.open("xb") as file:
        for before, message in inserts:
            _write(file, lines, order[start:before])
            file.write(message + b"\n")
            extra, start = extra + 1, before
        _write(file, lines, order[start:])
    return len(order) + extra


def _write(file: BinaryIO, lines: pl.Series, order: npt.NDArray[np.int64]) -> None:
    chunks = (lines.gather(order[start : start + CHUNK_ROWS]) for start in range(0, len(order), CHUNK_ROWS))
    file.writelines("".join(f"{line}\n" for line in chunk.to_list()).encode() for chunk in chunks)
