"""Attribute: orders meet their redemptions, then the clicks of their visitors, and every claim is weighed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import apache_beam as beam
from apache_beam.coders import StrUtf8Coder
from apache_beam.metrics import Metrics
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from pipelines.records import Attributed, Block, Rows
from pipelines.rules.attribution import Rules
from pipelines.rules.links import LinkAssignment
from pipelines.stages.landed import Landed
from pipelines.stages.revisions import revision_rows
from pipelines.stages.shards import OrderShard, VisitorShard
from pipelines.stores.lake import Lake

Shard = TypeVar("Shard", OrderShard, VisitorShard)


@dataclass
class Attribute(beam.PTransform):
    """Attributes anew every order that an arriving row touches, from all that is known of it.

    In:       PCollection[Rows], resolved; repeats and any order of arrival end alike.
    Out:      PCollection[Attributed].
    Key:      the shard of the order, then of every visitor that it ever named.
    State:    one token a shard, renewed at every element: it gives the shard one owner and tells whether
              the working set in this worker's memory is current. If not, it is filled from the lake.
    Timer:    none; a late element attributes its orders again when it comes.
    Counters: attribute/in (orders that a row may touch), attribute/out (attributions).
    """

    lake: Lake
    rules: Rules
    links: list[LinkAssignment]
    shards: int
    new_token: Callable[[], str]
    landed_before: Mapping[str, int] | None = None
    """The version of each landing table to fill from; None is the newest, for workers that come and go."""

    def __post_init__(self) -> None:
        if self.shards < 1:
            raise ValueError(f"shards is {self.shards}: give at least one")
        super().__init__()

    def expand(self, rows: beam.PCollection[Rows]) -> beam.PCollection[Attributed]:
        return (
            rows
            | "ByShard" >> beam.FlatMap(_by_shard).with_output_types(tuple[int, Rows])
            | "Assemble" >> beam.ParDo(_Assemble(self)).with_output_types(tuple[int, Block])
            | "WeighClaims" >> beam.ParDo(_WeighClaims(self)).with_output_types(Attributed)
        )


def _by_shard(block: Rows) -> Iterator[tuple[int, Rows]]:
    for (shard,), rows in block.rows.partition_by("shard", as_dict=True).items():
        yield int(shard), Rows(block.topic, rows)


class WorkingSets(Generic[Shard]):
    """The shards in this process's memory, each valid for the token that was written with it."""

    def __init__(self, fill: Callable[[int], Shard]) -> None:
        self._fill: Callable[[int], Shard] = fill
        self._held: dict[int, tuple[str, Shard]] = {}

    def take(self, shard: int, token: str | None) -> Shard:
        """The shard's working set; one that a failed bundle left behind has another token and is dropped."""
        held_token, held = self._held.pop(shard, (None, None))
        return held if held is not None and held_token == token else self._fill(shard)

    def put(self, shard: int, token: str, held: Shard) -> None:
        self._held[shard] = (token, held)


TOKEN = ReadModifyWriteStateSpec("token", StrUtf8Coder())
OF_TOKEN = beam.DoFn.StateParam(TOKEN)


class _OfShard(beam.DoFn):
    """What both keyed steps share: the token that says whose working set a shard is."""

    def __init__(self, transform: Attribute) -> None:
        self._shards = transform.shards
        self._new_token = transform.new_token
        self._landed = Landed(transform.lake, transform.links, transform.shards, transform.landed_before)

    def _keep(self, sets: WorkingSets[Shard], shard: int, token: Any, held: Shard) -> None:
        """Keeps what the element left of the working set, under a token that no earlier state has."""
        fresh = self._new_token()
        token.write(fresh)
        sets.put(shard, fresh, held)


class _Assemble(_OfShard):
    def setup(self) -> None:
        self._sets: WorkingSets[OrderShard] = WorkingSets(self._landed.order_shard)

    def process(self, element: tuple[int, Block], token: Any = OF_TOKEN) -> Iterator[tuple[int, Block]]:
        shard, arrived = element
        if not isinstance(arrived, Rows) or arrived.topic == "clicks":
            yield element  # keyed by visitor already; two chains to flatten would make a runner buffer both
            return
        held = self._sets.take(shard, token.read())
        held.add(arrived)
        yield from held.sets(arrived.rows["order_id"], self._shards)
        self._keep(self._sets, shard, token, held)


class _WeighClaims(_OfShard):
    def __init__(self, transform: Attribute) -> None:
        super().__init__(transform)
        self._rules = transform.rules
        self._links = transform.links
        self._in = Metrics.counter("attribute", "in")
        self._out = Metrics.counter("attribute", "out")

    def setup(self) -> None:
        self._sets: WorkingSets[VisitorShard] = WorkingSets(self._landed.visitor_shard)

    def process(self, element: tuple[int, Block], token: Any = OF_TOKEN) -> Iterator[Attributed]:
        shard, arrived = element
        held = self._sets.take(shard, token.read())
        touched = held.add(arrived)
        attributions, none = held.attribute(touched, self._rules, self._links, shard, self._shards)
        self._in.inc(len(touched))
        self._out.inc(len(attributions))
        if attributions or none:
            yield Attributed(revision_rows(attributions, none))
        self._keep(self._sets, shard, token, held)
