"""Releases: where a message stands by what was written down of it, and who may write."""

import itertools
from datetime import UTC, datetime

import pytest

from pipelines.failures import LakeUnavailable
from pipelines.stores.lake import Lake
from pipelines.stores.releases import Action, Release, alone, record, releases, standing

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


def release(action, offset=0):
    return Release("orders", 0, offset, action, AT, "ana@shop", ".", "a comma", 1, 7, "d")


def test_what_was_written_down_is_read_back(lake):
    assert releases(lake) == []
    done = [release(Action.SENDING), release(Action.DROPPED, 5)]
    record(lake, done)
    assert releases(lake) == done
    assert releases(Lake(lake.root / "nowhere")) == []


@pytest.mark.parametrize("order", list(itertools.permutations(Action)))
def test_what_was_sent_stays_sent_in_whatever_order_it_is_read(order):
    assert standing(map(release, order)) == {("orders", 0, 0): Action.REQUEUED}
    without = [release(action) for action in order if action is not Action.REQUEUED]
    assert standing(without) == {("orders", 0, 0): Action.SENDING}


def test_a_run_beside_it_goes_on(lake):
    epoch = lake.take_over()
    record(lake, [release(Action.DROPPED)])
    lake.require_newest(epoch)
    lake.append("quarantine_releases", lake.read("quarantine_releases").to_arrow().slice(0, 0), {}, epoch)


def test_one_at_a_time(lake):
    with alone(lake), pytest.raises(LakeUnavailable, match="another"), alone(lake):
        pass
    with alone(lake):
        pass
