"""What influencers of a simulated world owe by contract: most of it in time, some late, missing or still open."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np

from pipelines.simulate import vocabulary as words
from pipelines.simulate.captions import DISCLOSURES
from pipelines.simulate.cast import Cast
from pipelines.simulate.materials import Materials, Post

DELIVERABLE_COLUMNS = (
    "deliverable_id,campaign_id,influencer_id,platform,content_type,due_on,"
    "required_hashtags,required_code,required_link_id"
)
LATE = 0.13  # of the posts
NEVER_EVERY, OPEN_EVERY = 11, 3  # participations: one post never came; in campaigns that go on, one is not due yet


def deliverable_rows(rng: np.random.Generator, cast: Cast, materials: Materials) -> Iterable[Sequence[object]]:
    """One a paid post, in the order of the posts, then what has no post."""
    owed = [
        (post.participation, post.content_type, _due(rng, cast, post), post.brief)
        for post in materials.posts
        if post.paid
    ]
    owed += [(p, _usual_form(cast, p), due_on, "code") for p, due_on in _without_post(cast)]
    own_link = {link.participation: link.link_id for link in reversed(materials.links)}
    for k, (p, content_type, due_on, brief) in enumerate(owed):
        influencer, campaign = cast.influencer_of(p), cast.campaign_of(p)
        yield (
            *(f"del-{k + 1:04}", campaign.campaign_id, influencer.influencer_id, influencer.platform, content_type),
            *(due_on, f"{campaign.hashtag} {DISCLOSURES[influencer.country][0]}"),
            *(materials.codes[p].code if brief == "code" else "", own_link[p] if brief == "link" else ""),
        )


def _due(rng: np.random.Generator, cast: Cast, post: Post) -> date:
    """Up to four days after the post, or, if it is late, one to nine before."""
    campaign = cast.campaign_of(post.participation)
    posted_on = campaign.starts_on + timedelta(days=(post.posted_at - campaign.starts_at).days)
    is_late, days = rng.random() < LATE, int(rng.integers(0, 5))
    return posted_on - timedelta(days=1 + 2 * days) if is_late else posted_on + timedelta(days=days)


def _usual_form(cast: Cast, p: int) -> str:
    return words.CONTENT_TYPES[cast.influencer_of(p).platform][0]


def _without_post(cast: Cast) -> Iterable[tuple[int, date]]:
    last = cast.until.date()
    for p in range(len(cast.participations)):
        ends_on = cast.campaign_of(p).ends_on
        if p % NEVER_EVERY == 0:
            yield p, min(ends_on, last - timedelta(days=3))
        elif p % OPEN_EVERY == 1 and ends_on > last:
            yield p, min(ends_on, last + timedelta(days=4 + p % 9))
