"""Shards: whatever arrives when, each order ends attributed once, by its visitor's shard, from all that is known."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.columnar.links import NO_ROW, NOT_VALID
from pipelines.stages.decode import shard_of
from tests.stages.shop import SHARDS, Shop, clicked, drafts, from_scratch, placed, redeemed


@pytest.mark.parametrize(
    ("at", "claims"),
    [
        pytest.param(100, ["c1"], id="at the order's time"),
        pytest.param(101, [], id="a microsecond after it"),
        pytest.param(90, ["c1"], id="as old as the window"),
        pytest.param(89, [], id="a microsecond older"),
    ],
)
def test_both_ends_of_the_window_are_inside(at, claims):
    assert Shop().arrive(placed(0), clicked(0, at=at)).claims() == claims


@pytest.mark.parametrize(
    ("click", "claims"),
    [
        pytest.param(clicked(0, link=NO_ROW), [], id="nobody's click is no claim"),
        pytest.param(clicked(0, link=NOT_VALID), [("c1", "link_not_valid")], id="a link out of its time is void"),
        pytest.param(clicked(0, is_bot=True), [("c1", "bot")], id="a bot's click is void"),
        pytest.param(clicked(0, "v2"), [], id="another visitor's click is no claim"),
    ],
)
def test_clicks_that_do_not_count(click, claims):
    said = Shop().arrive(placed(0), click).said["o4"]
    assert [(claim.claim_id, claim.reason) for claim in said.claims] == claims


def test_a_click_and_a_redemption_that_come_late_touch_their_order():
    shop = Shop().arrive(placed(0))
    assert shop.claims() == []
    assert shop.arrive(clicked(0)).claims() == ["c1"]
    assert shop.arrive(redeemed(0)).claims() == ["c1", "r1"]


def test_what_comes_early_waits_for_its_order():
    assert Shop().arrive(redeemed(0), clicked(0)).said == {}
    assert Shop().arrive(redeemed(0), clicked(0)).arrive(placed(0)).claims() == ["c1", "r1"]


def test_an_order_whose_visitor_changes_is_the_new_visitor_s_shard_s_alone():
    shop = Shop().arrive(clicked(0, "v1", "c1"), clicked(1, "v2", "c2"), placed(0, visitor="v1"))
    assert shop.claims() == ["c1"]
    shop.arrive(placed(1, visitor="v2", event_id="e2", at=101, kind="amended"))
    assert shop.claims() == ["c2"]
    assert shop.shards_that_spoke == {"o4": {shard_of("v2", SHARDS)}}
    shop.arrive(clicked(2, "v1", "c3"))
    assert (shop.claims(), shop.shards_that_spoke) == (["c2"], {})
    assert shop.arrive(clicked(3, "v2", "c4", at=99)).claims() == ["c2", "c4"]


def test_an_order_of_nobody_stays_in_its_own_shard_until_it_names_a_visitor():
    shop = Shop().arrive(clicked(0), placed(0, visitor=None), redeemed(0))
    assert (shop.claims(), shop.shards_that_spoke) == (["r1"], {"o4": {shard_of("o4", SHARDS)}})
    shop.arrive(placed(1, visitor="v1", event_id="e2", at=101, kind="amended"))
    assert (shop.claims(), shop.shards_that_spoke) == (["c1", "r1"], {"o4": {shard_of("v1", SHARDS)}})


def test_an_exact_repeat_changes_nothing():
    shop = Shop().arrive(placed(1), clicked(1), redeemed(1))
    before = shop.said["o4"]
    assert shop.arrive(placed(2), clicked(2), redeemed(2)).said["o4"] == before


def test_a_storm_of_repeats_touches_no_order_and_keeps_none_of_them():
    messages = (placed, redeemed)
    shop = Shop().arrive(placed(1), redeemed(1), clicked(1))
    held = shop.rows_held()
    for offset in range(2, 40):
        assert shop.arrive(*(message(offset) for message in messages)).shards_that_spoke == {}
        assert shop.rows_held() == held
    assert shop.arrive(clicked(40)).shards_that_spoke == {}


def test_what_comes_again_after_a_failure_is_no_repeat_of_itself():
    """The lake may hold it already, and its order may never have been attributed with it."""
    shop = Shop().arrive(placed(1), redeemed(1), clicked(1))
    for again in (placed(1), redeemed(1), clicked(1)):
        assert shop.arrive(again).shards_that_spoke != {}


@pytest.mark.parametrize(
    ("offset", "subtotal"),
    [
        pytest.param(4, 2_000, id="of an earlier offset: it replaces the other"),
        pytest.param(6, 1_000, id="of a later offset: the first counts"),
    ],
)
def test_a_repeat_with_other_content(offset, subtotal):
    shop = Shop().arrive(placed(5)).arrive(placed(offset, subtotal=2_000))
    assert shop.said["o4"].order.subtotal_minor == subtotal


@pytest.mark.parametrize("earlier", [{"link": NO_ROW}, {"at": 105}], ids=["nobody's", "after the order"])
def test_an_earlier_message_takes_a_click_back(earlier):
    shop = Shop().arrive(placed(0, at=100), clicked(5))
    assert shop.claims() == ["c1"]
    assert shop.arrive(clicked(4, **earlier)).claims() == []


def test_a_click_after_an_order_leaves_it_alone():
    shop = Shop().arrive(placed(0, at=100), clicked(5)).arrive(clicked(6, event_id="c2", at=101))
    assert shop.shards_that_spoke == {}


def test_an_earlier_message_moves_an_order_to_another_visitor():
    shop = Shop().arrive(placed(5, visitor="v1"), clicked(0, "v1", "c1"), clicked(1, "v2", "c2"))
    shop.arrive(placed(4, visitor="v2"))
    assert (shop.claims(), shop.shards_that_spoke) == (["c2"], {"o4": {shard_of("v2", SHARDS)}})


def test_an_order_that_is_none_any_more_is_said_to_be_none():
    shop = Shop().arrive(placed(5))
    assert shop.arrive(placed(4, kind="amended")).said == {}


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(placed(9, event_id="e2", at=140, kind="amended", subtotal=500), id="an amendment long after"),
        pytest.param(placed(9, event_id="e2", at=99, kind="cancelled"), id="a cancellation that was on its way"),
        pytest.param(redeemed(9, event_id="r2", at=101), id="a redemption that was on its way"),
        pytest.param(clicked(9, event_id="c2", at=93, link=1), id="a click that was on its way"),
        pytest.param(placed(9), id="a repeat"),
    ],
)
def test_what_touches_an_order_that_was_let_go_finds_it_again(late):
    messages = [placed(0), redeemed(1), clicked(2), late]
    shop = Shop().arrive(*messages[:-1])
    shop.close(130)
    assert shop.rows_held() == 0
    shop.said.clear()
    assert shop.arrive(late).said == from_scratch(messages)


def test_an_order_is_held_as_long_as_one_of_its_messages_is_young():
    shop = Shop().arrive(placed(0, at=100), placed(1, event_id="e2", at=131, kind="amended", subtotal=700))
    shop.close(130)
    late = clicked(2, at=95)
    assert shop.arrive(late).claims() == ["c1"]
    assert shop.said["o4"].order.subtotal_minor == 700


def test_an_order_in_memory_keeps_the_clicks_of_its_window():
    shop = Shop(keep=20).arrive(clicked(0, at=95), clicked(1, visitor="v2", at=95, event_id="c2"), placed(2, at=100))
    shop.close(98)
    shop.close(99)
    amended = placed(3, event_id="e2", at=110, kind="amended", subtotal=700)
    assert shop.arrive(amended).claims() == ["c1"]
    assert shop.asked_back == []
    held = [one.clicks.gather(["v1", "v2"]) for one in shop.of_visitors.values()]
    assert [rows["event_id"].to_list() for rows in held if rows is not None and rows.height] == [["c1"]]


def test_an_order_that_came_when_its_clicks_were_let_go_reads_them_back():
    shop = Shop(keep=20).arrive(clicked(0, at=95))
    shop.close(98)
    assert shop.arrive(placed(1, at=100)).claims() == ["c1"]
    shop.close(99)
    assert shop.arrive(placed(2, event_id="e2", at=110, kind="amended")).claims() == ["c1"]
    assert shop.asked_back == ["v1", "v1"]


@settings(max_examples=100)
@given(st.lists(drafts, max_size=10), st.data())
def test_any_arrival_and_batching_ends_as_if_all_had_been_there_at_once(drawn, data):
    messages = [draft(offset) for offset, draft in enumerate(drawn)]
    arrived = data.draw(st.permutations(messages))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(messages)), max_size=4)) | {0, len(messages)})
    shop = Shop()
    for start, end in pairwise(cuts):
        shop.arrive(*arrived[start:end])
    assert shop.said == from_scratch(messages)
    assert shop.shards_that_know() == {
        order_id: {shard_of(said.order.visitor_id, SHARDS)}
        for order_id, said in shop.said.items()
        if said.order.visitor_id is not None
    }


@settings(max_examples=200)
@given(st.lists(drafts, max_size=12), st.data())
def test_letting_go_at_any_time_changes_nothing(drawn, data):
    """Horizons come as they like, also ahead of what arrives; a click repeated with another time is not among it."""
    messages = [draft(offset) for offset, draft in enumerate(drawn)]
    for topic, row in messages:
        if topic == "clicks":
            row["event_id"] += f"@{row['occurred_at']}"
    shop = Shop(keep=data.draw(st.integers(0, 20)))
    for message in data.draw(st.permutations(messages)):
        shop.arrive(message)
        if data.draw(st.booleans()):
            shop.close(data.draw(st.integers(90, 112)))
    assert shop.said == from_scratch(messages)
