"""Landed: what the lake knows of a shard, when a worker's memory does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
import pyarrow.compute as pc

from pipelines.records import OrderSets, Rows
from pipelines.rules.links import LinkAssignment
from pipelines.stages.resolve import COLUMNS, LinkResolver
from pipelines.stages.shards import OrderShard, VisitorShard
from pipelines.stores.lake import Lake

ORDER_TOPICS = ("orders", "redemptions")


@dataclass
class Landed:
    """Fills a shard's working set with what has landed: up to `versions` of the tables, or now where they are None.

    A worker that owns every shard reads fixed versions once for all of them; each shard's part is handed out
    once and, should it be asked for again, read again.
    """

    lake: Lake
    links: list[LinkAssignment]
    shards: int
    versions: Mapping[str, int] | None
    _resolver: LinkResolver | None = field(default=None, init=False)
    _rows: dict[str, dict[int, pl.DataFrame]] = field(default_factory=dict, init=False)
    _sets: dict[int, OrderSets] = field(default_factory=dict, init=False)

    def order_shard(self, shard: int) -> OrderShard:
        """Every message of the shard's orders and of their redemptions."""
        filled = OrderShard()
        for topic in ORDER_TOPICS:
            filled.add(Rows(topic, self._of_shard(topic, shard)))
        return filled

    def visitor_shard(self, shard: int) -> VisitorShard:
        """The clicks of the shard's visitors, and every order that ever named one of them."""
        filled = VisitorShard()
        filled.add_clicks(self._of_shard("clicks", shard))
        if self.versions is None or shard not in self._sets:
            self._sets = self._all_sets()
        if (sets := self._sets.pop(shard, None)) is not None:
            filled.add_orders(sets)
        return filled

    def _of_shard(self, topic: str, shard: int) -> pl.DataFrame:
        if self.versions is not None and topic not in self._rows:
            by_shard = self._read(topic, None).partition_by("shard", as_dict=True)
            self._rows[topic] = {int(key): rows for (key,), rows in by_shard.items()}
        held = self._rows.get(topic, {}).pop(shard, None)
        return self._read(topic, pc.field("shard") == shard) if held is None else held

    def _all_sets(self) -> dict[int, OrderSets]:
        everything = OrderShard()
        orders = self._read("orders", None)
        everything.add(Rows("orders", orders))
        everything.add(Rows("redemptions", self._read("redemptions", None)))
        return dict(everything.sets(orders["order_id"], self.shards))

    def _read(self, topic: str, where: pc.Expression | None) -> pl.DataFrame:
        if self._resolver is None:
            self._resolver = LinkResolver(self.links)
        version = None if self.versions is None else self.versions[topic]
        return self._resolver.resolved(topic, self.lake.read(topic, COLUMNS[topic], where, version))
