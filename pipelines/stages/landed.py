"""Landed: what the lake knows of a lane, when a worker's memory does not."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import polars as pl

from pipelines.columnar.links import LinkResolver
from pipelines.failures import LakeUnavailable
from pipelines.records import OrderSets, Rows
from pipelines.rules.attribution import DAY
from pipelines.rules.decoding import EPOCH
from pipelines.rules.links import LinkAssignment
from pipelines.stages.resolve import COLUMNS, as_read
from pipelines.stages.shards import OrderShard, VisitorShard
from pipelines.stages.working_set import BEGINNING
from pipelines.stores.lake import WATERMARK, Lake
from pipelines.stores.tables import LANDING

ORDER_TOPICS = ("orders", "redemptions")


@dataclass
class Landed:
    """Fills a shard's working set with what occurred since the horizon, and reads back what is older when asked.

    Of visitors with an order since the horizon it also holds the clicks of `keep` before it.

    The horizon is a UTC midnight at least `keep` microseconds behind the lake's watermark: what occurred since is
    in memory, of what is older only which orders there are. A shard that this run meets for the first time gets
    its part of one read of all shards, at `versions` of the tables where they are given (what lands later arrives
    by itself); a shard that another worker had is read anew.
    """

    lake: Lake
    links: list[LinkAssignment]
    shards: int
    keep: int
    lanes: int
    versions: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        self._parts: dict[str, dict[int, pl.DataFrame]] = {}
        self._sets: dict[int, OrderSets] | None = None
        self._handed_out: set[tuple[str, int]] = set()
        self._resolver = LinkResolver(self.links)
        self._lock = threading.Lock()
        self._first_horizon = self.horizon()

    def horizon(self) -> int:
        """As of now, in microseconds."""
        return horizon_of(self.lake, self.keep)

    def order_shard(self, lane: int, *, is_first: bool = False) -> OrderShard:
        """Every message of the shard's orders and of their redemptions since the horizon."""
        horizon = self._first_horizon if is_first else self.horizon()
        filled = OrderShard(horizon, partial(self._messages, lane))
        for topic in ORDER_TOPICS:
            filled.add(Rows(topic, self._of_lane(topic, lane, horizon, is_first=is_first)))
            filled.closed.add(self._closed(topic, lane, horizon))
        return filled

    def visitor_shard(self, lane: int, *, is_first: bool = False) -> VisitorShard:
        """The clicks of the shard's visitors since the horizon, and every order since that ever named one of them."""
        horizon = self._first_horizon if is_first else self.horizon()
        filled = VisitorShard(horizon, self.keep, partial(self._clicks, lane), partial(self._orders_of, lane))
        filled.add_clicks(self._of_lane("clicks", lane, horizon, is_first=is_first))
        if (sets := self._sets_of_lane(lane, horizon, is_first=is_first)) is not None:
            filled.add_orders(sets)
            if horizon > BEGINNING:
                buyers, since = filled.orders_of.keys(), horizon - self.keep
                for older in self._clicks(lane, buyers, since, horizon):
                    filled.clicks.add(older.rows)
                filled.clicks_since = dict.fromkeys(buyers, since)
        return filled

    def _of_lane(self, topic: str, lane: int, horizon: int, *, is_first: bool) -> pl.DataFrame:
        if not self._hand_out(topic, lane, is_first=is_first):
            return self._since(topic, horizon, self._in(lane))
        with self._lock:
            if topic not in self._parts:
                parts = self._since(topic, horizon, None, self.versions).with_columns(pl.col("shard") % self.lanes)
                by_lane = parts.partition_by("shard", as_dict=True)
                self._parts[topic] = {int(lane): rows for (lane,), rows in by_lane.items()}
            found = self._parts[topic].pop(lane, None)
        return self._none(topic) if found is None else found

    def _sets_of_lane(self, lane: int, horizon: int, *, is_first: bool) -> OrderSets | None:
        if not self._hand_out("sets", lane, is_first=is_first):
            return self._sets_since(horizon).get(lane)
        with self._lock:
            if self._sets is None:
                self._sets = self._sets_since(horizon, self.versions)
            return self._sets.pop(lane, None)

    def _in(self, lane: int) -> pl.Expr:
        """The rows of a lane: of every `lanes`-th shard."""
        return pl.col("shard").is_in(list(range(lane, self.shards, self.lanes)))

    def _hand_out(self, what: str, lane: int, *, is_first: bool) -> bool:
        """Whether the shard gets its part of the one read of all: once, then it is there no more."""
        with self._lock:
            is_there = is_first and (what, lane) not in self._handed_out
            self._handed_out.add((what, lane))
            return is_there

    def _sets_since(self, horizon: int, versions: Mapping[str, int] | None = None) -> dict[int, OrderSets]:
        """Whole, each order with a message since the horizon, by the shards of its visitors."""
        since = {topic: self._since(topic, horizon, None, versions) for topic in ORDER_TOPICS}
        orders = pl.concat([rows["order_id"] for rows in since.values()]).unique()
        return self._sets_of(orders, horizon, [Rows(topic, rows) for topic, rows in since.items()])

    def _sets_of(self, orders: pl.Series, horizon: int, known: Sequence[Rows]) -> dict[int, OrderSets]:
        """These orders' whole sets: what is known of them, and their messages from before the horizon."""
        every = OrderShard()
        for rows in (*known, *self._messages(None, orders.to_list(), horizon)):
            every.add(rows)
        return dict(every.sets(orders, self.lanes))

    def _messages(self, lane: int | None, orders: Sequence[str], before: int) -> Iterator[Rows]:
        """The messages of these orders, of one shard or of all, that occurred before an instant."""
        if before == BEGINNING or not orders:
            return
        named = pl.col("order_id").is_in(_texts(orders))
        for topic in ORDER_TOPICS:
            yield Rows(topic, self._before(topic, before, named, lane))

    def _clicks(self, lane: int, visitors: pl.Series, since: int, before: int) -> Iterator[Rows]:
        """The clicks of these visitors of the shard from one instant on, up to another."""
        named = pl.col("visitor_id").is_in(_texts(visitors))
        rows = self._before("clicks", before, named & (pl.col("day") >= _day(since)), lane)
        yield Rows("clicks", rows.filter(pl.col("occurred_at") >= since))

    def _orders_of(self, lane: int, visitors: pl.Series, before: int) -> Iterator[OrderSets]:
        """Whole, the orders that named one of these visitors of the shard before an instant."""
        named = self._before("orders", before, pl.col("visitor_id").is_in(_texts(visitors)), None)["order_id"]
        since = [self._since(topic, before, pl.col("order_id").is_in(_texts(named))) for topic in ORDER_TOPICS]
        known = [Rows(topic, rows) for topic, rows in zip(ORDER_TOPICS, since, strict=True)]
        if (sets := self._sets_of(named.unique(), before, known).get(lane)) is not None:
            yield sets

    def _closed(self, topic: str, lane: int, horizon: int) -> pl.Series:
        """The ids of the shard's orders that have messages from before the horizon."""
        if horizon == BEGINNING:
            return pl.Series("order_id", dtype=pl.String)
        where = (pl.col("day") < _day(horizon)) & (self._in(lane))
        return self.lake.read(topic, ["order_id"], where)["order_id"]

    def _since(
        self, topic: str, horizon: int, where: pl.Expr | None, versions: Mapping[str, int] | None = None
    ) -> pl.DataFrame:
        since = None if horizon == BEGINNING else pl.col("day") >= _day(horizon)
        both = where if since is None else since if where is None else since & where
        try:
            rows = self.lake.read(topic, COLUMNS[topic], both, None if versions is None else versions[topic])
        except LakeUnavailable:
            if versions is None:
                raise
            rows = self.lake.read(topic, COLUMNS[topic], both)  # of a run's first versions files may be gone by now
        return as_read(topic, rows, self._resolver)

    def _before(self, topic: str, before: int, where: pl.Expr, lane: int | None) -> pl.DataFrame:
        if before == BEGINNING:
            return self._none(topic)
        where = where & (pl.col("day") < _day(before))
        where = where if lane is None else where & (self._in(lane))
        return as_read(topic, self.lake.read(topic, COLUMNS[topic], where), self._resolver)

    def _none(self, topic: str) -> pl.DataFrame:
        return as_read(topic, pl.DataFrame(schema=pl.Schema(LANDING[topic])), self._resolver)


def _texts(values: Iterable[str]) -> pl.Expr:
    return pl.lit(pl.Series(list(values), dtype=pl.String)).implode()


def horizon_of(lake: Lake, keep: int) -> int:
    """A UTC midnight at least `keep` behind the lake's watermark, in microseconds."""
    watermark = lake.transactions("order_attributions", [WATERMARK]).get(WATERMARK)
    return BEGINNING if watermark is None else (watermark - keep) // DAY * DAY


def _day(instant: int) -> date:
    return EPOCH.date() + timedelta(days=instant // DAY)
