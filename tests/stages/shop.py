"""A shop for tests of shards: messages of orders, codes and clicks, all shards wired, and what is right."""

import polars as pl
from hypothesis import strategies as st

from pipelines.columnar.links import LINK_REASONS, NO_ROW, NOT_VALID
from pipelines.records import OrderSets, Rows
from pipelines.rules.attribution import Rules
from pipelines.rules.claims import Click
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, Redemption, order_state
from pipelines.stages.decode import shard_of
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
    """All shards, wired as the stage wires them; `said` holds each order's latest attribution and who gave it.

    What arrived is in `lake`, from where the shards read back what they let go of.
    """

    def __init__(self, keep=0):
        self.asked_back = []  # visitors whose older clicks were read back
        self.lake = {topic: pl.DataFrame(schema=schema) for topic, schema in SCHEMAS.items()}
        self.of_orders = {n: OrderShard(earlier=self._messages) for n in range(SHARDS)}
        self.of_visitors = {
            n: VisitorShard(keep=keep, earlier_clicks=self._clicks, earlier_orders=self._orders_of)
            for n in range(SHARDS)
        }
        self.said = {}
        self.shards_that_spoke = {}

    def arrive(self, *messages):
        """One block for each topic, in the order of the messages' first."""
        self.shards_that_spoke = {}
        for topic in dict.fromkeys(topic for topic, _ in messages):
            rows = pl.DataFrame([row for t, row in messages if t == topic], schema=SCHEMAS[topic])
            self.lake[topic] = pl.concat([self.lake[topic], rows])
            for (shard,), part in rows.partition_by("shard", as_dict=True).items():
                self._meet(topic, int(shard), part)
        return self

    def close(self, horizon):
        """Every shard lets go of what is older."""
        for held in (*self.of_orders.values(), *self.of_visitors.values()):
            held.close(max(horizon, held.horizon))

    def rows_held(self):
        held = [runs for s in self.of_orders.values() for runs in (s.events, s.redemptions)]
        held += [runs for s in self.of_visitors.values() for runs in (s.clicks, s.events, s.redemptions, s.orders_of)]
        return sum(len(runs) for runs in held)

    def _messages(self, order_ids, before):
        for topic in ("orders", "redemptions"):
            here = pl.col("order_id").is_in(list(order_ids)) & (pl.col("occurred_at") < before)
            yield Rows(topic, self.lake[topic].filter(here))

    def _clicks(self, visitors, since, before):
        self.asked_back += visitors.to_list()
        at = pl.col("occurred_at")
        here = pl.col("visitor_id").is_in(visitors.implode()) & (at >= since) & (at < before)
        yield Rows("clicks", self.lake["clicks"].filter(here))

    def _orders_of(self, visitors, before):
        here = pl.col("visitor_id").is_in(visitors.implode()) & (pl.col("occurred_at") < before)
        named = self.lake["orders"].filter(here)["order_id"].implode()
        whole = [self.lake[topic].filter(pl.col("order_id").is_in(named)) for topic in ("orders", "redemptions")]
        yield OrderSets(*whole)

    def _meet(self, topic, shard, rows):
        if topic == "clicks":
            self._weigh(shard, self.of_visitors[shard].add_clicks(rows))
            return
        touched = self.of_orders[shard].add(Rows(topic, rows))
        for home, sets in self.of_orders[shard].sets(touched, SHARDS):
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
