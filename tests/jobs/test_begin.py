"""Begin: a run takes the lake over, and attributes what a crash left landed and unattributed before anything new."""

import pytest

from pipelines.failures import BadInput
from pipelines.jobs.begin import begin, catch_up
from pipelines.stages.replay import unattributed
from pipelines.stores.lake import EPOCH, Lake, attributed_mark
from pipelines.stores.registry import known_files
from pipelines.stores.tables import ORDER_ATTRIBUTIONS, TABLES
from pipelines.testing import assert_equal_states, drain, lake_state, world_of


@pytest.fixture
def root(golden_world):
    root = golden_world("tiny")
    drain(root)
    return root


def sources_of(lake):
    return [f"{known.topic}/{known.partition}" for known in known_files(lake)]


def test_a_run_takes_the_next_epoch_in_every_table(root):
    lake = Lake(root / "lake")
    run = begin(world_of(root), [])
    assert run.epoch == 2
    assert {lake.transactions(table, [EPOCH])[EPOCH] for table in TABLES} == {2}
    assert run.revisions.cause == "event"


def test_a_lake_with_landing_tables_and_no_attributions_is_replayed(root):
    lake = Lake(root / "lake")
    before = lake_state(lake)
    lake.open("order_attributions").delete()
    lake.append(
        "order_attributions",
        ORDER_ATTRIBUTIONS.empty_table(),
        {attributed_mark(source): 0 for source in sources_of(lake)},
        epoch=1,
    )
    run = begin(world_of(root), sources_of(lake))
    assert run.revisions.cause == "replay"
    catch_up(run)
    assert_equal_states(lake_state(lake), before)
    assert unattributed(lake, sources_of(lake)) == []
    assert set(lake.read("order_attributions")["cause"]) == {"replay"}


def test_other_settings_than_the_lake_s_stop_before_anything_is_written(root):
    lake = Lake(root / "lake")
    with pytest.raises(BadInput, match="restate"):
        begin(world_of(root, policy="link_wins"), [])
    assert lake.transactions("orders", [EPOCH])[EPOCH] == 1
