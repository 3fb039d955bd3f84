"""Landed: a shard is filled with what the lake holds of it, once for all shards or anew for each."""

from dataclasses import replace

import polars as pl
import pytest

from pipelines.columnar.links import LinkResolver
from pipelines.rules.attribution import DAY
from pipelines.stages.decode import BlockDecoder, shard_of
from pipelines.stages.land import stored
from pipelines.stages.landed import Landed
from pipelines.stages.resolve import as_read
from pipelines.stores.lake import WATERMARK, Landing, no_marks
from pipelines.stores.tables import LANDING, TABLES
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
        lake.land(topic, [Landing(f"{topic}/0", (0, len(sent)), stored(topic, rows, CLOCK), no_marks)], epoch=1)
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


@pytest.fixture
def aged(lake):
    """The same a month later: all is older than the horizon, but for an amendment and a click of that day."""
    amended = event(40, order_id="o5", kind="amended", currency="USD", subtotal="2") | {
        "occurred_at": "2026-04-20T12:00:00Z"
    }
    click = event(41, visitor_id="v6", url="https://shop.example/") | {"occurred_at": "2026-04-20T12:00:00Z"}
    for topic, said, start in (("orders", amended, 13), ("clicks", click, 12)):
        rows = BlockDecoder(topic, HASH_KEY, SHARDS).decode(messages_of(topic, [said], start)).rows
        lake.land(topic, [Landing(f"{topic}/0", (start, start + 1), stored(topic, rows, CLOCK), no_marks)], epoch=1)
    watermark = 1_776_700_800_000_000  # 2026-04-20T16:00:00Z
    lake.append("order_attributions", TABLES["order_attributions"].empty_table(), {WATERMARK: watermark}, epoch=1)
    return Landed(lake, [], SHARDS, 10 * DAY, LANES)


def lane_of(key):
    return shard_of(key, SHARDS) % LANES


def test_what_is_older_than_the_horizon_is_not_in_memory(aged):
    held = [aged.visitor_shard(lane, is_first=True) for lane in range(LANES)]
    assert sum(len(one.clicks) for one in held) == 1
    assert sum(len(aged.order_shard(lane).events) for lane in range(LANES)) == 1
    assert {order for one in held for order in one.events.keys_since("occurred_at", 0)} == {"o5"}
    assert sum(len(one.closed) for one in (aged.order_shard(lane) for lane in range(LANES))) == len(VISITORS)


def test_an_order_is_read_back_whole_when_a_message_touches_it(aged):
    """The last order was first the first visitor's: its set goes to the lanes of both."""
    found = dict(aged.order_shard(lane_of("o11")).sets(pl.Series(["o11"]), LANES))
    assert set(found) == {lane_of("v0"), lane_of("v11")}
    assert {(sets.events.height, sets.redemptions.height) for sets in found.values()} == {(2, 1)}


def test_an_order_with_one_young_message_is_there_whole(aged):
    held = aged.visitor_shard(lane_of("v5"))
    assert (held.events.gather(["o5"]).height, held.redemptions.gather(["o5"]).height) == (2, 1)


def test_who_has_an_order_in_memory_has_the_clicks_before_it_there_too(aged):
    longer = replace(aged, keep=25 * DAY)
    held = [longer.visitor_shard(lane, is_first=True) for lane in range(LANES)]
    found = [one.clicks.gather(["v5", "v7"]) for one in held]
    assert [rows["event_id"].to_list() for rows in found if rows is not None and rows.height] == [["e5"]]
    since = longer.horizon() - longer.keep
    assert [one.clicks_since for one in held if one.clicks_since] == [{"v5": since}]


@pytest.mark.parametrize(("minute", "orders"), [(0, ["o0", "o11"]), (3, ["o11"]), (12, [])])
def test_a_late_click_finds_the_orders_of_its_visitor_that_were_placed_later(aged, minute, orders):
    held = aged.visitor_shard(lane_of("v0"))
    late = held.clicks.gather(["v0"])
    assert late is None or not late.height
    decoded = BlockDecoder("clicks", HASH_KEY, SHARDS).decode(
        messages_of("clicks", [event(minute, visitor_id="v0", url="https://shop.example/")], 99)
    )
    touched = held.add_clicks(as_read("clicks", decoded.rows, LinkResolver([])))
    assert sorted(touched) == orders
    assert held.events.gather(["o11"]).height == 2


def test_older_clicks_of_a_visitor_are_read_back_from_an_instant_on(aged):
    noon = 1_773_144_000_000_000  # 2026-03-10T12:00:00Z
    for since, expected_clicks in ((noon, ["e7"]), (noon + 7 * 60_000_000 + 1, [])):
        [rows] = aged.visitor_shard(lane_of("v7")).earlier_clicks(pl.Series(["v7"]), since, aged.horizon())
        assert rows.rows["event_id"].to_list() == expected_clicks
