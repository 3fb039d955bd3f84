"""Files: a table as CSV that no spreadsheet takes for formulas, or as Parquet."""

import csv
import io
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.monitor.figures import machine
from pipelines.monitor.tables import Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
PARQUET_TYPES = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    Decimal: pa.decimal128(38, 4),  # four decimals are the most that a currency has
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
    tuple: pa.list_(pa.float64()),
}


def as_csv(table: Table) -> bytes:
    """By RFC 4180 in UTF-8, with a head; null is empty, a list has spaces between its numbers."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([cell(row[name]) for name in table.columns] for row in table.rows)
    return out.getvalue().encode()


def as_parquet(table: Table) -> bytes:
    """Amounts as decimals, instants in UTC."""
    schema = pa.schema([(name, PARQUET_TYPES[kind]) for name, kind in table.columns.items()])
    columns = [
        pa.array([_plain(row[name]) for row in table.rows], type=schema.field(name).type) for name in table.columns
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), out)
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as text; one that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return machine(value)
    if isinstance(value, tuple):
        return " ".join(f"{number:g}" for number in value)
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
