"""Compaction: the same rows in few files, the same offsets in a short log, beside who writes and reads."""

import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from pipelines.failures import LakeUnavailable
from pipelines.stores import compaction, table_log
from pipelines.stores.compaction import compact
from pipelines.stores.data_files import SORTED_BY
from pipelines.stores.lake import EPOCH, KEPT_SHORT, LISTINGS, REMOVED_HOURS, Lake, latest_mark
from pipelines.stores.table_log import TableLog
from pipelines.stores.tables import TABLES
from tests.stores.live_lake import BLOCK, PARTITIONS, land, source

DAY = timedelta(days=1)
AT_ONCE = timedelta()
HOUR = 3600
NAMES = [EPOCH, *(name(source(p)) for p in range(PARTITIONS) for name in (str, latest_mark))]


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    lake.take_over()
    return lake


def tokens():
    drawn = count()
    return lambda: f"{os.getpid()}-{next(drawn)}"


NAME = ["partition", "offset"]
NEW_TOKEN = tokens()


def compacted(lake, vacuum=DAY):
    done = compact(lake, lambda: datetime.now(UTC), NEW_TOKEN, vacuum)
    return next(one for one in done.tables if one.table == "orders")


def content(lake):
    return lake.read("orders").sort("partition", "offset")


def versions(lake):
    return {table: lake.open(table).version() for table in TABLES}


def log(lake):
    return sorted(path.name for path in (lake.root / "orders" / "_delta_log").iterdir())


def age(lake, seconds):
    """As if all of the table's log had been written that long ago: its cleanup goes by the files' times."""
    for path in (lake.root / "orders" / "_delta_log").iterdir():
        at = path.stat().st_mtime - seconds
        os.utime(path, (at, at))


def test_small_files_become_one_of_the_same_rows(lake):
    land(lake, 1, 12)
    before = content(lake)
    done = compacted(lake)
    assert (done.before.files, done.after.files) == (12, 1)
    assert_frame_equal(content(lake), before)
    assert lake.rows("orders") == before.height == 12 * BLOCK


def test_a_second_time_rewrites_nothing(lake):
    land(lake, 1, 10)
    compacted(lake)
    before = versions(lake)
    again = compacted(lake)
    assert again.before == again.after
    assert versions(lake) == before


def test_what_was_made_of_several_batches_is_not_rewritten_either(lake, monkeypatch):
    monkeypatch.setattr(compaction, "TARGET_BYTES", 60_000)
    land(lake, 1, 24)
    before = content(lake)
    assert compacted(lake).after.files < 24
    settled = versions(lake)
    compacted(lake)
    assert versions(lake) == settled
    assert_frame_equal(content(lake), before)


def test_a_large_file_is_left_alone(lake, monkeypatch):
    land(lake, 1, 12)
    compacted(lake)
    large = set(lake.open("orders").file_uris())
    monkeypatch.setattr(compaction, "SMALL_BYTES", 0)
    monkeypatch.setattr(compaction, "TARGET_BYTES", 2 * min(Path(uri).stat().st_size for uri in large))
    land(lake, 1, 12)
    compacted(lake)
    assert large < set(lake.open("orders").file_uris())


def test_a_file_is_sorted_and_says_what_it_holds(lake):
    land(lake, 1, 12)
    compacted(lake)
    found = lake.read("orders", SORTED_BY["orders"])
    assert_frame_equal(found, found.sort(SORTED_BY["orders"]))
    actions = pa.table(lake.open("orders").get_add_actions(flatten=True)).to_pylist()[0]
    for column in ("shard", "day", "offset", "order_id"):
        values = lake.read("orders", [column])[column]
        assert (actions[f"min.{column}"], actions[f"max.{column}"]) == (values.min(), values.max())
    day = content(lake)["day"][0]
    assert lake.read("orders", ["day"], pl.col("day") == day)["day"].to_list() == [day] * len(
        content(lake).filter(day=day)
    )
    assert lake.read("orders", None, pl.col("shard") > 3).is_empty()


@pytest.mark.parametrize("column", [field.name for field in TABLES["orders"] if not pa.types.is_list(field.type)])
def test_who_asks_for_a_value_finds_it_before_and_after(lake, column):
    land(lake, 1, 12)
    values = content(lake)[column].unique().to_list()
    wanted = [pl.col(column).is_null() if value is None else pl.col(column) == value for value in values]
    before = [lake.read("orders", NAME, where).sort(NAME) for where in wanted]
    assert sum(map(len, before)) == 12 * BLOCK
    compacted(lake)
    for where, rows in zip(wanted, before, strict=True):
        assert_frame_equal(lake.read("orders", NAME, where).sort(NAME), rows)


def test_offsets_and_marks_outlive_the_log_that_they_were_written_in(lake):
    land(lake, 1, 12)
    before = lake.transactions("orders", NAMES)
    assert set(before) == set(NAMES)
    compacted(lake)
    age(lake, HOUR)
    lake.append("orders", TABLES["orders"].empty_table(), {}, 1)
    assert compacted(lake).after.commits == 2  # that of the checkpoint, and one since
    assert lake.transactions("orders", NAMES) == before
    assert lake.rows("orders") == 12 * BLOCK


def test_no_transaction_has_a_date_by_which_it_could_expire(lake):
    land(lake, 1, 3)
    compacted(lake)
    checkpoint = next(path for path in log(lake) if path.endswith(".checkpoint.parquet"))
    kept = pa.parquet.read_table(lake.root / "orders" / "_delta_log" / checkpoint)["txn"].drop_null().to_pylist()
    assert {txn["appId"] for txn in kept} >= set(NAMES)
    assert {txn["lastUpdated"] for txn in kept} == {None}


def test_a_run_keeps_its_log_short_by_itself(tmp_path, monkeypatch):
    commits = 10
    monkeypatch.setattr(table_log, "CHECKPOINT_COMMITS", commits)
    monkeypatch.setitem(KEPT_SHORT, "delta.checkpointInterval", str(commits))
    lake = Lake(tmp_path / "lake")
    lake.create()
    land(lake, 1, 2 * commits)
    long_log = log(lake)
    age(lake, HOUR)
    land(lake, 1, commits)
    assert set(long_log) & set(log(lake)) < set(long_log)
    assert len(log(lake)) < len(long_log)
    assert lake.rows("orders") == 3 * commits * BLOCK


def test_who_has_the_table_open_keeps_its_log(lake):
    land(lake, 1, 3)
    age(lake, HOUR)
    opened = lake.open("orders")
    land(lake, 1, 3)
    compacted(lake)
    assert opened.transaction_version(source(0)) == BLOCK
    assert opened.to_pyarrow_table().num_rows == 3 * BLOCK


def test_the_vacuum_deletes_what_was_left_long_enough_ago(lake):
    land(lake, 1, 10)
    assert compacted(lake, timedelta(hours=REMOVED_HOURS)).vacuumed == 0
    before = versions(lake)
    assert compacted(lake, AT_ONCE).vacuumed == 10
    assert versions(lake) == before  # it commits nothing, so no append of a live run can make it fail
    assert [path.name for path in (lake.root / "orders").glob("*.parquet")] == [
        Path(uri).name for uri in lake.open("orders").file_uris()
    ]


def test_the_vacuum_spares_a_write_in_flight_and_takes_what_a_killed_one_left(lake):
    in_flight, left = (lake.root / "orders" / f"part-{name}.parquet" for name in ("in-flight", "left"))
    for path in (in_flight, left):
        path.touch()
    then = datetime.now(UTC).timestamp() - 2 * DAY.total_seconds()
    os.utime(left, (then, then))
    compacted(lake, AT_ONCE)
    assert (in_flight.exists(), left.exists()) == (True, True)
    compacted(lake, DAY)
    assert (in_flight.exists(), left.exists()) == (True, False)


@pytest.fixture
def meanwhile(monkeypatch):
    """Something else happens, once, when a compaction has done a step: listed the files, or read them."""

    def arranged(step, happens):
        done = getattr(compaction, step)

        def overtaken(*given):
            result = done(*given)
            if len(result):  # no table but `orders` has files
                monkeypatch.setattr(compaction, step, done)
                happens()
            return result

        monkeypatch.setattr(compaction, step, overtaken)

    return arranged


@pytest.mark.parametrize("step", ["_batches", "_rows"])
def test_of_two_compactions_at_once_one_goes_without(lake, meanwhile, step):
    land(lake, 1, 10)
    before = content(lake)
    meanwhile(step, lambda: compacted(lake))
    assert compacted(lake).after.files == 1
    assert_frame_equal(content(lake), before)
    assert len(list((lake.root / "orders").glob("compacted-*.parquet"))) == 1


@pytest.mark.parametrize("step", ["_batches", "_rows"])
def test_rows_that_are_deleted_meanwhile_do_not_come_back(lake, meanwhile, step):
    land(lake, 1, 10)
    meanwhile(step, lambda: lake.open("orders").delete("shard = 1"))
    compacted(lake)
    assert set(content(lake)["shard"]) == {0, 2, 3}


def test_what_lands_meanwhile_stays(lake, meanwhile):
    land(lake, 1, 10)
    meanwhile("_rows", lambda: land(lake, 1, 3))
    assert compacted(lake).after.files == 1 + 3
    assert lake.rows("orders") == 13 * BLOCK


def test_who_always_comes_too_late_is_told(lake, monkeypatch):
    land(lake, 1, 3)
    monkeypatch.setattr(compaction, "_replace", lambda *_: False)
    with pytest.raises(LakeUnavailable, match=r"orders was changed by somebody else .* run `codetrail compact` again"):
        compacted(lake)


@pytest.fixture
def compacted_once_listed(lake, monkeypatch):
    """Land something, and each of the next readers lists files that are gone when it reads them."""

    def arranged(times, owner=TableLog, name="files"):
        listing, left = getattr(owner, name), iter(range(times))

        def overtaken(*given, **named):
            listed = listing(*given, **named)
            if next(left, None) is not None:
                land(lake, 1, 2)
                compacted(lake, AT_ONCE)
            return listed

        monkeypatch.setattr(owner, name, overtaken)

    land(lake, 1, 2)
    return arranged


def test_a_reader_lists_again_what_was_compacted_away(lake, compacted_once_listed):
    compacted_once_listed(LISTINGS - 1)
    assert lake.read("orders").height == 2 * LISTINGS * BLOCK


def test_a_reader_does_not_list_for_ever(lake, compacted_once_listed):
    compacted_once_listed(LISTINGS)
    with pytest.raises(LakeUnavailable, match="run again"):
        lake.read("orders")


def test_a_version_whose_files_are_gone_is_told_at_once(lake, compacted_once_listed):
    version = lake.open("orders").version()
    compacted_once_listed(1, DeltaTable, "file_uris")
    with pytest.raises(LakeUnavailable, match="run again"):
        lake.read("orders", version=version)
