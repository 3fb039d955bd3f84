"""Attribute: orders meet their redemptions, then the clicks of their visitors, and every claim is weighed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import apache_beam as beam
import polars as pl
from apache_beam.utils.shared import Shared

from pipelines import metrics
from pipelines.records import Attributed, Passed, Piece, Rows, Share
from pipelines.rules.attribution import Rules
from pipelines.rules.links import LinkAssignment
from pipelines.stages.counters import StageCounter
from pipelines.stages.landed import Landed
from pipelines.stages.revisions import revision_rows
from pipelines.stages.shards import OrderShard, VisitorShard
from pipelines.stages.tokens import OF_TOKEN, Turn, WorkingSets
from pipelines.stores.lake import Lake

ORDERS_AT_ONCE = 10_000  # whose claims and credits are in memory as objects, at some kilobytes each


@dataclass
class Attribute(beam.PTransform):
    """Attributes anew every order that an arriving row touches, from all that is known of it.

    In:       PCollection[Rows | Passed], resolved; repeats and any order of arrival end alike.
    Out:      PCollection[Attributed], one at least for every element, with the shares of their blocks.
    Key:      the lane of the order, then of every visitor that it ever named: a lane is some of the shards.
    State:    one token a lane, renewed at every element: it gives the lane one owner and tells whether
              the working set in this worker's memory is current. If not, it is filled from the lake.
              The memory holds what occurred in the last `keep` microseconds before the watermark; what is
              older is read back from the lake when an element touches it.
    Timer:    none; a late element attributes its orders again when it comes.
    Counters: attribute/in (orders that a row may touch), attribute/out (attributions).
    """

    lake: Lake
    rules: Rules
    links: list[LinkAssignment]
    shards: int
    new_token: Callable[[], str]
    keep: int
    landed_before: Mapping[str, int] | None = None
    """The version of each landing table that a shard is first filled from; what lands later arrives by itself."""
    now: Callable[[], datetime] | None = None
    """Given for an endless run: what falls behind the horizon is then let go of."""
    lanes: int = 1
    """The keys of this run, each of every `lanes`-th shard: one for each worker that shall work at once."""

    def __post_init__(self) -> None:
        if self.shards < 1:
            raise ValueError(f"shards is {self.shards}: give at least one")
        if self.lanes < 1 or self.shards % self.lanes:
            raise ValueError(f"lanes is {self.lanes}: give a divisor of the {self.shards} shards")
        if self.keep < 0:
            raise ValueError(f"keep is {self.keep} microseconds: give none or more")
        super().__init__()

    def expand(self, rows: beam.PCollection[Piece]) -> beam.PCollection[Attributed]:
        return (
            rows
            | "ByLane" >> beam.FlatMap(_by_lane, self.lanes).with_output_types(tuple[int, Piece])
            | "Assemble" >> beam.ParDo(_Assemble(self)).with_output_types(tuple[int, Piece])
            | "WeighClaims" >> beam.ParDo(_WeighClaims(self)).with_output_types(Attributed)
        )


def _by_lane(block: Piece, lanes: int) -> Iterator[tuple[int, Piece]]:
    if not isinstance(block, Rows):
        yield 0, block
        return
    parts = block.rows.with_columns(pl.col("shard") % lanes).partition_by("shard", as_dict=True)
    for ((lane,), rows), share in zip(parts.items(), _split(block.share, len(parts)), strict=True):
        yield int(lane), Rows(block.topic, rows, share)


def _split(share: Share | None, pieces: int) -> list[Share | None]:
    return [None] * pieces if share is None or not pieces else list(share.split(pieces))


class _OfShard(beam.DoFn):
    """What both keyed steps share: the token that says whose working set a shard is, and the horizon."""

    STEP: ClassVar[str]

    def __init__(self, transform: Attribute, shard_of: Callable[..., Any]) -> None:
        self._transform = transform
        self._shard_of = shard_of
        self._lanes = transform.lanes
        self._shared = Shared()  # the working sets are of the process, not of one instance of this class

    def setup(self) -> None:
        given = self._transform

        def fill() -> WorkingSets[Any]:
            landed = Landed(given.lake, given.links, given.shards, given.keep, given.lanes, given.landed_before)
            return WorkingSets(partial(self._shard_of, landed), landed.horizon)

        self._sets: WorkingSets[Any] = self._shared.acquire(fill)

    def _keep(self, lane: int, token: Any, held: OrderShard | VisitorShard, turn: Turn) -> None:
        """Keeps what the element left of the working set, under a token that no earlier state has."""
        if self._transform.now is not None:
            self._sets.close(held, self._transform.now())
        fresh = self._transform.new_token()
        token.write(fresh)
        self._sets.put(lane, fresh, held, turn)
        metrics.holding(type(self).STEP, lane, held.size)


class _Assemble(_OfShard):
    STEP = "assemble"

    def __init__(self, transform: Attribute) -> None:
        super().__init__(transform, Landed.order_shard)

    def process(self, element: tuple[int, Piece], token: Any = OF_TOKEN) -> Iterator[tuple[int, Piece]]:
        lane, arrived = element
        if not isinstance(arrived, Rows) or arrived.topic == "clicks":
            yield element  # keyed by visitor already; two chains to flatten would make a runner buffer both
            return
        held, turn = self._sets.take(lane, token.read())
        sets = list(held.sets(held.add(arrived), self._lanes))
        if not sets:
            yield lane, Passed(arrived.share)
        for (home, orders), share in zip(sets, _split(arrived.share, len(sets)), strict=True):
            yield home, replace(orders, share=share)
        self._keep(lane, token, held, turn)


class _WeighClaims(_OfShard):
    STEP = "weigh_claims"

    def __init__(self, transform: Attribute) -> None:
        super().__init__(transform, Landed.visitor_shard)
        self._in = StageCounter("attribute", "in")
        self._out = StageCounter("attribute", "out")

    def process(self, element: tuple[int, Piece], token: Any = OF_TOKEN) -> Iterator[Attributed]:
        lane, arrived = element
        if isinstance(arrived, Passed):
            yield Attributed(None, arrived.share)
            return
        held, turn = self._sets.take(lane, token.read())
        touched = held.add(arrived)
        rules, links = self._transform.rules, self._transform.links
        starts = range(0, max(1, len(touched)), ORDERS_AT_ONCE)
        for start, share in zip(starts, _split(arrived.share, len(starts)), strict=True):
            orders = touched[start : start + ORDERS_AT_ONCE]
            attributions, none, evidence = held.attribute(orders, rules, links, lane, self._lanes)
            self._in.inc(len(orders))
            self._out.inc(len(attributions))
            rows = revision_rows(attributions, none, evidence) if attributions or none else None
            yield Attributed(rows, share)
        self._keep(lane, token, held, turn)
