"""Code spellings: which known code each unknown one was meant to be, by the rule that the live page goes by."""

import pyarrow as pa

from pipelines.rules.spelling import Speller, distance

CODE_SPELLINGS = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("nearest_normalised_code", pa.string(), nullable=False),
        pa.field("edit_distance", pa.float64(), nullable=False),
    ]
)


def code_spellings(typed: pa.Table, known: pa.Table) -> pa.Table:
    """A row of CODE_SPELLINGS for each of `typed` (column code) that one of `known` (normalised_code) alone is near."""
    speller = Speller({code: code for code in known["normalised_code"].to_pylist()})
    nearest = {code: speller.nearest(code) for code in sorted(typed["code"].to_pylist())}
    rows = [
        {"code": code, "nearest_normalised_code": near, "edit_distance": distance(code, near)}
        for code, near in nearest.items()
        if near is not None
    ]
    return pa.Table.from_pylist(rows, schema=CODE_SPELLINGS)
