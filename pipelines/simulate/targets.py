"""What a simulated world's campaigns are to reach: some modest, some just right, some too much."""

from collections.abc import Iterable, Sequence
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

    A campaign that has not begun is to reach what the others do on average.
    """
    number = 0
    begun = sum(campaign.days > 0 for campaign in cast.campaigns)
    for c, campaign in enumerate(cast.campaigns):
        sellers = cast.of_campaign(c)
        wanted = [("", metric, sellers) for metric in METRICS]
        wanted += [
            (cast.influencer_of(p).influencer_id, metric, [p])
            for p, metric in zip(sellers, OF_INFLUENCERS, strict=False)
        ]
        for influencer_id, metric, participations in wanted:
            if campaign.days > 0:
                expected = results.of(metric, participations) * campaign.days_planned / campaign.days
            else:
                expected = results.of(metric, list(range(len(cast.participations)))) / begun
            target = _rounded(expected * AMBITIONS[number % len(AMBITIONS)] * float(rng.uniform(0.97, 1.03)))
            yield campaign.campaign_id, influencer_id, metric, target, campaign.starts_on, campaign.ends_on
            number += 1


def _rounded(number: float) -> int:
    """As people set targets, two digits and zeros; 1 at least."""
    digits = floor(log10(max(number, 1.0)))
    return max(1, int(round(number, min(0, 1 - digits))))
