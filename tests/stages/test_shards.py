"""Shards: whatever arrives when, each order ends attributed once, by its visitor's shard, from all that is known."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.records import Rows
from pipelines.rules.attribution import Rules
from pipelines.rules.claims import Click
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, Redemption, order_state
from pipelines.stages.decode import shard_of
from pipelines.stages.resolve import LINK_REASONS, NO_ROW, NOT_VALID
from pipelines.stages.shards import OrderShard, VisitorShard

SHARDS = 4
WINDOW = 10
VISITORS = ["v1", "v2", "v3"]  # the first and the last are of one shard
LINKS = [LinkAssignment("l-x", "x", "c"), LinkAssignment("l-y", "y", "c")]
RULES = Rules(
    codes=CodeRoster([CodeAssignment("ALEX", "alex", "c")]),
    exchange=Exchange("USD", {}),
    own_customer={},
    policy="code_wins",
    window=WINDOW,
    half_life=5,
    path_transform="none",
)
SCHEMAS = {
    "orders": {
        "partition": pl.Int32,
        "offset": pl.Int64,
        "shard": pl.Int32,
        "order_id": pl.String,
        "event_id": pl.String,
        "occurred_at": pl.Int64,
        "kind": pl.String,
        "customer_id": pl.String,
        "visitor_id": pl.String,
        "currency": pl.String,
        "subtotal_minor": pl.Int64,
        "discount_minor": pl.Int64,
        "normalised_codes": pl.List(pl.String),
        "refund_amount": pl.String,
        "is_new_customer": pl.Boolean,
    },
    "redemptions": {
        "partition": pl.Int32,
        "offset": pl.Int64,
        "shard": pl.Int32,
        "order_id": pl.String,
        "event_id": pl.String,
        "occurred_at": pl.Int64,
        "normalised_code": pl.String,
    },
    "clicks": {
        "partition": pl.Int32,
        "offset": pl.Int64,
        "shard": pl.Int32,
        "visitor_id": pl.String,
        "event_id": pl.String,
        "occurred_at": pl.Int64,
        "is_bot": pl.Boolean,
        "link": pl.Int32,
    },
}


def placed(offset, order_id="o4", visitor="v1", event_id="e1", at=100, kind="placed", subtotal=1_000, partition=0):
    row = {"partition": partition, "offset": offset, "shard": shard_of(order_id, SHARDS), "order_id": order_id}
    row |= {"event_id": event_id, "occurred_at": at, "kind": kind, "customer_id": None, "visitor_id": visitor}
    row |= {"currency": "USD", "subtotal_minor": subtotal, "discount_minor": 0, "normalised_codes": None}
    return "orders", row | {"refund_amount": None, "is_new_customer": None}


def redeemed(offset, order_id="o4", event_id="r1", at=100, code="alex", partition=0):
    row = {"partition": partition, "offset": offset, "shard": shard_of(order_id, SHARDS), "order_id": order_id}
    return "redemptions", row | {"event_id": event_id, "occurred_at": at, "normalised_code": code}


def clicked(offset, visitor="v1", event_id="c1", at=95, link=0, is_bot=False, partition=0):
    row = {"partition": partition, "offset": offset, "shard": shard_of(visitor, SHARDS), "visitor_id": visitor}
    return "clicks", row | {"event_id": event_id, "occurred_at": at, "is_bot": is_bot, "link": link}


class Shop:
    """All shards, wired as the stage wires them; `said` holds each order's latest attribution and who gave it."""

    def __init__(self):
        self.of_orders = {n: OrderShard() for n in range(SHARDS)}
        self.of_visitors = {n: VisitorShard() for n in range(SHARDS)}
        self.said = {}
        self.shards_that_spoke = {}

    def arrive(self, *messages):
        """One block for each topic, in the order of the messages' first."""
        self.shards_that_spoke = {}
        for topic in dict.fromkeys(topic for topic, _ in messages):
            rows = pl.DataFrame([row for t, row in messages if t == topic], schema=SCHEMAS[topic])
            for (shard,), part in rows.partition_by("shard", as_dict=True).items():
                self._meet(topic, int(shard), part)
        return self

    def _meet(self, topic, shard, rows):
        if topic == "clicks":
            self._weigh(shard, self.of_visitors[shard].add_clicks(rows))
            return
        self.of_orders[shard].add(Rows(topic, rows))
        for home, sets in self.of_orders[shard].sets(rows["order_id"], SHARDS):
            self._weigh(home, self.of_visitors[home].add_orders(sets))

    def _weigh(self, shard, touched):
        attributions, none, _ = self.of_visitors[shard].attribute(touched, RULES, LINKS, shard, SHARDS)
        for attribution in attributions:
            self.said[attribution.order.order_id] = attribution
            self.shards_that_spoke.setdefault(attribution.order.order_id, set()).add(shard)
        for order_id in none:
            self.said.pop(order_id, None)

    def shards_that_know(self):
        """Asked for all orders, the shards that attribute each one that has a visitor."""
        found = {}
        for shard, held in self.of_visitors.items():
            known = held.attribute(pl.Series("order_id", ["o4", "o2"]), RULES, LINKS, shard, SHARDS)[0]
            for order in (attribution.order for attribution in known if attribution.order.visitor_id is not None):
                found.setdefault(order.order_id, set()).add(shard)
        return found

    def claims(self, order_id="o4"):
        return [claim.claim_id for claim in self.said[order_id].claims]


def first_of_each(messages, topic, key):
    """The messages that count, by key and event: of each the one of the least (partition, offset)."""
    counted = {}
    for row in sorted((row for t, row in messages if t == topic), key=lambda row: (row["partition"], row["offset"])):
        counted.setdefault((row[key], row["event_id"]), row)
    return list(counted.values())


def from_scratch(messages):
    """Every order as the contract has it: a function of the set of its messages."""
    said = ("order_id", "event_id", "occurred_at", "kind", "visitor_id", "currency", "subtotal_minor")
    events = [OrderEvent(**{n: row[n] for n in said}) for row in first_of_each(messages, "orders", "order_id")]
    orders = [order_state([e for e in events if e.order_id == order_id]) for order_id in {e.order_id for e in events}]
    clicks = first_of_each(messages, "clicks", "visitor_id")
    return {o.order_id: RULES.attribute(o, sent_for(o, messages), seen_by(o, clicks)) for o in orders if o is not None}


def sent_for(order, messages):
    rows = [row for row in first_of_each(messages, "redemptions", "order_id") if row["order_id"] == order.order_id]
    return [Redemption(row["event_id"], row["occurred_at"], row["normalised_code"]) for row in rows]


def seen_by(order, clicks):
    inside = range(order.ordered_at - WINDOW, order.ordered_at + 1)
    its = [row for row in clicks if row["visitor_id"] == order.visitor_id and row["occurred_at"] in inside]
    found = {NO_ROW: None, NOT_VALID: None, **dict(enumerate(LINKS))}
    return [
        Click(row["event_id"], row["occurred_at"], found[row["link"]], LINK_REASONS.get(row["link"]), row["is_bot"])
        for row in its
        if row["link"] != NO_ROW
    ]


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


def test_an_earlier_message_takes_a_click_back():
    shop = Shop().arrive(placed(0), clicked(5))
    assert shop.claims() == ["c1"]
    assert shop.arrive(clicked(4, link=NO_ROW)).claims() == []


def test_an_earlier_message_moves_an_order_to_another_visitor():
    shop = Shop().arrive(placed(5, visitor="v1"), clicked(0, "v1", "c1"), clicked(1, "v2", "c2"))
    shop.arrive(placed(4, visitor="v2"))
    assert (shop.claims(), shop.shards_that_spoke) == (["c2"], {"o4": {shard_of("v2", SHARDS)}})


def test_an_order_that_is_none_any_more_is_said_to_be_none():
    shop = Shop().arrive(placed(5))
    assert shop.arrive(placed(4, kind="amended")).said == {}


visitors = st.sampled_from([None, *VISITORS])
order_ids = st.sampled_from(["o4", "o2"])
event_ids = st.sampled_from(["e1", "e2"])
instants = st.integers(95, 105)
kinds = st.sampled_from(["placed", "placed", "amended", "cancelled"])
drafts = st.one_of(
    st.builds(
        lambda order_id, visitor, event_id, at, kind, subtotal: (
            lambda offset: placed(offset, order_id, visitor, event_id, at, kind, subtotal)
        ),
        *(order_ids, visitors, event_ids, instants, kinds, st.integers(0, 3)),
    ),
    st.builds(
        lambda order_id, event_id, at, code: lambda offset: redeemed(offset, order_id, event_id, at, code),
        *(order_ids, event_ids, instants, st.sampled_from(["alex", "nobody"])),
    ),
    st.builds(
        lambda visitor, event_id, at, link: lambda offset: clicked(offset, visitor, event_id, at, link),
        *(st.sampled_from(VISITORS), event_ids, instants, st.sampled_from([0, 1, NO_ROW, NOT_VALID])),
    ),
)


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
