"""Reference erasure: an influencer's own customer id, in the workspace's reference files, under another name."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TABLE, COLUMN = "influencers", "customer_id"
STAGED = ".erasing"


def rename_customers(folder: Path, renamed: Callable[[str], str | None], *, write: bool) -> int:
    """How many influencers buy as a customer whom `renamed` gives another id; it takes the old one's place.

    Nothing is written unless asked. Every other cell keeps its text.
    """
    plain, columnar = folder / f"{TABLE}.csv", folder / f"{TABLE}.parquet"
    if plain.is_file():
        return _in_csv(plain, renamed, write=write)
    return _in_parquet(columnar, renamed, write=write) if columnar.is_file() else 0


def _in_csv(file: Path, renamed: Callable[[str], str | None], *, write: bool) -> int:
    rows = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    header = [name.strip() for name in rows[0]] if rows else []
    if COLUMN not in header:
        return 0
    place, count = header.index(COLUMN), 0
    for row in rows[1:]:
        if row and row[place] and (name := renamed(row[place])) is not None:
            row[place] = name
            count += 1
    if count and write:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        _put(file, text.getvalue().encode())
    return count


def _in_parquet(file: Path, renamed: Callable[[str], str | None], *, write: bool) -> int:
    table = pq.read_table(file)
    if COLUMN not in table.column_names:
        return 0
    held = table.column(COLUMN).to_pylist()
    names = [renamed(one) if one else None for one in held]
    count = sum(name is not None for name in names)
    if count and write:
        new = pa.array([name or one for name, one in zip(names, held, strict=True)], table.schema.field(COLUMN).type)
        sink = pa.BufferOutputStream()
        pq.write_table(table.set_column(table.column_names.index(COLUMN), COLUMN, new), sink)
        _put(file, sink.getvalue().to_pybytes())
    return count


def _put(file: Path, content: bytes) -> None:
    staged = file.with_name(f".{file.name}{STAGED}")
    staged.write_bytes(content)
    staged.replace(file)
