"""A table as CSV, whose cells no spreadsheet takes for formulas, and as Parquet with its types."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.monitor.files import FORMULA, NUMBER, as_csv, as_parquet, cell
from pipelines.monitor.tables import Table

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


@given(st.lists(st.tuples(text, text), max_size=8))
def test_a_reader_gets_every_text_back_but_for_the_mark_before_a_formula(rows):
    table = Table({"a": str, "b": str}, [{"a": a, "b": b} for a, b in rows])
    head, *found = read(as_csv(table))
    assert head == ["a", "b"]
    assert [[one.removeprefix("'") if one[1:].startswith(FORMULA) else one for one in row] for row in found] == [
        [one[1:] if one[:1] == "'" and one[1:].startswith(FORMULA) else one for one in row] for row in rows
    ]


@given(st.sampled_from(FORMULA), text)
def test_no_cell_begins_a_formula(sign, rest):
    assert not cell(sign + rest).startswith(FORMULA) or NUMBER.fullmatch(sign + rest)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=cmd()|' /C calc'!A0", "'=cmd()|' /C calc'!A0"),
        ("+49 30 1234", "'+49 30 1234"),
        ("@emma", "'@emma"),
        ("-1+1", "'-1+1"),
        ("\tx", "'\tx"),
        ("\r=x", "'\r=x"),
        ("-12.5", "-12.5"),
        ("+1e3", "+1e3"),
        ("-١", "'-١"),
        (Decimal("-12.50"), "-12.50"),
        (Decimal("1E+3"), "1000"),
        (-1.5, "-1.5"),
        (None, ""),
        (True, "True"),
        ((1.0, 2.5), "1 2.5"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00Z"),
    ],
)
def test_a_cell(value, expected):
    assert cell(value) == expected


def test_lines_end_as_rfc_4180_wants_it():
    assert as_csv(Table({"a": str, "b": int}, [{"a": 'x, "y"\n', "b": 1}])) == b'a,b\r\n"x, ""y""\n",1\r\n'


def test_parquet_keeps_types_and_exact_amounts():
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    columns = {"id": str, "at": datetime, "day": date, "net": Decimal, "n": int, "x": float, "is": bool, "run": tuple}
    row = {
        "id": "=a",
        "at": at,
        "day": at.date(),
        "net": Decimal("12.345"),
        "n": 3,
        "x": 0.5,
        "is": True,
        "run": (1.0, 2.0),
    }
    found = pq.read_table(io.BytesIO(as_parquet(Table(columns, [row, dict.fromkeys(columns)]))))
    assert found.to_pylist() == [row | {"run": [1.0, 2.0]}, dict.fromkeys(columns)]
    assert str(found.schema.field("net").type) == "decimal128(38, 4)"
    assert str(found.schema.field("at").type) == "timestamp[us, tz=UTC]"


def test_an_empty_table_has_its_columns_all_the_same():
    assert as_csv(Table({"a": str}, [])) == b"a\r\n"
    assert pq.read_table(io.BytesIO(as_parquet(Table({"a": str}, [])))).column_names == ["a"]
