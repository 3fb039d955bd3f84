"""What a simulated world's campaigns are to reach: some modest, some just right, some too much."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import floor, log10

import numpy as np

from pipelines.simulate.cast import Cast
from pipelines.simulate.results import Results

TARGET_COLUMNS = "campaign_id,influencer_id,metric,target,starts_on,ends_on"
METRICS = ("revenue", "orders", "clicks", "impressions", "engagements")
#: for the strongest influencers of a campaign, one metric each
OF_INFLUENCERS = ("orders", "clicks", "revenue")
AMBITIONS = (0.98, 0.75, 1.25)  # times what comes of it at the pace that there is


def target_rows(rng: np.random.Generator, cast: Cast, results: Results) -> Iterable[Sequence[object]]:
    """Per campaign each metric, and one for each of its three strongest; revenue in USD.

    Where a campaign goes on after the world's end there is one more, for the orders of the days to come.
    """
    number = 0
    for c, campaign in enumerate(cast.campaigns):
        sellers = cast.of_campaign(c)
        wanted = [("", metric, sellers) for metric in METRICS]
        wanted += [
            (cast.influencer_of(p).influencer_id, metric, [p])
            for p, metric in zip(sellers, OF_INFLUENCERS, strict=False)
        ]
        for influencer_id, metric, participations in wanted:
            expected = results.of(metric, participations) * campaign.days_planned / campaign.days
            target = _rounded(expected * AMBITIONS[number % len(AMBITIONS)] * float(rng.uniform(0.97, 1.03)))
            yield campaign.campaign_id, influencer_id, metric, target, campaign.starts_on, campaign.ends_on
            number += 1
        begins = cast.until.date() + timedelta(days=1)
        if campaign.ends_on >= begins:
            to_come = results.of("orders", sellers) * ((campaign.ends_on - begins).days + 1) / campaign.days
            yield campaign.campaign_id, "", "orders", _rounded(to_come), begins, campaign.ends_on


def _rounded(number: float) -> int:
    """As people set targets, two digits and zeros; 1 at least."""
    digits = floor(log10(max(number, 1.0)))
    return max(1, int(round(number, min(0, 1 - digits))))
