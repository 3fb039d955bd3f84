"""What a simulated world's campaigns cost: fees that make some influencers pay and some not, and everything around."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from pipelines.simulate.cast import Cast
from pipelines.simulate.materials import Materials
from pipelines.simulate.sales import CURRENCIES

COST_COLUMNS = "cost_id,campaign_id,influencer_id,post_id,category,amount,currency,incurred_on,period_start,period_end"
Cost = tuple[str, str, float, date, date | None, date | None]  # influencer, category, USD, day, period


def cost_rows(
    rng: np.random.Generator, cast: Cast, materials: Materials, revenue: npt.NDArray[np.float64]
) -> Iterable[Sequence[object]]:
    """Per participation a fee in proportion to its sales, and what was sent; per campaign what is nobody's alone."""
    first_post = {post.participation: post.post_id for post in reversed(materials.posts)}
    number = 0
    for c, campaign in enumerate(cast.campaigns):
        of_campaign = [p for p, part in enumerate(cast.participations) if part.campaign == c]
        costs = [(p, cost) for p in of_campaign for cost in _of_influencer(rng, cast, p, float(revenue[p]))]
        sold = float(revenue[of_campaign].sum())
        digits, worth = CURRENCIES[campaign.currency]
        for p, (influencer, category, usd, *days) in [*costs, *((-1, cost) for cost in _shared(cast, c, sold))]:
            number += 1
            post = first_post.get(p) if category == "boost" else None
            amount = f"{usd / worth:.{digits}f}"
            yield (
                *(f"cost-{number:04}", campaign.campaign_id, influencer, post, category, amount, campaign.currency),
                *days,
            )


def _of_influencer(rng: np.random.Generator, cast: Cast, p: int, sold: float) -> Iterator[Cost]:
    """Sales divided by a return of 0.4 to 7: from -60 % to +600 % for those who sell, commission not counted."""
    someone, campaign = cast.influencer_of(p), cast.campaign_of(p)
    agreed = campaign.starts_at.date() - timedelta(days=3)
    returned = float(np.clip(rng.lognormal(np.log(2.4), 0.7), 0.4, 7))
    commission = 0.08 if campaign.plan else 0.0
    fee = sold * (1 / returned - commission) if sold else 40 + someone.followers**0.5
    gifting = someone.partnership_type == "gifting"
    if fee > 5 and not gifting:
        yield someone.influencer_id, "fee", fee, agreed, None, None
    if gifting or p % 3 == 0:
        product = max(fee if gifting else fee * 0.1, 12.0)
        yield someone.influencer_id, "product", product, agreed, None, None
        yield someone.influencer_id, "shipping", 6.5 + p % 4, agreed, None, None
    if p % 5 == 2:
        boosted = campaign.starts_at.date() + timedelta(days=10)
        yield someone.influencer_id, "boost", max(fee * 0.15, 10.0), boosted, None, None


def _shared(cast: Cast, c: int, sold: float) -> Iterator[Cost]:
    campaign = cast.campaigns[c]
    first, last = campaign.starts_at.date(), campaign.ends_at.date() - timedelta(days=1)
    yield "", "agency", 20 + sold * 0.02, first, first, last
    if c % 2 == 0:
        yield "", "platform", 15 + sold * 0.005, first, first, first + timedelta(days=29)
    if c % 3 == 0:
        yield "", "labour", 30 + sold * 0.01, last, None, None
    if c % 4 == 1:
        yield "", "other", 9.9, first, None, None
