"""Current: the revision that holds for each order, and whether an attribution says something new."""

import polars as pl

from pipelines.stages.working_set import BEGINNING, Closed, Runs, Size, size_of
from pipelines.stores.lake import Lake

STORED = ("order_id", "revision_key", "ordered_at", "digest")
NOTHING = pl.DataFrame(
    schema={
        "order_id": pl.String,
        "revision_key": pl.Int64,
        "ordered_at": pl.Int64,
        "digest": pl.String,
        "evidence": pl.Int64,
    }
)


class Current:
    """The revisions of orders since the horizon, by their time; those of older ones are read back when asked for."""

    def __init__(self, lake: Lake, horizon: int) -> None:
        self._lake = lake
        self._runs = Runs("order_id")
        self._closed = Closed()
        self._add_stored(lake.read("order_attributions", STORED))
        if horizon > BEGINNING:
            self.close(horizon)

    @property
    def size(self) -> Size:
        return size_of([self._runs], len(self._closed))

    def add(self, revisions: pl.DataFrame) -> None:
        """Revisions that are committed; of an order the one with the greatest `revision_key` holds."""
        # An order that is none any more has no time: it is as old as can be.
        at = pl.col("ordered_at").cast(pl.Int64).fill_null(BEGINNING)
        self._runs.add(revisions.with_columns(at).select(NOTHING.columns))

    def close(self, horizon: int) -> None:
        """Lets go of what is older than a later horizon."""
        self._closed.add(self._runs.drop_before("ordered_at", horizon))

    def changed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Of an order's attributions the one that knew most, with its next key, if it differs from what holds.

        No order that never was is new; nor is what knew less than what holds.
        """
        rows = rows.sort("evidence", maintain_order=True).unique("order_id", keep="last", maintain_order=True)
        last = self._of(rows["order_id"]).sort("revision_key", "evidence").unique("order_id", keep="last")
        before = last.select("order_id", "revision_key", before="digest", known="evidence")
        joined = rows.join(before, on="order_id", how="left", maintain_order="left")
        is_new = pl.col("revision_key").is_null() & pl.col("ordered_at").is_not_null()
        differs = (pl.col("digest") != pl.col("before")) & (pl.col("evidence") >= pl.col("known"))
        return (
            joined.filter(is_new | differs.fill_null(value=False))
            .with_columns(revision_key=pl.col("revision_key").fill_null(0) + 1)
            .drop("before", "known")
        )

    def _of(self, orders: pl.Series) -> pl.DataFrame:
        if missing := self._closed.recall(orders):
            self._add_stored(self._lake.read("order_attributions", STORED, pl.col("order_id").is_in(missing)))
        known = self._runs.gather(orders)
        return NOTHING if known is None else known

    def _add_stored(self, revisions: pl.DataFrame) -> None:
        """What was read from the lake knew at most what the lake has by now: anything counts for more."""
        self.add(revisions.with_columns(evidence=pl.lit(0, pl.Int64)))
