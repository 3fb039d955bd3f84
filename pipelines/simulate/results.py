"""What each participation brought until a simulated world's end, as targets, fees and channels follow from it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.simulate.cast import Cast
from pipelines.simulate.materials import Materials
from pipelines.simulate.sales import Sales
from pipelines.simulate.shoppers import Clicks, Purchases

ENGAGEMENTS = ("likes", "comments", "shares", "saves")


@dataclass(frozen=True, slots=True)
class Results:
    """One element a participation; revenue in USD, roughly and before refunds; posts that nobody paid for left out."""

    orders: npt.NDArray[np.float64]
    revenue: npt.NDArray[np.float64]
    clicks: npt.NDArray[np.float64]
    impressions: npt.NDArray[np.float64]
    engagements: npt.NDArray[np.float64]

    def of(self, metric: str, participations: list[int]) -> float:
        measured: npt.NDArray[np.float64] = getattr(self, metric)
        return float(measured[participations].sum())


def results_of(
    cast: Cast, materials: Materials, shopping: Purchases, sales: Sales, clicks: Clicks, post_metrics: pl.DataFrame
) -> Results:
    count = len(cast.participations)
    brought = shopping.brought_by >= 0
    by = shopping.brought_by[brought]
    followed = clicks.link[(clicks.link >= 0) & ~clicks.is_crawler]
    owners = np.array([link.participation for link in materials.links])[followed]
    seen, engaged = np.zeros(count), np.zeros(count)
    final = post_metrics.sort("at").filter(pl.col("campaign_id").is_not_null()).unique("post_id", keep="last")
    of_post = {post.post_id: post.participation for post in materials.posts}
    for post_id, impressions, *counts in final.select("post_id", "impressions", *ENGAGEMENTS).iter_rows():
        seen[of_post[post_id]] += impressions
        engaged[of_post[post_id]] += sum(counted or 0 for counted in counts)
    return Results(
        orders=np.bincount(by, minlength=count).astype(float),
        revenue=np.bincount(by, weights=sales.net_usd[brought], minlength=count).astype(float),
        clicks=np.bincount(owners, minlength=count).astype(float),
        impressions=seen,
        engagements=engaged,
    )
