"""Replay: exactly what has landed and did not go through attribution, out of the lake."""

from datetime import timedelta

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.engines import run_direct
from pipelines.stages.commit import Commit, Revisions, finish
from pipelines.stages.land import Land
from pipelines.stages.replay import Replay, unattributed
from pipelines.stores.compaction import compact
from tests.stages.landing import block, clock, new_lake, tokens

SOURCES = ("redemptions/0", "clicks/0")


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def land(lake, *blocks):
    run_direct(lambda p: p | beam.Create(blocks, reshuffle=False) | Land(lake, 1, clock, tokens()))


def replayed(lake, spans, expected, block_rows=50_000):
    def build(p):
        blocks = p | Replay(lake, spans, block_rows) | beam.Map(lambda b: (b.topic, b.rows["offset"].to_list()))
        assert_that(blocks, equal_to(expected))

    run_direct(build)


def test_all_that_landed_is_unattributed_until_a_run_ends(lake):
    land(lake, block(0, 5))
    assert unattributed(lake, SOURCES) == [("redemptions/0", 0, 5)]
    finish(Commit(lake, 1, clock, Revisions("event", "v1", SOURCES, 0, 1, 1), tokens(), 0), {"redemptions/0": 5})
    assert unattributed(lake, SOURCES) == []
    land(lake, block(5, 8))
    assert unattributed(lake, SOURCES) == [("redemptions/0", 5, 8)]


def test_a_span_is_replayed_without_its_end_and_without_what_was_rejected(lake):
    land(lake, block(0, 6, bad=frozenset({2})))
    replayed(lake, [("redemptions/0", 1, 5)], [("redemptions", [1, 3, 4])])


def test_rows_come_in_order_of_offsets_whatever_commits_they_lie_in(lake):
    land(lake, block(0, 3), block(3, 5), block(5, 7))
    replayed(lake, [("redemptions/0", 0, 7)], [("redemptions", [0, 1, 2, 3]), ("redemptions", [4, 5, 6])], block_rows=4)


def test_rows_that_were_compacted_meanwhile_are_found(lake):
    land(lake, block(0, 3), block(3, 5), block(5, 7))
    compact(lake, clock, tokens(), timedelta(days=1))
    assert len(lake.open("redemptions").file_uris()) == 1
    replayed(lake, [("redemptions/0", 2, 6)], [("redemptions", [2, 3, 4, 5])])


def test_another_partition_s_rows_are_left_out(lake):
    land(lake, block(0, 3))
    replayed(lake, [("redemptions/1", 0, 3)], [])
