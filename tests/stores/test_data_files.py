"""Data files: what the log says of a file is true of its rows, for every reader that goes by it."""

from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.stores.data_files import LONGEST_BOUND, add_rows, added, write
from pipelines.stores.lake import Lake
from pipelines.stores.tables import CLICKS

AT = datetime(2026, 3, 10, 12, 0, 0, 123456, UTC)
REQUIRED = {
    "topic": "clicks",
    "partition": 0,
    "offset": 1,
    "ingested_at": AT,
    "day": AT.date(),
    "shard": 0,
    "event_id": "e",
    "occurred_at": AT,
    "visitor_id": "v",
    "is_bot": False,
}


def clicks(*urls, **others):
    rows = [REQUIRED | {"offset": n, "url": url} | others for n, url in enumerate(urls)]
    return pa.Table.from_pylist(rows, schema=CLICKS)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return Lake(tmp_path_factory.mktemp("lake"))


def anew(lake):
    """A table of clicks without rows, and a run that may write to it."""
    DeltaTable.create(lake.uri("clicks"), schema=CLICKS, mode="overwrite")
    return lake.open("clicks")


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=LONGEST_BOUND + 5
)


@given(urls=st.lists(texts, min_size=1, max_size=4))
@example(urls=["a line\x85ends\u2028by Unicode\u2029alone"])
def test_a_reader_that_goes_by_the_bounds_finds_every_text(lake, urls):
    opened = anew(lake)
    file = add_rows(lake.root / "clicks", opened.version() + 1, clicks(*urls))
    opened.create_write_transaction([file], "append", CLICKS)
    for url in urls:
        assert set(lake.read("clicks", ["url"], pl.col("url") == url)["url"]) == {url}


@pytest.mark.parametrize("column", ["occurred_at", "day", "partition", "is_bot"])
def test_a_bound_is_the_value_itself(lake, column):
    opened = anew(lake)
    file = add_rows(lake.root / "clicks", opened.version() + 1, clicks("u"))
    opened.create_write_transaction([file], "append", CLICKS)
    said = pa.table(lake.open("clicks").get_add_actions(flatten=True)).to_pylist()[0]
    assert (said[f"min.{column}"], said[f"max.{column}"]) == (REQUIRED[column], REQUIRED[column])
    assert said["num_records"] == 1
    assert (said["null_count.link_id"], said["min.link_id"]) == (1, None)


def test_no_two_files_have_a_name_in_common(tmp_path):
    first, second = (add_rows(tmp_path, 7, clicks(url)) for url in ("a", "b"))
    assert first.path != second.path
    assert [pl.read_parquet(tmp_path / file.path)["url"].to_list() for file in (first, second)] == [["a"], ["b"]]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="not a real type"):
        write(tmp_path / "x.parquet", CLICKS, broken())
    assert list(tmp_path.iterdir()) == []


def broken():
    yield clicks("a")
    raise OSError("not a real type")


def test_groups_are_one_file(tmp_path):
    write(tmp_path / "x.parquet", CLICKS, [clicks("a"), clicks("b")])
    assert pa.parquet.read_metadata(tmp_path / "x.parquet").num_row_groups == 2
    assert added(tmp_path / "x.parquet", clicks("a", "b"), data_change=False).size > 0
