"""Repeats: which message of an event counts, for columns of messages."""

import polars as pl


def one_message_each(rows: pl.DataFrame, *identity: str) -> pl.DataFrame:
    """The message of the least (partition, offset) of each event: it is the one that counts."""
    return rows.sort("partition", "offset").unique(identity, keep="first", maintain_order=True)
