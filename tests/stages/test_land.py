"""Land, on Beam's own runner against a real table: every message once, whatever was killed before."""

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from deltalake import write_deltalake

from pipelines.engines import run_direct
from pipelines.failures import MissingMessages, Superseded
from pipelines.stages.decode import BlockDecoder
from pipelines.stages.land import Land
from pipelines.stores.lake import EPOCH, latest_mark, unconsented_mark, unknown_fields_mark
from pipelines.stores.tables import REDEMPTIONS
from pipelines.testing import HASH_KEY, messages_of
from tests.stages.landing import block, clock, new_lake, tokens


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def land(lake, *blocks, epoch=1):
    """Lands the blocks and expects each to be passed on whole; the offsets that the table holds then."""

    def build(p):
        rows = p | beam.Create(blocks, reshuffle=False) | "Land" >> Land(lake, epoch, clock, tokens())
        passed = rows | beam.Map(lambda passed: passed.rows["offset"].to_list())
        assert_that(passed, equal_to([b.rows["offset"].to_list() for b in blocks]))

    counters = run_direct(build)
    assert counters["land/in"] == sum(b.rows.height for b in blocks)
    return sorted(lake.read(blocks[0].topic)["offset"].to_list())


def test_a_block_lands_once_and_is_passed_on_twice(lake):
    assert land(lake, block(0, 3)) == [0, 1, 2]
    version = lake.open("redemptions").version()
    assert land(lake, block(0, 3)) == [0, 1, 2]
    assert lake.open("redemptions").version() == version


def test_blocks_of_one_partition_follow_each_other(lake):
    assert land(lake, block(0, 2), block(2, 5)) == [0, 1, 2, 3, 4]


def test_an_overlap_after_a_restart_is_cut(lake):
    land(lake, block(0, 3))
    assert land(lake, block(1, 5)) == [0, 1, 2, 3, 4]


def test_rejects_leave_holes(lake):
    assert land(lake, block(0, 4, bad=frozenset({1, 3}))) == [0, 2]
    assert land(lake, block(1, 6, bad=frozenset({1, 3}))) == [0, 2, 4, 5]


def test_a_block_of_rejects_alone_moves_the_offset(lake):
    assert land(lake, block(0, 2, bad=frozenset({0, 1}))) == []
    assert lake.transactions("redemptions", ["redemptions/0"]) == {"redemptions/0": 2}


def test_the_first_block_may_begin_where_the_source_does(lake):
    assert land(lake, block(70, 72)) == [70, 71]


def test_a_gap_stops_the_job_and_names_its_place(lake):
    land(lake, block(0, 3))
    with pytest.raises(MissingMessages, match=r"redemptions/0 is at 3 in .*redemptions, but the block begins at 4$"):
        land(lake, block(4, 6))


def test_a_superseded_run_stops_and_names_the_other(lake):
    lake.append("redemptions", REDEMPTIONS.empty_table(), {EPOCH: 2}, epoch=2)
    with pytest.raises(Superseded, match=r"run 2 writes to .*this one, run 1, stops"):
        land(lake, block(0, 3))
    assert lake.rows("redemptions") == 0


def test_an_orphaned_file_of_a_killed_writer_is_invisible(lake, tmp_path):
    land(lake, block(0, 1))
    rows = lake.open("redemptions").to_pyarrow_table()
    write_deltalake(str(tmp_path / "other"), rows)
    orphan = next((tmp_path / "other").glob("*.parquet"))
    orphan.rename(tmp_path / "lake" / "redemptions" / orphan.name)
    assert land(lake, block(1, 3)) == [0, 1, 2]


def test_the_greatest_instant_of_a_partition_is_committed_with_it(lake):
    land(lake, block(0, 3), block(3, 4, bad=frozenset({3})))
    mark = latest_mark("redemptions/0")
    assert lake.transactions("redemptions", [mark]) == {mark: 1_773_144_002_000_000}  # 2026-03-10T12:00:02Z


def test_what_is_counted_and_not_stored_is_counted_once(lake):
    click = {"event_id": "c", "occurred_at": "2026-03-10T12:00:00Z", "visitor_id": "v", "url": "https://shop.example/"}
    clicks = messages_of("clicks", [click, click | {"consent": False}, click | {"colour": "red"}])
    decoded = BlockDecoder("clicks", HASH_KEY, 4).decode(clicks)
    assert land(lake, decoded) == [0, 2]
    assert land(lake, decoded) == [0, 2]
    unconsented, unknown = unconsented_mark("clicks/0"), unknown_fields_mark("clicks/0")
    assert lake.transactions("clicks", [unconsented, unknown]) == {unconsented: 1, unknown: 1}
