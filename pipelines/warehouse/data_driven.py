"""The data-driven models: what each influencer's share of a campaign's month is, by markov and by shapley."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import groupby
from math import gcd, lcm
from typing import Any

import pyarrow as pa

from pipelines.rules.shares import split
from pipelines.warehouse.markov import End, removal_effects
from pipelines.warehouse.shapley import shapley_values

MODEL_SHARES = pa.schema(
    [
        pa.field("campaign_id", pa.string(), nullable=False),
        pa.field("month", pa.date32(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("influencer_id", pa.string(), nullable=False),
        pa.field("parts", pa.int64(), nullable=False),
        pa.field("share", pa.float64()),
        pa.field("removal_effect", pa.float64()),
        pa.field("value_minor", pa.decimal128(38, 0)),
    ]
)
"""One row per campaign, month, model and influencer: `parts` are whole numbers in proportion to the shares."""

LARGEST_WHOLE = 2**62
"""The parts of a period sum to about as much at most, so that a 64-bit amount times a part fits into 128 bits."""

Row = dict[str, Any]
Period = tuple[Any, ...]


def model_shares(paths: pa.Table, transitions: pa.Table) -> pa.Table:
    """Both models' shares of every campaign and month of `paths` (int_paths, int_transitions), as MODEL_SHARES.

    The rows may come in any order and end in the same result, to the bit.
    """
    steps = {period: removal_effects(_counts(rows)) for period, rows in _by_period(transitions)}
    shares: list[Row] = []
    for period, rows in _by_period(paths):
        values = shapley_values((row["influencers"], int(row["net_reporting_minor"])) for row in rows)
        effects = steps.get(period, {})
        worth = dict(zip(values, _amounts(values), strict=True))
        for influencer, parts, share in _shared({name: effects.get(name, Fraction(0)) for name in values}):
            effect = float(effects[influencer]) if influencer in effects else None
            shares.append(_row(period, "markov", influencer, parts, share) | {"removal_effect": effect})
        for influencer, parts, share in _shared(values):
            shares.append(_row(period, "shapley", influencer, parts, share) | {"value_minor": worth[influencer]})
    return pa.Table.from_pylist(shares, schema=MODEL_SHARES)


def whole_parts(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """The least whole numbers in proportion to `weights` (0 or more); they sum to about LARGEST_WHOLE at most.

    Where the exact ones are larger they are rounded, by at most half of one part; what weighs something keeps one.
    """
    common = lcm(*(weight.denominator for weight in weights.values()))
    exact = {name: weight.numerator * (common // weight.denominator) for name, weight in weights.items()}
    divisor, whole = gcd(*exact.values()) or 1, sum(exact.values())
    if whole // divisor <= LARGEST_WHOLE:
        return {name: part // divisor for name, part in exact.items()}
    return {name: max(round(Fraction(part * LARGEST_WHOLE, whole)), int(part > 0)) for name, part in exact.items()}


def _shared(weights: Mapping[str, Fraction]) -> Iterator[tuple[str, int, float | None]]:
    whole = sum(weights.values())
    parts = whole_parts(weights)
    for influencer, weight in weights.items():
        yield influencer, parts[influencer], float(weight / whole) if whole else None


def _amounts(values: Mapping[str, Fraction]) -> list[int]:
    """The values in whole minor units that sum to theirs."""
    whole = sum(values.values())
    if not whole:
        return [0] * len(values)
    common = lcm(*(value.denominator for value in values.values()))
    return split(int(whole), [int(value * common) for value in values.values()])


def _counts(rows: list[Row]) -> dict[tuple[str | End, str | End], int]:
    return {
        (
            End.START if row["from_influencer_id"] is None else row["from_influencer_id"],
            End(row["outcome"]) if row["to_influencer_id"] is None else row["to_influencer_id"],
        ): int(row["transitions"])
        for row in rows
    }


def _by_period(table: pa.Table) -> Iterator[tuple[Period, list[Row]]]:
    def period(row: Row) -> Period:
        return row["campaign_id"], row["month"]

    for key, rows in groupby(sorted(table.to_pylist(), key=period), key=period):
        yield key, list(rows)


def _row(period: Period, model: str, influencer: str, parts: int, share: float | None) -> Row:
    campaign, month = period
    return {
        "campaign_id": campaign,
        "month": month,
        "model": model,
        "influencer_id": influencer,
        "parts": parts,
        "share": share,
    }
