"""Repeats: which message of an event counts, for columns of messages."""

import polars as pl


def one_message_each(rows: pl.DataFrame, *identity: str) -> pl.DataFrame:
    """The message of the least (partition, offset) of each event: it is the one that counts."""
    return rows.sort("partition", "offset").unique(identity, keep="first", maintain_order=True)


def without_repeats_of(held: pl.DataFrame | None, rows: pl.DataFrame, *identity: str) -> pl.DataFrame:
    """The rows that can count beside those that are held: all but those after the held message of their event.

    A message is no repeat of itself.
    """
    if held is None or not held.height:
        return rows
    first = one_message_each(held, *identity).select(*identity, of="partition", at="offset")
    joined = rows.join(first, on=identity, how="left", maintain_order="left")
    is_after = (pl.col("partition") > pl.col("of")) | (
        (pl.col("partition") == pl.col("of")) & (pl.col("offset") > pl.col("at"))
    )
    return joined.filter(~is_after.fill_null(value=False)).drop("of", "at")
