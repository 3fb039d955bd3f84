"""What the platforms count of each post, as messages: running totals, daily for two weeks."""

from typing import Any

import numpy as np
import polars as pl

from pipelines.simulate.cast import Cast
from pipelines.simulate.events import scrambled
from pipelines.simulate.faults import DAY, Faults
from pipelines.simulate.following import Following
from pipelines.simulate.materials import Materials, Post
from pipelines.simulate.shoppers import Clicks, Numbers, microseconds
from pipelines.simulate.writing import instants

MEASURED_DAYS = 14
MOVING = {"reel", "story", "short", "video", "stream"}
#: by tier: clicks by impressions, and the share of the followers who see a post that nobody clicks on
CLICKED = {"nano": 0.032, "micro": 0.024, "mid": 0.017, "macro": 0.010, "mega": 0.0065}
SHOWN = {"nano": 0.2, "micro": 0.1, "mid": 0.04, "macro": 0.015, "mega": 0.008}
CLICKIER = {"youtube": 1.2, "blog": 1.4, "tiktok": 0.8, "twitch": 0.9}


def post_metrics_frame(
    rng: np.random.Generator, cast: Cast, materials: Materials, following: Following, clicks: Clicks, faults: Faults
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The snapshots until the world's end, `at` the last column; and how many running totals fall, by kind of fault.

    A post has as many impressions as its clicks suggest, 0.5 to 5 % of them, and as its followers do at least.
    """
    until = microseconds(cast.until)
    clicked = _clicks_by_post(materials, clicks)
    corrected = _corrected(rng, materials, until, faults)
    rows: list[dict[str, Any]] = []
    for post in materials.posts:
        totals = _totals(rng, cast, post, clicked.get(post.post_id, 0), corrected.get(post.post_id))
        rows += _snapshots(rng, cast, post, following, totals, until)
    frame = pl.DataFrame(rows, infer_schema_length=None).sort("at", "post_id").with_row_index("number")
    fields = frame.select(
        scrambled("pm-", pl.col("number"), 31).alias("event_id"),
        instants("at").alias("occurred_at"),
        *frame.columns[2:7],
        instants("posted", "%Y-%m-%dT%H:%M:%SZ").alias("posted_at"),
        *frame.columns[8:],
        "at",
    )
    return fields, {"bought_followers": int(following.bought_by is not None), "corrected_total": len(corrected)}


def _clicks_by_post(materials: Materials, clicks: Clicks) -> dict[str, int]:
    """Those of people; what crawlers fetch, nobody has seen."""
    followed = clicks.link[(clicks.link >= 0) & ~clicks.is_crawler]
    by_link = np.bincount(followed, minlength=len(materials.links)).tolist()
    return {link.post_id: count for link, count in zip(materials.links, by_link, strict=True) if link.post_id}


def _corrected(rng: np.random.Generator, materials: Materials, until: int, faults: Faults) -> dict[str, int]:
    """Posts whose platform takes false likes away, and on which day; late enough for the total to fall."""
    able = [post.post_id for post in materials.posts if microseconds(post.posted_at) < until - MEASURED_DAYS * DAY]
    if not faults.corrected or not able:
        return {}
    count = max(1, round(len(able) * faults.corrected))
    return {str(post_id): int(rng.integers(9, 13)) for post_id in rng.choice(able, count, replace=False)}


def _totals(
    rng: np.random.Generator, cast: Cast, post: Post, clicks: int, corrected_on: int | None
) -> dict[str, Numbers]:
    """Each count on each of the days."""
    someone = cast.influencer_of(post.participation)
    usual = CLICKED[someone.tier] * CLICKIER.get(someone.platform, 1.0)
    rate = float(np.clip(rng.lognormal(np.log(usual), 0.3), 0.005, 0.05))
    shown = someone.followers * SHOWN[someone.tier] * float(rng.lognormal(0, 0.3))
    impressions = max(clicks / rate, shown)
    reach = impressions / rng.uniform(1.1, 1.9)
    liked, said, shared, saved = rng.uniform(0.03, 0.1), *rng.uniform(0.0005, 0.006, 3)
    grown = 1 - np.exp(-np.arange(1, MEASURED_DAYS + 1) / 2.5)
    kept = np.where(np.arange(1, MEASURED_DAYS + 1) >= (corrected_on or MEASURED_DAYS + 1), 0.9, 1.0)
    final = {
        "impressions": impressions,
        "reach": reach,
        "views": impressions * 0.8,
        "likes": reach * liked,
        "comments": reach * said,
        "shares": reach * shared,
        "saves": reach * saved,
    }
    return {
        name: (count * grown * (kept if name == "likes" else 1.0)).astype(np.int64) for name, count in final.items()
    }


def _snapshots(
    rng: np.random.Generator, cast: Cast, post: Post, following: Following, totals: dict[str, Numbers], until: int
) -> list[dict[str, Any]]:
    part, someone = cast.participations[post.participation], cast.influencer_of(post.participation)
    posted = microseconds(post.posted_at)
    told = {"views": post.content_type in MOVING, "saves": someone.platform == "instagram"}
    rows: list[dict[str, Any]] = []
    for day in range(MEASURED_DAYS):
        at = posted + (day + 1) * DAY + int(rng.integers(0, 600_000)) * 1000
        if at >= until:
            break
        rows.append(
            {
                "at": at,
                "post_id": post.post_id,
                "influencer_id": someone.influencer_id,
                "platform": someone.platform,
                "content_type": post.content_type,
                "campaign_id": cast.campaigns[part.campaign].campaign_id if post.paid else None,
                "posted": posted,
                "caption": post.caption,
                "followers": following.at(part.influencer, at),
                **{name: int(counts[day]) if told.get(name, True) else None for name, counts in totals.items()},
            }
        )
    return rows
