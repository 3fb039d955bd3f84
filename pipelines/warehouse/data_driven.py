"""The data-driven models: what each influencer's share of a campaign's month is, by markov and by shapley."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.rules.shares import split
from pipelines.warehouse.markov import End, State, removal_effects
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
"""The parts of a period sum to no more, so that a 64-bit amount times a part fits into 128 bits."""

PERIOD = ("campaign_id", "month")
PATH = ("influencers", "net_reporting_minor")
STEP = ("from_influencer_id", "to_influencer_id", "outcome", "transitions")

Row = dict[str, Any]
Period = tuple[Any, ...]


def model_shares(paths: pa.Table, transitions: pa.Table) -> pa.Table:
    """Both models' shares of every campaign and month of `paths` (int_paths, int_transitions), as MODEL_SHARES.

    The rows may come in any order and end in the same result, to the bit.
    """
    effects_of = {period: removal_effects(_counts(rows)) for period, rows in _by_period(transitions, STEP)}
    shares: list[Row] = []
    for period, rows in _by_period(paths, PATH):
        values = shapley_values((influencers, int(net)) for influencers, net in rows.iter_rows())
        effects = effects_of.get(period, {})
        worth = dict(zip(values, _amounts(values), strict=True))
        for influencer, parts, share in _shared({name: effects.get(name, Fraction(0)) for name in values}):
            effect = float(effects[influencer]) if influencer in effects else None
            shares.append(_row(period, "markov", influencer, parts, share) | {"removal_effect": effect})
        for influencer, parts, share in _shared(values):
            shares.append(_row(period, "shapley", influencer, parts, share) | {"value_minor": worth[influencer]})
    return pa.Table.from_pylist(shares, schema=MODEL_SHARES)


def whole_parts(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """The least whole numbers in proportion to `weights` (0 or more), whose sum is at most LARGEST_WHOLE.

    Where the exact ones are larger they are rounded, by at most half of one; what weighs something keeps one.
    """
    largest = max(weights.values())
    if not largest:
        return dict.fromkeys(weights, 0)
    relative = {name: weight / largest for name, weight in weights.items()}
    common, scale = 1, LARGEST_WHOLE // len(weights)
    for weight in relative.values():
        common = min(lcm(common, weight.denominator), scale + 1)
    if common <= scale:
        return {name: int(weight * common) for name, weight in relative.items()}
    return {name: max(round(weight * scale), int(weight > 0)) for name, weight in relative.items()}


def _shared(weights: Mapping[str, Fraction]) -> Iterator[tuple[str, int, float | None]]:
    parts = whole_parts(weights)
    whole = sum(parts.values())
    for influencer, part in parts.items():
        yield influencer, part, part / whole if whole else None


def _amounts(values: Mapping[str, Fraction]) -> list[int]:
    """The values in whole minor units that sum to theirs."""
    whole = sum(values.values())
    if not whole:
        return [0] * len(values)
    common = lcm(*(value.denominator for value in values.values()))
    return split(int(whole), [int(value * common) for value in values.values()])


def _counts(steps: pl.DataFrame) -> dict[tuple[State, State], int]:
    return {
        (End.START if origin is None else origin, End(outcome) if target is None else target): count
        for origin, target, outcome, count in steps.iter_rows()
    }


def _by_period(table: pa.Table, columns: Sequence[str]) -> Iterator[tuple[Period, pl.DataFrame]]:
    rows = pl.DataFrame(table.select([*PERIOD, *columns])).sort(PERIOD)
    yield from rows.partition_by(PERIOD, as_dict=True, include_key=False).items()


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
