"""Reference files as files: CSV and Parquet say the same, and a file that cannot be read is named with its row."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.failures import BadInput
from pipelines.schema_store import REFERENCE_TABLES, reference_schema

CODES = "code,influencer_id,campaign_id,valid_from\n"
NATIVE = {
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "integer": float,  # as a data frame holds whole numbers with gaps
    "decimal": float,
    "money": Decimal,
}


def as_arrow(reference_folder, table):
    """The rows with the types that a data frame would give them."""
    columns = {}
    for name, spec in reference_schema(table)["properties"].items():
        texts = [row[name] for row in reference_folder.rows(table)]
        columns[name] = [NATIVE.get(spec["x-format"], str)(text) if text else None for text in texts]
    return pa.table(columns)


def test_parquet_says_the_same_as_csv(reference_folder):
    from_csv = reference_folder.load()
    for table in REFERENCE_TABLES:
        pq.write_table(as_arrow(reference_folder, table), reference_folder.path / f"{table}.parquet")
        reference_folder.remove(table)
    assert reference_folder.load() == from_csv


@pytest.mark.parametrize(
    ("content", "place", "advice"),
    [
        pytest.param("", "row 1", "write the header", id="an empty file"),
        pytest.param("code,influencer_id\n", "row 1, column campaign_id", "add it", id="a missing column"),
        pytest.param("code,code\n", "row 1, column code", "twice", id="a column named twice"),
        pytest.param(CODES + "X,alex,spring\n", "row 2", "3 cells, the header has 4", id="a short row"),
        pytest.param(CODES + "\n\nX,alex,spring,,9\n", "row 4", "5 cells", id="a long row below blank lines"),
        pytest.param(CODES + 'X,"al"ex,spring,\n', "row 2", "quotes", id="a stray quote"),
        pytest.param(CODES + '"X,alex,spring,\n', "row 2", "quotes", id="a quote that never ends"),
        pytest.param(CODES.encode() + b"X,alex,spring,\nX\xff,", "row 3", "0xff is not UTF-8", id="bad UTF-8"),
        pytest.param(
            CODES + '"X\nY",alex,spring,\nZ,bob,spring,\n',
            "row 4, column influencer_id",
            "'bob'",
            id="a fault below a cell of two lines",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_apart_is_named(reference_folder, content, place, advice):
    reference_folder.write("codes", content)
    with pytest.raises(BadInput) as raised:
        reference_folder.load()
    said = str(raised.value).splitlines()
    assert any(line.startswith(f"- codes.csv, {place}:") and advice in line for line in said), raised.value


def test_a_column_is_also_missed_in_an_optional_file(reference_folder):
    reference_folder.write("fx_rates", "rate_date,currency\n")
    with pytest.raises(BadInput, match=r"- fx_rates\.csv, row 1, column rate: the column is missing"):
        reference_folder.load()


@pytest.mark.parametrize("table", ["influencers", "campaigns", "codes", "links"])
def test_each_required_file_is_required(reference_folder, table):
    reference_folder.remove(table)
    with pytest.raises(BadInput, match=f"- {table}.csv: the file is missing"):
        reference_folder.load()


def test_csv_and_parquet_of_one_table_are_one_too_many(reference_folder):
    pq.write_table(as_arrow(reference_folder, "codes"), reference_folder.path / "codes.parquet")
    with pytest.raises(BadInput, match=r"- codes\.csv: codes\.parquet is there as well"):
        reference_folder.load()


@pytest.mark.parametrize(
    ("column", "values", "place"),
    [
        pytest.param(
            "valid_from", pa.array([None, 1], pa.timestamp("us")), "row 3, column valid_from", id="a naive instant"
        ),
        pytest.param(
            "valid_from", pa.array([None, 1], pa.timestamp("ns", "UTC")), "column valid_from", id="a nanosecond"
        ),
        pytest.param("code", pa.array([True, False]), "row 2, column code", id="a boolean"),
        pytest.param("code", pa.array([b"X", b"Y"]), "row 2, column code", id="bytes"),
    ],
)
def test_a_parquet_value_that_no_csv_could_hold_is_named(reference_folder, column, values, place):
    table = as_arrow(reference_folder, "codes")
    table = table.set_column(table.column_names.index(column), column, values)
    pq.write_table(table, reference_folder.path / "codes.parquet")
    reference_folder.remove("codes")
    with pytest.raises(BadInput, match=rf"- codes\.parquet, {place}: "):
        reference_folder.load()


def test_a_file_that_only_claims_to_be_parquet_is_named(reference_folder):
    (reference_folder.path / "codes.csv").rename(reference_folder.path / "codes.parquet")
    with pytest.raises(BadInput, match=r"- codes\.parquet: it is not Parquet"):
        reference_folder.load()


def test_a_folder_in_a_file_s_place_is_named(reference_folder):
    reference_folder.remove("codes")
    (reference_folder.path / "codes.csv").mkdir()
    with pytest.raises(BadInput, match=r"- codes\.csv: it cannot be read"):
        reference_folder.load()
