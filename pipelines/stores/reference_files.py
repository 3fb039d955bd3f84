"""What stands in a reference file: its cells as text, by column and row, from CSV or Parquet alike."""

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FIRST_ROW = 2  # the header is row 1; Parquet counts as if it had one


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the reference data: `what` says the value and what to do."""

    file: str
    rows: tuple[int, ...]
    column: str
    what: str

    def __str__(self) -> str:
        place = [self.file]
        if self.rows:
            place.append(f"row{'s' if len(self.rows) > 1 else ''} {' and '.join(map(str, self.rows))}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.what}"


@dataclass(slots=True)
class Sheet:
    """One file's cells as text, by column; `rows` are their row numbers; an absent file has no columns."""

    file: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)


class SheetError(ValueError):
    """A file cannot be taken apart into rows and columns."""

    def __init__(self, file: Path, what: str, row: int | None = None, column: str = "") -> None:
        super().__init__(what)
        self.problem = Problem(file.name, () if row is None else (row,), column, what)


def read_sheet(folder: Path, table: str, *, optional: bool) -> Sheet:
    """`<table>.csv` or `<table>.parquet`; raises SheetError, also for both, and for neither unless optional."""
    found = [file for ending in ("csv", "parquet") if (file := folder / f"{table}.{ending}").exists()]
    if len(found) > 1:
        raise SheetError(found[0], f"{found[1].name} is there as well: remove one of the two")
    if not found:
        if optional:
            return Sheet(f"{table}.csv")
        raise SheetError(folder / f"{table}.csv", f"the file is missing: put it, or {table}.parquet, into {folder}")
    try:
        return _read_csv(found[0]) if found[0].suffix == ".csv" else _read_parquet(found[0])
    except OSError as error:
        raise SheetError(found[0], f"it cannot be read ({error.strerror}): make it readable") from error


def _read_csv(file: Path) -> Sheet:
    lines = csv.reader(io.StringIO(_text(file), newline=""), strict=True)
    header: list[str] | None = None
    cells: list[list[str]] = []
    rows: list[int] = []
    row = 1
    try:
        for line in lines:
            if header is None:
                header = _header(file, line)
            elif line and len(line) != len(header):
                what = f"it has {len(line)} cells, the header has {len(header)}: quote cells that hold a comma"
                raise SheetError(file, what, row)
            elif line:
                cells.append(line)
                rows.append(row)
            row = lines.line_num + 1
    except csv.Error as error:
        raise SheetError(file, f"it is not CSV ({error}): check the quotes", row) from error
    if header is None:
        raise SheetError(file, "it is empty: write the header line", 1)
    columns = zip(*cells, strict=True) if cells else ([] for _ in header)
    return Sheet(file.name, {name: list(column) for name, column in zip(header, columns, strict=True)}, rows)


def _text(file: Path) -> str:
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        what = f"byte {content[error.start]:#04x} is not UTF-8: save the file as UTF-8"
        raise SheetError(file, what, row) from error


def _header(file: Path, names: list[str]) -> list[str]:
    header = [name.strip() for name in names]
    for name in header:
        if header.count(name) > 1:
            raise SheetError(file, "the header names it twice: keep one", 1, name)
    return header


def _read_parquet(file: Path) -> Sheet:
    try:
        table = pq.read_table(file)
    except pa.ArrowInvalid as error:
        raise SheetError(file, f"it is not Parquet ({error}): write it again") from error
    columns = {name: _texts(file, name, table.column(name)) for name in _header(file, table.column_names)}
    return Sheet(file.name, columns, list(range(FIRST_ROW, FIRST_ROW + table.num_rows)))


def _texts(file: Path, column: str, values: pa.ChunkedArray) -> list[str]:
    if pa.types.is_timestamp(values.type):
        try:
            values = values.cast(pa.timestamp("us", values.type.tz))
        except pa.ArrowInvalid as error:
            raise SheetError(file, f"{error}: round it to microseconds", column=column) from error
    texts = []
    for row, value in enumerate(values.to_pylist(), start=FIRST_ROW):
        text = cell_text(value)
        if text is None:
            what = f"{value!r} is neither text, number nor date: store it as text"
            raise SheetError(file, what, row, column)
        texts.append(text)
    return texts


def cell_text(value: object) -> str | None:
    """The text that a CSV file would hold for a Parquet value; None if there is none."""
    match value:
        case None:
            return ""
        case bool():
            return None
        case str():
            return value
        case int():
            return str(value)
        case float():
            return cell_text(Decimal(repr(value)))
        case Decimal():
            return _plain(value) if value.is_finite() else str(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return None


def _plain(number: Decimal) -> str:
    """Without an exponent and without the zeros that only a decimal's type adds."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
