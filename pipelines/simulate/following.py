"""How many follow each influencer on each day of a simulated world: growing, and once bought."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from pipelines.simulate.cast import HORIZON_DAYS, Cast
from pipelines.simulate.faults import DAY
from pipelines.simulate.materials import Materials
from pipelines.simulate.shoppers import microseconds

BUYERS = ("mid", "macro")  # large enough to be asked for their numbers
BOUGHT_AFTER_DAYS = 6  # from a post on, so that its snapshots show the days before and after


@dataclass(frozen=True, slots=True)
class Following:
    """`levels[i]` are influencer i's followers, one a day; they never fall.

    `bought_by` (None: nobody) bought some on `bought_on`.
    """

    begins_at: int  # microseconds
    levels: npt.NDArray[np.int64]
    bought_by: int | None
    bought_on: date | None

    def at(self, influencer: int, instant: int) -> int:
        """On the day of the world that holds the instant."""
        return int(self.levels[influencer, (instant - self.begins_at) // DAY])


def draw_following(rng: np.random.Generator, cast: Cast, materials: Materials, bought: float) -> Following:
    """Each grows by 0.02 to 0.12 % a day; one buys the share `bought` of its followers, unless that is 0."""
    base = np.array([someone.followers for someone in cast.influencers])[:, None]
    daily = base * rng.uniform(0.0002, 0.0012, base.shape) * rng.gamma(4, 0.25, (len(base), HORIZON_DAYS))
    levels = np.concatenate([base, base + np.cumsum(daily, axis=1)], axis=1).astype(np.int64)
    begins_at = microseconds(cast.starts_at)
    if not bought:
        return Following(begins_at, levels, None, None)
    tempted = [post for post in materials.posts if cast.influencer_of(post.participation).tier in BUYERS]
    first = min(tempted, key=lambda post: (post.posted_at, post.post_id))
    buyer = cast.participations[first.participation].influencer
    day = min((first.posted_at - cast.starts_at).days + BOUGHT_AFTER_DAYS, HORIZON_DAYS - 1)
    levels[buyer, day:] += int(levels[buyer, day] * bought)
    return Following(begins_at, levels, buyer, cast.starts_at.date() + timedelta(days=day))
