"""Begin: a run takes the lake over, and attributes what a crash left landed and unattributed before anything new."""

import pytest
from deltalake import DeltaTable

from pipelines.engines import run_direct
from pipelines.failures import BadInput, Superseded
from pipelines.jobs.attribution import attribution
from pipelines.jobs.begin import begin, catch_up, ready, taken_over_again
from pipelines.stages.decode import Decode
from pipelines.stages.land import Land
from pipelines.stages.replay import unattributed
from pipelines.stores.lake import EPOCH, Lake, attributed_mark
from pipelines.stores.registry import known_files
from pipelines.stores.tables import ORDER_ATTRIBUTIONS, TABLES
from pipelines.testing import (
    assert_equal_states,
    current_attributions,
    drain,
    lake_state,
    messages_of,
    sent,
    world_of,
)
from tests.jobs.worlds import write_reference

CLICK = {
    "event_id": "c1",
    "occurred_at": "2026-03-10T11:00:00Z",
    "visitor_id": "v1",
    "url": "https://shop.example/?utm_source=ig&utm_campaign=spring",
}
ORDER = {
    "event_id": "e1",
    "occurred_at": "2026-03-10T12:00:00Z",
    "order_id": "o1",
    "kind": "placed",
    "currency": "USD",
    "subtotal": "10",
    "visitor_id": "v1",
}
SOURCES = ["clicks/0", "orders/0"]


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


def landed_only(run, messages):
    """As a kill behind the landing leaves them."""
    land = Land(run.lake, run.epoch, run.now, run.new_token)
    return lambda p: p | sent(messages) | Decode(run.hash_key, run.shards) | land


@pytest.mark.parametrize(("attributed", "landed"), [("orders", "clicks"), ("clicks", "orders")])
def test_what_a_run_leaves_at_its_end_meets_all_that_it_attributed(tmp_path, attributed, landed):
    write_reference(tmp_path)
    messages = {topic: messages_of(topic, [event]) for topic, event in (("clicks", CLICK), ("orders", ORDER))}
    run = begin(world_of(tmp_path), SOURCES)
    run_direct(attribution(sent(messages[attributed]), run))
    run_direct(landed_only(run, messages[landed]))
    catch_up(taken_over_again(run))
    assert current_attributions(run.lake)["winner_claim_id"].to_list() == ["c1"]
    assert unattributed(run.lake, SOURCES) == []
    with pytest.raises(Superseded):
        run.lake.require_newest(run.epoch)


def test_to_catch_up_takes_back_nothing_that_was_through(tmp_path):
    write_reference(tmp_path)
    run = begin(world_of(tmp_path), SOURCES, is_endless=True)
    run_direct(attribution(sent(messages_of("orders", [ORDER])), run))
    before = run.lake.open("order_attributions").version()
    run_direct(landed_only(run, messages_of("clicks", [CLICK])))
    catch_up(run)
    marks = [attributed_mark(source) for source in SOURCES]
    for version in range(before, run.lake.open("order_attributions").version() + 1):
        table = DeltaTable(run.lake.uri("order_attributions"), version=version)
        assert table.transaction_version(marks[1]) == 1
    assert run.lake.transactions("order_attributions", marks) == dict.fromkeys(marks, 1)


def test_a_run_that_is_ready_knows_how_far_each_partition_is_through(tmp_path):
    write_reference(tmp_path)
    run = begin(world_of(tmp_path), SOURCES)
    assert ready(run).commit.through_before == {}
    run_direct(attribution(sent(messages_of("orders", [ORDER, ORDER])), run))
    assert ready(run).commit.through_before == {"orders/0": 2}
