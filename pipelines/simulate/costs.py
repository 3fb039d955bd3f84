"""What a simulated world's campaigns cost: fees that make some influencers pay and some not, and everything around."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import takewhile

import numpy as np

from pipelines.simulate.cast import Campaign, Cast
from pipelines.simulate.materials import Materials
from pipelines.simulate.results import Results
from pipelines.simulate.sales import CURRENCIES

COST_COLUMNS = "cost_id,campaign_id,influencer_id,post_id,category,amount,currency,incurred_on,period_start,period_end"
Cost = tuple[
    str, str | None, str, float, date, date | None, date | None
]  # influencer, post, category, USD, day, period
Span = tuple[date, date]
MONTH = timedelta(days=30)
#: the share of the fee at signing; the rest comes by month or by post
SIGNING = {"one_off": 0.3, "ambassador": 0.2, "affiliate": 0.0, "event": 0.4, "gifting": 0.0}
BY_MONTH = ("ambassador", "affiliate")


def cost_rows(
    rng: np.random.Generator, cast: Cast, materials: Materials, results: Results
) -> Iterable[Sequence[object]]:
    """Per participation a fee in proportion to its sales, and what was sent; per campaign what is nobody's alone.

    Only what was paid by the world's end.
    """
    number = 0
    for c, campaign in enumerate(cast.campaigns):
        of_campaign = [p for p, part in enumerate(cast.participations) if part.campaign == c]
        digits, worth = CURRENCIES[campaign.currency]
        costs = [cost for p in of_campaign for cost in _of_influencer(rng, cast, materials, p, results)]
        costs += _shared(cast, c, results.of("revenue", of_campaign))
        for influencer_id, post_id, category, usd, *days in costs:
            number += 1
            amount = f"{usd / worth:.{digits}f}"
            yield (
                *(f"cost-{number:04}", campaign.campaign_id, influencer_id, post_id, category, amount),
                *(campaign.currency, *days),
            )


def _of_influencer(
    rng: np.random.Generator, cast: Cast, materials: Materials, p: int, results: Results
) -> Iterator[Cost]:
    """Sales divided by a return of 0.4 to 7: from -60 % to +600 % for those who sell, commission not counted."""
    someone, campaign, sold = cast.influencer_of(p), cast.campaign_of(p), float(results.revenue[p])
    returned = float(np.clip(rng.lognormal(np.log(2.4), 0.7), 0.4, 7))
    commission = 0.08 if campaign.plan else 0.0
    fee = sold * (1 / returned - commission) if sold else 40 + someone.followers**0.5
    gifting = someone.partnership_type == "gifting"
    posts = [(post.post_id, post.posted_at.date()) for post in materials.posts if post.participation == p and post.paid]
    months = _months(cast, campaign)
    if fee > 5 and not gifting:
        yield from _fee(someone.influencer_id, someone.partnership_type, fee, posts, months)
    boxes, worth = (months, max(fee, 12.0)) if gifting else (months[:1], max(fee * 0.1, 12.0))
    for first, _ in boxes if gifting or p % 3 == 0 else ():
        sent_on = first - timedelta(days=2)
        yield someone.influencer_id, None, "product", worth / len(boxes), sent_on, None, None
        yield someone.influencer_id, None, "shipping", 6.5 + p % 4, sent_on, None, None
    if p % 5 == 2:
        post_id, posted_on = posts[0]
        boosted = (posted_on + timedelta(days=1), min(posted_on + timedelta(days=7), cast.until.date()))
        yield someone.influencer_id, post_id, "boost", max(fee * 0.15, 10.0), boosted[0], *boosted


def _fee(
    influencer_id: str, partnership: str, fee: float, posts: Sequence[tuple[str, date]], months: Sequence[Span]
) -> Iterator[Cost]:
    """A part at signing, the rest by month with its period, or by post a day after it."""
    signing = SIGNING[partnership]
    if signing:
        agreed = months[0][0] - timedelta(days=3)
        yield influencer_id, None, "fee", fee * signing, agreed, None, None
    rest = fee * (1 - signing)
    if partnership in BY_MONTH:
        for first, last in months:
            yield influencer_id, None, "fee", rest / len(months), last, first, last
    else:
        for post_id, posted_on in posts:
            yield influencer_id, post_id, "fee", rest / len(posts), posted_on + timedelta(days=1), None, None


def _months(cast: Cast, campaign: Campaign) -> list[Span]:
    """The campaign's months until the world's end, the last one as long as it is."""
    end = min(campaign.ends_on, cast.until.date() - timedelta(days=1))
    begins = takewhile(lambda first: first <= end, (campaign.starts_on + MONTH * k for k in range(12)))
    return [(first, min(first + MONTH - timedelta(days=1), end)) for first in begins]


def _shared(cast: Cast, c: int, sold: float) -> Iterator[Cost]:
    months = _months(cast, cast.campaigns[c])
    first, last = months[0][0], months[-1][1]
    for span in months:
        yield "", None, "agency", (20 + sold * 0.02) / len(months), span[0], *span
        if c % 2 == 0:
            yield "", None, "platform", (15 + sold * 0.005) / len(months), span[0], *span
    if c % 3 == 0:
        yield "", None, "labour", 30 + sold * 0.01, last, None, None
    if c % 4 == 1:
        yield "", None, "other", 9.9, first, None, None
