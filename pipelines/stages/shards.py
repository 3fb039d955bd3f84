"""Shards: what one shard of orders, and one of visitors, knows and says when rows arrive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import polars as pl

from pipelines.records import Block, OrderSets, Rows
from pipelines.rules.attribution import Attribution, Rules
from pipelines.rules.claims import Click
from pipelines.rules.links import LinkAssignment
from pipelines.rules.orders import Order, OrderEvent, Redemption, order_state
from pipelines.stages.decode import shard_of
from pipelines.stages.resolve import LINK_REASONS, NO_ROW
from pipelines.stages.working_set import Runs, one_message_each

_EVENT = (
    *("order_id", "event_id", "occurred_at", "kind", "customer_id", "visitor_id", "currency"),
    *("subtotal_minor", "discount_minor", "normalised_codes", "refund_amount", "is_new_customer"),
)
_REDEMPTION = ("order_id", "event_id", "occurred_at", "normalised_code")
_CLICK = ("order_id", "event_id", "clicked_at", "link", "is_bot")


@dataclass
class OrderShard:
    """Every message of this shard's orders and of their redemptions."""

    events: Runs = field(default_factory=lambda: Runs("order_id"))
    redemptions: Runs = field(default_factory=lambda: Runs("order_id"))

    def add(self, arrived: Rows) -> None:
        (self.events if arrived.topic == "orders" else self.redemptions).add(arrived.rows)

    def sets(self, order_ids: pl.Series, shards: int) -> Iterator[tuple[int, OrderSets]]:
        """The whole event sets of these orders, for each shard whose visitors they ever named.

        Named counts even if only a repeat said so that no longer counts: that shard may believe the order
        to be its own. An order that names nobody stays in its own shard. One without events waits here.
        """
        events = self.events.gather(order_ids)
        if events is None or not events.height:
            return
        redemptions = self.redemptions.gather(order_ids)
        visitors = events["visitor_id"].to_list()
        own = events["shard"].to_list()
        homes = [own[i] if visitor is None else shard_of(visitor, shards) for i, visitor in enumerate(visitors)]
        named = events.select("order_id").with_columns(home=pl.Series(homes, dtype=pl.Int32)).unique()
        for (home,), orders in named.partition_by("home", as_dict=True).items():
            ids = orders["order_id"].implode()
            here = pl.col("order_id").is_in(ids)
            yield int(home), OrderSets(events.filter(here), None if redemptions is None else redemptions.filter(here))


@dataclass
class VisitorShard:
    """The clicks of this shard's visitors, and every order that ever named one of them."""

    clicks: Runs = field(default_factory=lambda: Runs("visitor_id"))
    events: Runs = field(default_factory=lambda: Runs("order_id"))
    redemptions: Runs = field(default_factory=lambda: Runs("order_id"))
    orders_of: Runs = field(default_factory=lambda: Runs("visitor_id"))

    def add(self, arrived: Block) -> pl.Series:
        """Keeps what arrived: clicks, or orders' event sets; the ids of the orders that it may touch."""
        if isinstance(arrived, OrderSets):
            return self.add_orders(arrived)
        if isinstance(arrived, Rows):
            return self.add_clicks(arrived.rows)
        raise TypeError(f"a shard of visitors takes clicks and event sets, not {type(arrived).__name__}")

    def add_clicks(self, clicks: pl.DataFrame) -> pl.Series:
        """Keeps the clicks; the orders that they may touch."""
        self.clicks.add(clicks)
        orders = self.orders_of.gather(clicks["visitor_id"])
        return pl.Series("order_id", dtype=pl.String) if orders is None else orders["order_id"].unique()

    def add_orders(self, sets: OrderSets) -> pl.Series:
        """Keeps the orders' event sets; the orders that they touch: all."""
        self.events.add(sets.events)
        self.orders_of.add(sets.events.select("visitor_id", "order_id").unique())
        if sets.redemptions is not None:
            self.redemptions.add(sets.redemptions)
        return sets.events["order_id"].unique()

    def attribute(
        self, order_ids: pl.Series, rules: Rules, links: Sequence[LinkAssignment], shard: int, shards: int
    ) -> tuple[list[Attribution], list[str]]:
        """These orders' attributions, those that are of this shard; and the ids of sets that are no order."""
        orders, none = self._orders(order_ids)
        mine = [o for o in orders if shard_of(o.visitor_id or o.order_id, shards) == shard]
        sent = self._sent([o.order_id for o in mine])
        clicks = self._clicks(mine, rules.window, links)
        attributions = [rules.attribute(o, sent.get(o.order_id, ()), clicks.get(o.order_id, ())) for o in mine]
        return attributions, none

    def _orders(self, order_ids: pl.Series) -> tuple[list[Order], list[str]]:
        rows = self.events.gather(order_ids)
        if rows is None:
            return [], []
        rows = one_message_each(rows, "order_id", "event_id").sort("order_id", maintain_order=True)
        events = (OrderEvent(*row) for row in rows.select(_EVENT).iter_rows())
        orders: list[Order] = []
        none: list[str] = []
        for order_id, its in groupby(events, key=lambda event: event.order_id):
            order = order_state(list(its))
            if order is None:
                none.append(order_id)
            else:
                orders.append(order)
        return orders, none

    def _sent(self, order_ids: list[str]) -> dict[str, list[Redemption]]:
        rows = self.redemptions.gather(order_ids)
        if rows is None or not rows.height:
            return {}
        rows = one_message_each(rows, "order_id", "event_id").sort("order_id", maintain_order=True)
        grouped = groupby(rows.select(_REDEMPTION).iter_rows(), key=itemgetter(0))
        return {order_id: [Redemption(*row[1:]) for row in its] for order_id, its in grouped}

    def _clicks(self, orders: list[Order], window: int, links: Sequence[LinkAssignment]) -> dict[str, list[Click]]:
        """Each order's clicks of its visitor inside the window, both ends included, that some link row matches."""
        visiting = [(o.visitor_id, o.order_id, o.ordered_at) for o in orders if o.visitor_id is not None]
        schema = {"visitor_id": pl.String, "order_id": pl.String, "ordered_at": pl.Int64}
        orders_frame = pl.DataFrame(visiting, schema=schema, orient="row")
        rows = self.clicks.gather(orders_frame["visitor_id"])
        if rows is None or not rows.height:
            return {}
        clicks = one_message_each(rows, "visitor_id", "event_id").filter(pl.col("link") != NO_ROW)
        age = pl.col("ordered_at") - pl.col("clicked_at")
        seen = (
            clicks.rename({"occurred_at": "clicked_at"})
            .join(orders_frame, on="visitor_id")
            .filter((age >= 0) & (age <= window))
            .sort("order_id", maintain_order=True)
        )
        grouped = groupby(seen.select(_CLICK).iter_rows(), key=itemgetter(0))
        return {order_id: [_click(row, links) for row in its] for order_id, its in grouped}


def _click(row: tuple[str, str, int, int, bool], links: Sequence[LinkAssignment]) -> Click:
    _, event_id, clicked_at, link, is_bot = row
    return Click(event_id, clicked_at, links[link] if link >= 0 else None, LINK_REASONS.get(link), is_bot)
