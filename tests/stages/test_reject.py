"""Reject, against a real table: every refused message once, with its place and its reason."""

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.engines import run_direct
from pipelines.stages.reject import Reject
from tests.stages.landing import block, clock, new_lake


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def reject(lake, *blocks):
    def build(p):
        passed = p | beam.Create(blocks, reshuffle=False) | "Reject" >> Reject(lake, 1, clock)
        assert_that(
            passed | beam.Map(lambda b: (b.start, b.end, b.rows.height)),
            equal_to([(b.start, b.end, b.rows.height) for b in blocks]),
        )

    run_direct(build)
    return sorted(lake.read("rejected_events")["offset"].to_list())


def test_a_refused_message_is_kept_with_its_place_and_its_reason(lake):
    reject(lake, block(0, 2, bad=frozenset({1})))
    [row] = lake.read("rejected_events").drop("ingested_at").to_dicts()
    detail = row.pop("detail")
    assert row == {
        "topic": "redemptions",
        "partition": 0,
        "offset": 1,
        "payload": b"no json",
        "step": "decode",
        "reason": "bad_json",
    }
    assert "character 0" in detail


def test_a_block_s_rejects_are_written_once_and_the_block_is_passed_on_twice(lake):
    bad = frozenset({0, 2})
    assert reject(lake, block(0, 3, bad=bad)) == [0, 2]
    assert reject(lake, block(0, 5, bad=bad | {4})) == [0, 2, 4]


def test_a_block_without_rejects_needs_no_commit(lake):
    before = lake.open("rejected_events").version()
    assert reject(lake, block(0, 3)) == []
    assert lake.open("rejected_events").version() == before
    assert reject(lake, block(3, 6, bad=frozenset({4}))) == [4]
    assert lake.transactions("rejected_events", ["redemptions/0"]) == {"redemptions/0": 6}


def test_blocks_that_are_cut_otherwise_after_a_crash_store_no_reject_twice(lake):
    assert reject(lake, block(0, 6, bad=frozenset({1, 4}))) == [1, 4]
    assert reject(lake, block(0, 3, bad=frozenset({1})), block(3, 8, bad=frozenset({4, 7}))) == [1, 4, 7]
