"""How sure is a change of daily values? A 95 % interval of the ratio of two means, by a bootstrap over the days."""

import hashlib
import warnings
from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

CONFIDENCE = 0.95
RESAMPLES = 1_999
SEED = 20_260_331  # fixed: the same days give the same interval
MEASURES = {"orders": "orders", "revenue": "net_minor"}
LIFT_INTERVALS = pa.schema(
    [
        pa.field("campaign_id", pa.string(), nullable=False),
        pa.field("influencer_id", pa.string()),
        *(pa.field(f"{measure}_lift_{limit}", pa.float64()) for measure in MEASURES for limit in ("low", "high")),
        pa.field("days_digest", pa.string(), nullable=False),
    ]
)
"""One row per campaign and influencer (null: the whole campaign); limits in per cent, null where there is none.

`days_digest` tells the days that they were found in from all others.
"""
DAY = ("period", "day", *MEASURES.values())


def lift_intervals(samples: pa.Table, former: pa.Table) -> pa.Table:
    """The interval of each measure for each campaign and influencer of `samples`, in the columns of LIFT_INTERVALS.

    `samples` has campaign_id, influencer_id, period (before or during), day, orders and net_minor: a row a day.
    What `former` intervals say of the same days is taken from them, for to find them is dear.
    """
    known = {row["days_digest"]: row for row in former.to_pylist()}
    days = pl.DataFrame(samples).sort("campaign_id", "influencer_id", "day")
    rows: list[dict[str, object]] = []
    for (campaign_id, influencer_id), sides in days.group_by("campaign_id", "influencer_id", maintain_order=True):
        digest = hashlib.sha256(repr(sides.select(DAY).rows()).encode()).hexdigest()
        limits = known.get(digest) or _limits(sides)
        rows.append({**limits, "campaign_id": campaign_id, "influencer_id": influencer_id, "days_digest": digest})
    return pa.Table.from_pylist(rows, schema=LIFT_INTERVALS)


def _limits(sides: pl.DataFrame) -> dict[str, float | None]:
    limits: dict[str, float | None] = {}
    for measure, column in MEASURES.items():
        before, during = (sides.filter(pl.col("period") == side)[column].to_list() for side in ("before", "during"))
        low, high = lift_interval(before, during) or (None, None)
        limits |= {f"{measure}_lift_low": low, f"{measure}_lift_high": high}
    return limits


def lift_interval(before: Sequence[float], during: Sequence[float]) -> tuple[float, float] | None:
    """The bias-corrected and accelerated (BCa) bootstrap interval of mean(during) / mean(before) - 1, in per cent.

    Whole days are drawn again from each side, so days of unlike size widen it, which an interval for Poisson
    counts would not see. None where the days say too little: fewer than two on a side, no two that differ, or so
    few with a value that a draw may have none before.
    """
    from scipy import stats  # a second, only when a lift is measured

    if min(len(before), len(during)) < 2:
        return None
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (np.asarray(during, dtype=float), np.asarray(before, dtype=float)),
            _lift,
            n_resamples=RESAMPLES,
            vectorized=True,
            paired=False,
            confidence_level=CONFIDENCE,
            method="BCa",
            rng=np.random.default_rng(SEED),
        )
    low, high = (100 * float(limit) for limit in found.confidence_interval)
    return (low, high) if isfinite(low) and isfinite(high) else None


def _lift(during: Any, before: Any, axis: int = -1) -> Any:
    return np.mean(during, axis=axis) / np.mean(before, axis=axis) - 1
