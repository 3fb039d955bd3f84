"""What a simulated world's influencers are owed by order or by revenue: plans with tiers and caps that some reach."""

from collections.abc import Iterable, Sequence

import numpy as np

from pipelines.simulate.cast import Cast
from pipelines.simulate.results import Results

PLAN_COLUMNS = "plan_id,kind,rate,amount,currency,cap,tier_from,lock_days"


def plan_rows(cast: Cast, results: Results) -> Iterable[Sequence[object]]:
    """Of a typical month of a participation, in USD, a cap is 12 % of a half, tiers begin at a half and at twice."""
    months = np.array([campaign.days / 30 for campaign in cast.campaigns])
    by_month = results.revenue / months[[part.campaign for part in cast.participations]]
    typical = max(float(np.median(by_month[results.revenue > 0])) if results.revenue.any() else 0.0, 100.0)
    yield "percent-8", "percent", 8, "", "USD", "", "", 30
    yield "percent-12", "percent", 12, "", "USD", _tens(typical * 0.06), "", 30
    yield "flat-3", "flat", "", "3.000", "KWD", "", "", 14
    for rate, begins in ((5, 0), (8, _tens(typical / 2)), (10, _tens(typical * 2))):
        yield "tiered", "tiered", rate, "", "EUR", "", begins, 30


def _tens(amount: float) -> int:
    return max(10, int(round(amount, -1)))
