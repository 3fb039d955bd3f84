"""Attribute: orders meet their redemptions, then the clicks of their visitors, and every claim is weighed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from pipelines.records import Attributed, Passed, Piece, Rows, Share
from pipelines.rules.attribution import Rules
from pipelines.rules.links import LinkAssignment
from pipelines.stages.landed import Landed
from pipelines.stages.revisions import revision_rows
from pipelines.stages.shards import OrderShard, VisitorShard
from pipelines.stages.tokens import OF_TOKEN, WorkingSets
from pipelines.stores.lake import Lake


@dataclass
class Attribute(beam.PTransform):
    """Attributes anew every order that an arriving row touches, from all that is known of it.

    In:       PCollection[Rows | Passed], resolved; repeats and any order of arrival end alike.
    Out:      PCollection[Attributed], one at least for every element, with the shares of their blocks.
    Key:      the shard of the order, then of every visitor that it ever named.
    State:    one token a shard, renewed at every element: it gives the shard one owner and tells whether
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

    def __post_init__(self) -> None:
        if self.shards < 1:
            raise ValueError(f"shards is {self.shards}: give at least one")
        if self.keep < 0:
            raise ValueError(f"keep is {self.keep} microseconds: give none or more")
        super().__init__()

    def expand(self, rows: beam.PCollection[Piece]) -> beam.PCollection[Attributed]:
        return (
            rows
            | "ByShard" >> beam.FlatMap(_by_shard).with_output_types(tuple[int, Piece])
            | "Assemble" >> beam.ParDo(_Assemble(self)).with_output_types(tuple[int, Piece])
            | "WeighClaims" >> beam.ParDo(_WeighClaims(self)).with_output_types(Attributed)
        )


def _by_shard(block: Piece) -> Iterator[tuple[int, Piece]]:
    if not isinstance(block, Rows):
        yield 0, block
        return
    parts = block.rows.partition_by("shard", as_dict=True)
    for ((shard,), rows), share in zip(parts.items(), _split(block.share, len(parts)), strict=True):
        yield int(shard), Rows(block.topic, rows, share)


def _split(share: Share | None, pieces: int) -> list[Share | None]:
    return [None] * pieces if share is None or not pieces else list(share.split(pieces))


class _OfShard(beam.DoFn):
    """What both keyed steps share: the token that says whose working set a shard is, and the horizon."""

    def __init__(self, transform: Attribute) -> None:
        self._transform = transform
        self._shards = transform.shards
        self._shared = Shared()  # the working sets are of the process, not of one instance of this class

    def setup(self) -> None:
        given = self._transform

        def fill() -> WorkingSets[Any]:
            return self._working_sets(Landed(given.lake, given.links, given.shards, given.keep, given.landed_before))

        self._sets: WorkingSets[Any] = self._shared.acquire(fill)

    def _working_sets(self, landed: Landed) -> WorkingSets[Any]:
        raise NotImplementedError

    def _keep(self, shard: int, token: Any, held: OrderShard | VisitorShard) -> None:
        """Keeps what the element left of the working set, under a token that no earlier state has."""
        if self._transform.now is not None:
            self._sets.close(held, self._transform.now())
        fresh = self._transform.new_token()
        token.write(fresh)
        self._sets.put(shard, fresh, held)


class _Assemble(_OfShard):
    def _working_sets(self, landed: Landed) -> WorkingSets[Any]:
        return WorkingSets(landed.order_shard, landed.horizon)

    def process(self, element: tuple[int, Piece], token: Any = OF_TOKEN) -> Iterator[tuple[int, Piece]]:
        shard, arrived = element
        if not isinstance(arrived, Rows) or arrived.topic == "clicks":
            yield element  # keyed by visitor already; two chains to flatten would make a runner buffer both
            return
        held = self._sets.take(shard, token.read())
        held.add(arrived)
        sets = list(held.sets(arrived.rows["order_id"], self._shards))
        if not sets:
            yield shard, Passed(arrived.share)
        for (home, orders), share in zip(sets, _split(arrived.share, len(sets)), strict=True):
            yield home, replace(orders, share=share)
        self._keep(shard, token, held)


class _WeighClaims(_OfShard):
    def __init__(self, transform: Attribute) -> None:
        super().__init__(transform)
        self._in = Metrics.counter("attribute", "in")
        self._out = Metrics.counter("attribute", "out")

    def _working_sets(self, landed: Landed) -> WorkingSets[Any]:
        return WorkingSets(landed.visitor_shard, landed.horizon)

    def process(self, element: tuple[int, Piece], token: Any = OF_TOKEN) -> Iterator[Attributed]:
        shard, arrived = element
        if isinstance(arrived, Passed):
            yield Attributed(None, arrived.share)
            return
        held = self._sets.take(shard, token.read())
        touched = held.add(arrived)
        rules, links = self._transform.rules, self._transform.links
        attributions, none, evidence = held.attribute(touched, rules, links, shard, self._shards)
        self._in.inc(len(touched))
        self._out.inc(len(attributions))
        rows = revision_rows(attributions, none, evidence) if attributions or none else None
        yield Attributed(rows, arrived.share)
        self._keep(shard, token, held)
