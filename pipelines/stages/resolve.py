"""Resolve: the rows that the rules read, clicks with the link row that they came through."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import polars as pl

from pipelines.records import Passed, Piece, Rows
from pipelines.rules.links import UTM, LinkAssignment, LinkReason, LinkRoster, resolve

NO_ROW, AMBIGUOUS, NOT_VALID = -1, -2, -3  # in the column `link`, beside places in the list of links
LINK_REASONS = {AMBIGUOUS: LinkReason.AMBIGUOUS, NOT_VALID: LinkReason.NOT_VALID}
PLACES_OF_REASONS = {reason: place for place, reason in LINK_REASONS.items()}
_UTM = [f"utm_{name}" for name in UTM]
_PLACE = ("partition", "offset")
COLUMNS = {
    "clicks": (*_PLACE, "shard", "visitor_id", "event_id", "occurred_at", "is_bot", "link_id", *_UTM),
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
            yield Rows(block.topic, self._resolver.resolved(block.topic, block.rows), block.share)
        else:
            yield Passed(block.share)


class LinkResolver:
    """Resolves clicks by columns: the rows of each distinct link id and utm once, then by the click's time."""

    def __init__(self, links: list[LinkAssignment]) -> None:
        self._roster = LinkRoster(links)
        self._links = links
        self._places = {id(link): place for place, link in enumerate(links)}
        self._candidates: dict[tuple[str | None, ...], list[LinkAssignment]] = {}

    def resolved(self, topic: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The columns that attribution reads; clicks with `link` instead of link id and utm."""
        kept = rows.select(COLUMNS[topic]).with_columns(pl.col("occurred_at").cast(pl.Int64))
        if topic != "clicks":
            return kept
        keys = kept.select("link_id", *_UTM).unique().with_row_index("named")
        candidates = [self._matching(key) for key in keys.drop("named").iter_rows()]
        kept = kept.join(keys, on=["link_id", *_UTM], how="left", nulls_equal=True).drop("link_id", *_UTM)
        always = {n: self._always(found) for n, found in enumerate(candidates)}
        link = kept["named"].replace_strict(always, return_dtype=pl.Int32)
        by_time = link.is_null().arg_true()
        places = [
            self._held(candidates[named], at)
            for named, at in zip(kept["named"].gather(by_time), kept["occurred_at"].gather(by_time), strict=True)
        ]
        return kept.with_columns(link.scatter(by_time, places).cast(pl.Int32).alias("link")).drop("named")

    def _matching(self, key: tuple[str | None, ...]) -> list[LinkAssignment]:
        if key not in self._candidates:
            link_id, *utm = key
            self._candidates[key] = self._roster.candidates(link_id, tuple(value or "" for value in utm))
        return self._candidates[key]

    def _always(self, candidates: list[LinkAssignment]) -> int | None:
        """The place that a click of any time gets, None if its time matters."""
        if not candidates:
            return NO_ROW
        only = candidates[0]
        return self._places[id(only)] if len(candidates) == 1 and only.valid_from is only.valid_to is None else None

    def _held(self, candidates: list[LinkAssignment], at: int) -> int:
        row, reason = resolve(candidates, at)
        return PLACES_OF_REASONS[reason] if row is None and reason is not None else self._places[id(row)]
