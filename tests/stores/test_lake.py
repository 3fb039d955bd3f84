"""The lake: rows and the offsets that they stand for in one commit, by one run at a time."""

from contextlib import nullcontext
from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines.failures import LakeUnavailable, MissingMessages, Superseded
from pipelines.stores import lake as lake_module
from pipelines.stores.lake import EPOCH, WATERMARK, Lake, Landing
from pipelines.stores.table_log import TableLog
from pipelines.stores.tables import ORDER_ATTRIBUTIONS, REJECTED_EVENTS, TABLES

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


def rejects(*offsets, topic="clicks"):
    row = {
        "topic": topic,
        "partition": 0,
        "ingested_at": AT,
        "payload": b"",
        "step": "decode",
        "reason": "",
        "detail": "",
    }
    return (
        pl.DataFrame([row | {"offset": o} for o in offsets], schema=pl.Schema(REJECTED_EVENTS))
        .to_arrow()
        .cast(REJECTED_EVENTS)
    )


def land(lake, start, end, *, epoch=1, marks=None):
    block = Landing("clicks/0", (start, end), rejects(*range(start, end)), lambda *_: marks or {})
    return lake.land("rejected_events", [block], epoch)[0]


def offsets(lake):
    return sorted(lake.read("rejected_events")["offset"].to_list())


def test_every_table_is_created_once(lake):
    lake.create()
    assert all(lake.exists(table) and lake.open(table).version() == 0 for table in TABLES)


def test_a_table_whose_creation_was_killed_is_created(tmp_path):
    (tmp_path / "clicks" / "_delta_log").mkdir(parents=True)
    (tmp_path / "clicks" / "_delta_log" / "00000000000000000000.json#1").touch()
    lake = Lake(tmp_path)
    assert not lake.exists("clicks")
    lake.create()
    assert lake.rows("clicks") == 0


def test_rows_and_offset_are_one_commit(lake):
    before = lake.open("rejected_events").version()
    assert land(lake, 0, 3, marks={"clicks/0 latest": 7}) == 3
    assert lake.open("rejected_events").version() == before + 1
    assert lake.transactions("rejected_events", ["clicks/0", "clicks/0 latest", "clicks/1"]) == {
        "clicks/0": 3,
        "clicks/0 latest": 7,
    }


def test_what_lies_below_the_offset_is_cut(lake):
    land(lake, 0, 3)
    assert land(lake, 1, 5) == 2
    assert land(lake, 0, 5) == 0
    assert offsets(lake) == [0, 1, 2, 3, 4]


def test_a_block_may_not_begin_beyond_the_offset(lake):
    land(lake, 0, 3)
    with pytest.raises(MissingMessages, match=r"clicks/0 is at 3 in .*rejected_events, but the block begins at 5"):
        land(lake, 5, 6)


def test_each_run_has_the_next_epoch_in_every_table(lake):
    assert [lake.take_over(), lake.take_over()] == [1, 2]
    assert {lake.open(table).transaction_version(EPOCH) for table in TABLES} == {2}


def test_a_take_over_that_was_killed_is_no_hindrance(lake):
    lake.append("clicks", TABLES["clicks"].empty_table(), {EPOCH: 4}, epoch=4)
    assert lake.take_over() == 5


def test_a_superseded_run_writes_nothing(lake):
    first = lake.take_over()
    lake.take_over()
    with pytest.raises(Superseded, match=r"run 2 writes to .*this one, run 1, stops"):
        land(lake, 0, 3, epoch=first)
    with pytest.raises(Superseded, match=r"run 2 writes to .*this one, run 1, stops"):
        lake.append("rejected_events", rejects(0), {}, first)
    assert offsets(lake) == []


def test_a_take_over_between_the_check_and_the_commit_stops_the_append(lake, monkeypatch):
    first = lake.take_over()
    log = TableLog(lake.root / "rejected_events")
    lake.take_over()
    monkeypatch.setattr(lake_module, "writing", lambda uri: nullcontext(log))
    with pytest.raises(Superseded, match=r"run 2 writes to .*this one, run 1, stops"):
        lake.append("rejected_events", rejects(0), {}, first)
    assert offsets(lake) == []


def test_two_commits_of_one_partition_at_once_land_once(lake):
    log = TableLog(lake.root / "rejected_events")
    land(lake, 0, 3)
    with pytest.raises(LakeUnavailable, match="run again"):
        lake._commit(log, "rejected_events", rejects(0, 1, 2), {"clicks/0": 3}, 1)
    assert offsets(lake) == [0, 1, 2]


def test_a_read_may_ask_for_columns_rows_and_a_version(lake):
    land(lake, 0, 3)
    version = lake.open("rejected_events").version()
    land(lake, 3, 5)
    found = lake.read("rejected_events", ["offset"], pl.col("offset") > 1)
    assert (found.columns, sorted(found["offset"].to_list())) == (["offset"], [2, 3, 4])
    assert lake.read("rejected_events", version=version).height == 3


def test_rows_are_counted_also_where_there_is_no_table_yet(lake, tmp_path):
    land(lake, 0, 3)
    assert (lake.rows("rejected_events"), lake.rows("clicks"), Lake(tmp_path / "none").rows("clicks")) == (3, 0, 0)


def test_the_watermark_is_that_of_the_newest_commit(lake, tmp_path):
    assert Lake(tmp_path / "none").watermark() is None
    assert lake.watermark() is None
    lake.append("order_attributions", ORDER_ATTRIBUTIONS.empty_table(), {WATERMARK: 1_773_144_000_000_001}, 1)
    assert lake.watermark() == AT.replace(microsecond=1)


def test_sources_are_those_of_landed_and_of_rejected_messages(lake, tmp_path):
    assert Lake(tmp_path / "none").sources() == lake.sources() == []
    land(lake, 0, 1)
    assert lake.sources() == ["clicks/0"]


def test_a_damaged_log_is_an_outside_failure(lake):
    (lake.root / "clicks" / "_delta_log" / "00000000000000000000.json").write_text("no json")
    with pytest.raises(LakeUnavailable, match="clicks cannot be used"):
        lake.open("clicks")
