"""Landed: a shard is filled with what the lake holds of it, once for all shards or anew for each."""

import pytest

from pipelines.stages.decode import BlockDecoder, shard_of
from pipelines.stages.land import stored
from pipelines.stages.landed import Landed
from pipelines.stores.lake import no_marks
from pipelines.stores.tables import LANDING
from pipelines.testing import CLOCK, HASH_KEY, messages_of
from tests.stages.landing import new_lake

SHARDS = 4
LANES = 4
VISITORS = [f"v{n}" for n in range(12)]


def event(n, **said):
    return {"event_id": f"e{n}", "occurred_at": f"2026-03-10T12:{n:02}:00Z"} | said


@pytest.fixture
def lake(tmp_path):
    """Twelve visitors with a click and an order each; the last order was first the first visitor's."""
    lake = new_lake(tmp_path / "lake")
    placed = {"kind": "placed", "currency": "USD", "subtotal": "1"}
    orders = [event(n, order_id=f"o{n}", visitor_id=v, **placed) for n, v in enumerate(VISITORS)]
    orders.append(event(30, order_id="o11", visitor_id="v0", **placed | {"kind": "amended"}))
    messages = {
        "clicks": [event(n, visitor_id=v, url="https://shop.example/") for n, v in enumerate(VISITORS)],
        "orders": orders,
        "redemptions": [event(n, order_id=f"o{n}", code="ANA10") for n in range(12)],
    }
    for topic, sent in messages.items():
        rows = BlockDecoder(topic, HASH_KEY, SHARDS).decode(messages_of(topic, sent, 0)).rows
        lake.land(topic, f"{topic}/0", (0, len(sent)), stored(topic, rows, CLOCK), no_marks, epoch=1)
    return lake


def versions(lake):
    return {table: lake.open(table).version() for table in LANDING}


def known(held, visitor):
    """The visitor's clicks, and the orders that ever named the visitor with the number of their messages."""
    clicks = held.clicks.gather([visitor])
    orders = held.orders_of.gather([visitor])["order_id"].unique().sort().to_list()
    counts = [(o, held.events.gather([o]).height, held.redemptions.gather([o]).height) for o in orders]
    return clicks["event_id"].to_list(), counts


def expected(n):
    orders = [(f"o{n}", 2 if n == 11 else 1, 1)]
    return [f"e{n}"], orders + ([("o11", 2, 1)] if n == 0 else [])


@pytest.mark.parametrize("fixed", [False, True], ids=["of now", "of fixed versions"])
def test_a_shard_holds_its_visitors_clicks_and_every_order_that_named_them(lake, fixed):
    landed = Landed(lake, [], SHARDS, 0, LANES, versions(lake) if fixed else None)
    held = [landed.visitor_shard(shard, is_first=fixed) for shard in range(SHARDS)]
    assert [known(held[shard_of(v, SHARDS)], v) for v in VISITORS] == [expected(n) for n in range(12)]


@pytest.mark.parametrize("fixed", [False, True], ids=["of now", "of fixed versions"])
def test_a_shard_that_is_asked_for_again_is_the_same(lake, fixed):
    landed = Landed(lake, [], SHARDS, 0, LANES, versions(lake) if fixed else None)
    shard = shard_of("v0", SHARDS)
    assert (
        known(landed.visitor_shard(shard, is_first=fixed), "v0")
        == known(landed.visitor_shard(shard, is_first=fixed), "v0")
        == expected(0)
    )
    order = shard_of("o11", SHARDS)
    again = [landed.order_shard(order, is_first=fixed).events.gather(["o11"]).height for _ in range(2)]
    assert again == [2, 2]


def test_what_lands_after_the_fixed_versions_is_not_read(tmp_path, lake):
    empty = new_lake(tmp_path / "empty")
    landed = Landed(lake, [], SHARDS, 0, LANES, versions(empty))
    assert len(landed.visitor_shard(0, is_first=True).clicks) == len(landed.order_shard(0, is_first=True).events) == 0
