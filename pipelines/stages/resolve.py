"""Resolve: the rows that the rules read, clicks with the link row that they came through."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import polars as pl

from pipelines.columnar.links import CLICK_COLUMNS, LinkResolver
from pipelines.records import Passed, Piece, Rows
from pipelines.rules.links import LinkAssignment

_PLACE = ("partition", "offset")
COLUMNS = {
    "clicks": CLICK_COLUMNS,
    "redemptions": (*_PLACE, "shard", "order_id", "event_id", "occurred_at", "normalised_code"),
    "orders": (
        *(*_PLACE, "shard", "order_id", "event_id", "occurred_at", "kind", "customer_id", "visitor_id", "currency"),
        *("subtotal_minor", "discount_minor", "normalised_codes", "refund_amount", "is_new_customer"),
    ),
}
"""What attribution reads of each topic's landing table."""


@dataclass
class Resolve(beam.PTransform):
    """Keeps what attribution reads, and gives each click the place of its link row in `links`.

    In:       PCollection[Rows].
    Out:      PCollection[Rows | Passed]: of a block that concerns no order, its share goes on.
    """

    links: list[LinkAssignment]

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, rows: beam.PCollection[Rows]) -> beam.PCollection[Piece]:
        return rows | "ResolveBlock" >> beam.ParDo(_ResolveBlock(self.links)).with_output_types(Piece)


class _ResolveBlock(beam.DoFn):
    def __init__(self, links: list[LinkAssignment]) -> None:
        self._links = links

    def setup(self) -> None:
        self._resolver = LinkResolver(self._links)

    def process(self, block: Rows) -> Iterator[Piece]:
        if block.topic in COLUMNS and block.rows.height:
            yield Rows(block.topic, as_read(block.topic, block.rows, self._resolver), block.share)
        else:
            yield Passed(block.share)


def as_read(topic: str, rows: pl.DataFrame, resolver: LinkResolver) -> pl.DataFrame:
    """The columns that attribution reads, instants in microseconds; clicks with `link` instead of link id and utm."""
    kept = rows.select(COLUMNS[topic]).with_columns(pl.col("occurred_at").cast(pl.Int64))
    return resolver.resolved(kept) if topic == "clicks" else kept
