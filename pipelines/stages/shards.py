"""Shards: what one shard of orders, and one of visitors, knows and says when rows arrive."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import polars as pl

from pipelines.columnar.links import LINK_REASONS, NO_ROW
from pipelines.columnar.repeats import one_message_each, without_repeats_of
from pipelines.records import Block, OrderSets, Rows
from pipelines.rules.attribution import Attribution, Rules
from pipelines.rules.claims import Click
from pipelines.rules.links import LinkAssignment
from pipelines.rules.orders import Order, OrderEvent, Redemption, order_state
from pipelines.stages.decode import shard_of
from pipelines.stages.working_set import BEGINNING, Closed, Runs, Size, size_of

_EVENT = (
    *("order_id", "event_id", "occurred_at", "kind", "customer_id", "visitor_id", "currency"),
    *("subtotal_minor", "discount_minor", "normalised_codes", "refund_amount", "is_new_customer"),
)
_REDEMPTION = ("order_id", "event_id", "occurred_at", "normalised_code")
_CLICK = ("order_id", "event_id", "clicked_at", "link", "is_bot")
A_MESSAGE = 1 << 32  # of an order's own, in evidence: more than all clicks together


def _nothing(*_: object) -> tuple[()]:
    return ()


@dataclass
class OrderShard:
    """The messages of this shard's orders, and of their redemptions, that occurred at or after the horizon.

    `earlier` reads an order's older messages back; `closed` knows which orders have some.
    """

    horizon: int = BEGINNING
    earlier: Callable[[Sequence[str], int], Iterable[Rows]] = _nothing
    events: Runs = field(default_factory=lambda: Runs("order_id"))
    redemptions: Runs = field(default_factory=lambda: Runs("order_id"))
    closed: Closed = field(default_factory=Closed)

    @property
    def size(self) -> Size:
        return size_of((self.events, self.redemptions), len(self.closed))

    def add(self, arrived: Rows) -> pl.Series:
        """Keeps what arrived, but for repeats of what counts already; the ids of the orders that the rest touches."""
        runs = self.events if arrived.topic == "orders" else self.redemptions
        held = runs.gather(arrived.rows["order_id"])
        counting = without_repeats_of(held, arrived.rows, "order_id", "event_id")
        runs.add(counting)
        return counting["order_id"]

    def close(self, horizon: int) -> None:
        """Lets go of what is older than a later horizon."""
        self.horizon = horizon
        for runs in (self.events, self.redemptions):
            self.closed.add(runs.drop_before("occurred_at", horizon))

    def sets(self, order_ids: pl.Series, shards: int) -> Iterator[tuple[int, OrderSets]]:
        """The whole event sets of these orders, for each shard whose visitors they ever named.

        Named counts even if only a repeat said so that no longer counts: that shard may believe the order
        to be its own. An order that names nobody stays in its own shard. One without events waits here.
        """
        if missing := self.closed.recall(order_ids):
            for rows in self.earlier(missing, self.horizon):
                self.add(rows)
        events = self.events.gather(order_ids)
        if events is None or not events.height:
            return
        redemptions = self.redemptions.gather(order_ids)
        visitors = events["visitor_id"].to_list()
        own = (events["shard"] % shards).to_list()
        homes = [own[i] if visitor is None else shard_of(visitor, shards) for i, visitor in enumerate(visitors)]
        named = events.select("order_id").with_columns(home=pl.Series(homes, dtype=pl.Int32)).unique()
        for (home,), orders in named.partition_by("home", as_dict=True).items():
            ids = orders["order_id"].implode()
            here = pl.col("order_id").is_in(ids)
            yield int(home), OrderSets(events.filter(here), None if redemptions is None else redemptions.filter(here))


@dataclass
class VisitorShard:
    """The clicks of this shard's visitors since the horizon, and every order with a message since that named one.

    Such an order is here whole. Its visitors' clicks stay for `keep` before the horizon too, so that a refund need
    not read back what the order's window held; `clicks_since` says how far back a visitor's clicks are whole, if
    further than to the horizon. `earlier_clicks` reads older ones back, from an instant on up to the horizon;
    `earlier_orders` the orders that named visitors before it. Microseconds.
    """

    horizon: int = BEGINNING
    keep: int = 0
    earlier_clicks: Callable[[pl.Series, int, int], Iterable[Rows]] = _nothing
    earlier_orders: Callable[[pl.Series, int], Iterable[OrderSets]] = _nothing
    clicks: Runs = field(default_factory=lambda: Runs("visitor_id"))
    events: Runs = field(default_factory=lambda: Runs("order_id"))
    redemptions: Runs = field(default_factory=lambda: Runs("order_id"))
    orders_of: Runs = field(default_factory=lambda: Runs("visitor_id"))
    clicks_since: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> Size:
        return size_of((self.clicks, self.events, self.redemptions, self.orders_of))

    def add(self, arrived: Block) -> pl.Series:
        """Keeps what arrived: clicks, or orders' event sets; the ids of the orders that it may touch."""
        if isinstance(arrived, OrderSets):
            return self.add_orders(arrived)
        if isinstance(arrived, Rows):
            return self.add_clicks(arrived.rows)
        raise TypeError(f"a shard of visitors takes clicks and event sets, not {type(arrived).__name__}")

    def add_clicks(self, clicks: pl.DataFrame) -> pl.Series:
        """Keeps the clicks; the orders that they may touch, also such as were let go: repeats touch none."""
        self.clicks.add(clicks)
        late = clicks.filter(pl.col("occurred_at") < self.horizon)["visitor_id"]
        if len(late):
            for sets in self.earlier_orders(late.unique(), self.horizon):
                self.add_orders(sets)
        orders = self.orders_of.gather(clicks["visitor_id"])
        if orders is None:
            return pl.Series("order_id", dtype=pl.String)
        identity = ["visitor_id", "event_id"]
        of_buyers = clicks.join(orders, on="visitor_id", how="semi")
        held = self.clicks.gather(of_buyers["visitor_id"])  # also the messages that these clicks replace
        if held is None:
            return pl.Series("order_id", dtype=pl.String)
        of_buyers = without_repeats_of(held, of_buyers, *identity)
        touched = held.join(of_buyers, on=identity, how="semi").join(orders, on="visitor_id")
        return touched.filter(pl.col("occurred_at") <= pl.col("placed_at"))["order_id"].unique()

    def add_orders(self, sets: OrderSets) -> pl.Series:
        """Keeps the orders' event sets; the orders that they touch: all."""
        self.events.add(sets.events)
        self.orders_of.add(_placed(sets.events))
        if sets.redemptions is not None:
            self.redemptions.add(sets.redemptions)
        return sets.events["order_id"].unique()

    def close(self, horizon: int) -> None:
        """Lets go of orders whose messages all are older than a later horizon, and of clicks that no order needs."""
        before, self.horizon = self.horizon, horizon
        runs = (self.events, self.redemptions)
        open_orders = pl.concat([one.keys_since("occurred_at", horizon) for one in runs]).implode()
        for one in (*runs, self.orders_of):
            one.keep(pl.col("order_id").is_in(open_orders))
        buyers, oldest = self.orders_of.keys(), horizon - self.keep
        since = self.clicks_since
        self.clicks_since = {buyer: max(oldest, since.get(buyer, before)) for buyer in buyers}
        at, is_of_buyer = pl.col("occurred_at"), pl.col("visitor_id").is_in(buyers.implode())
        self.clicks.keep((at >= horizon) | ((at >= oldest) & is_of_buyer))

    def attribute(
        self, order_ids: pl.Series, rules: Rules, links: Sequence[LinkAssignment], shard: int, shards: int
    ) -> tuple[list[Attribution], list[str], dict[str, int]]:
        """These orders' attributions, those that are of this shard; the ids of sets that are no order; the evidence.

        The evidence grows with what is known of an order, by its id: of two attributions the one with more is later.
        """
        events, redemptions = self.events.gather(order_ids), self.redemptions.gather(order_ids)
        orders, none = _orders(events)
        mine = [o for o in orders if shard_of(o.visitor_id or o.order_id, shards) == shard]
        sent = _sent(redemptions)
        clicks, seen = self._clicks(mine, rules.window, links)
        attributions = [rules.attribute(o, sent.get(o.order_id, ()), clicks.get(o.order_id, ())) for o in mine]
        return attributions, none, _evidence((events, redemptions), seen)

    def _clicks(
        self, orders: list[Order], window: int, links: Sequence[LinkAssignment]
    ) -> tuple[dict[str, list[Click]], dict[str, int]]:
        """Each order's clicks of its visitor inside the window, both ends included, that some link row matches.

        And of how many messages they were found among.
        """
        visiting = [(o.visitor_id, o.order_id, o.ordered_at) for o in orders if o.visitor_id is not None]
        schema = {"visitor_id": pl.String, "order_id": pl.String, "ordered_at": pl.Int64}
        orders_frame = pl.DataFrame(visiting, schema=schema, orient="row")
        rows = self._clicks_of(orders_frame, window)
        if rows is None or not rows.height:
            return {}, {}
        rows = rows.unique(["partition", "offset"]).with_row_index("message")
        counting = one_message_each(rows, "visitor_id", "event_id").filter(pl.col("link") != NO_ROW)["message"]
        age = pl.col("ordered_at") - pl.col("clicked_at")
        seen = (
            rows.rename({"occurred_at": "clicked_at"})
            .join(orders_frame, on="visitor_id")
            .filter((age >= 0) & (age <= window))
        )
        claiming = seen.filter(pl.col("message").is_in(counting.implode())).sort("order_id", "message")
        grouped = groupby(claiming.select(_CLICK).iter_rows(), key=itemgetter(0))
        clicks = {order_id: [_click(row, links) for row in its] for order_id, its in grouped}
        return clicks, dict(seen.group_by("order_id").len().iter_rows())

    def _clicks_of(self, orders: pl.DataFrame, window: int) -> pl.DataFrame | None:
        """The clicks of the orders' visitors, where a window begins before what is held of them with the older ones."""
        rows = self.clicks.gather(orders["visitor_id"])
        held = [self.clicks_since.get(visitor, self.horizon) for visitor in orders["visitor_id"]]
        old = orders.filter(pl.col("ordered_at") - window < pl.Series(held, dtype=pl.Int64))
        if not old.height:
            return rows
        since = int(old["ordered_at"].min()) - window  # type: ignore[arg-type]
        earlier = [found.rows for found in self.earlier_clicks(old["visitor_id"].unique(), since, self.horizon)]
        every = [frame for frame in (rows, *earlier) if frame is not None]
        return pl.concat(every) if every else None


def _orders(events: pl.DataFrame | None) -> tuple[list[Order], list[str]]:
    """The orders of these messages, and the ids of those whose messages make none."""
    if events is None:
        return [], []
    rows = one_message_each(events, "order_id", "event_id").sort("order_id", maintain_order=True)
    orders: list[Order] = []
    none: list[str] = []
    each = (OrderEvent(*row) for row in rows.select(_EVENT).iter_rows())
    for order_id, its in groupby(each, key=lambda event: event.order_id):
        order = order_state(list(its))
        if order is None:
            none.append(order_id)
        else:
            orders.append(order)
    return orders, none


def _sent(redemptions: pl.DataFrame | None) -> dict[str, list[Redemption]]:
    if redemptions is None or not redemptions.height:
        return {}
    rows = one_message_each(redemptions, "order_id", "event_id").sort("order_id", maintain_order=True)
    grouped = groupby(rows.select(_REDEMPTION).iter_rows(), key=itemgetter(0))
    return {order_id: [Redemption(*row[1:]) for row in its] for order_id, its in grouped}


def _evidence(messages: Iterable[pl.DataFrame | None], clicks: Mapping[str, int]) -> dict[str, int]:
    """How many messages stand behind each order: its own count for more than any number of clicks."""
    counted: Counter[str] = Counter(clicks)
    for rows in messages:
        if rows is not None:
            places = rows.group_by("order_id").agg(pl.struct("partition", "offset").n_unique())
            counted.update({order_id: count * A_MESSAGE for order_id, count in places.iter_rows()})
    return counted


def _placed(events: pl.DataFrame) -> pl.DataFrame:
    """Of each visitor that an order ever named, when it can have been placed at the latest: no later click is a claim.

    Null where nothing says that it was: then it is no order.
    """
    latest = pl.col("occurred_at").filter(pl.col("kind") == "placed").max()
    named = events.select("visitor_id", "order_id").unique()
    return named.join(events.group_by("order_id").agg(latest.alias("placed_at")), on="order_id")


def _click(row: tuple[str, str, int, int, bool], links: Sequence[LinkAssignment]) -> Click:
    _, event_id, clicked_at, link, is_bot = row
    return Click(event_id, clicked_at, links[link] if link >= 0 else None, LINK_REASONS.get(link), is_bot)
