"""Whose link a click came through, for columns of clicks: what the rules of `links` find for each alone."""

import polars as pl

from pipelines.rules.links import UTM, LinkAssignment, LinkReason, LinkRoster, resolve

NO_ROW, AMBIGUOUS, NOT_VALID = -1, -2, -3  # in the column `link`, beside places in the list of links
LINK_REASONS = {AMBIGUOUS: LinkReason.AMBIGUOUS, NOT_VALID: LinkReason.NOT_VALID}
PLACES_OF_REASONS = {reason: place for place, reason in LINK_REASONS.items()}
_UTM = [f"utm_{name}" for name in UTM]
CLICK_COLUMNS = (
    *("partition", "offset", "shard", "visitor_id", "event_id", "occurred_at", "is_bot", "link_id"),
    *_UTM,
)
"""What attribution reads of a landed click."""
_SPAN = {"link": pl.Int32, "since": pl.Int64, "until": pl.Int64}


class LinkResolver:
    """Resolves clicks by columns: the rows of each distinct link id and utm once; one by one where several may hold."""

    def __init__(self, links: list[LinkAssignment]) -> None:
        self._roster = LinkRoster(links)
        self._links = links
        self._places = {id(link): place for place, link in enumerate(links)}
        self._candidates: dict[tuple[str | None, ...], list[LinkAssignment]] = {}

    def resolved(self, clicks: pl.DataFrame) -> pl.DataFrame:
        """The clicks of CLICK_COLUMNS, instants in microseconds, with `link` instead of link id and utm."""
        keys = clicks.select("link_id", *_UTM).unique().with_row_index("named")
        candidates = [self._matching(key) for key in keys.drop("named").iter_rows()]
        kept = clicks.join(keys, on=["link_id", *_UTM], how="left", nulls_equal=True).drop("link_id", *_UTM)
        spans = pl.DataFrame([self._span(found) for found in candidates], schema=_SPAN, orient="row")
        kept = kept.hstack(spans[kept["named"]])
        # Without a bound a comparison is null, and a click is outside of none.
        is_outside = (pl.col("occurred_at") < pl.col("since")) | (pl.col("occurred_at") >= pl.col("until"))
        link = kept.select(pl.when(is_outside).then(NOT_VALID).otherwise("link")).to_series()
        several = link.is_null().arg_true()
        places = [
            self._held(candidates[named], at)
            for named, at in zip(kept["named"].gather(several), kept["occurred_at"].gather(several), strict=True)
        ]
        link = link.scatter(several, places)
        return kept.with_columns(link=link).drop("named", "since", "until")

    def _matching(self, key: tuple[str | None, ...]) -> list[LinkAssignment]:
        if key not in self._candidates:
            link_id, *utm = key
            self._candidates[key] = self._roster.candidates(link_id, tuple(value or "" for value in utm))
        return self._candidates[key]

    def _span(self, candidates: list[LinkAssignment]) -> tuple[int | None, int | None, int | None]:
        """The place that a click gets, since and until when; no place where several rows may hold."""
        if len(candidates) != 1:
            return None if candidates else NO_ROW, None, None
        [only] = candidates
        return self._places[id(only)], only.valid_from, only.valid_to

    def _held(self, candidates: list[LinkAssignment], at: int) -> int:
        row, reason = resolve(candidates, at)
        return PLACES_OF_REASONS[reason] if row is None and reason is not None else self._places[id(row)]
