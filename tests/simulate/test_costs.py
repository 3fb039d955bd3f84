"""Money is spent along with the campaign, and none of it after the world's end."""

from collections import defaultdict

import numpy as np
import pytest

from pipelines.simulate.costs import COST_COLUMNS, cost_rows


@pytest.fixture(scope="module")
def costs(cast, materials, results):
    rows = cost_rows(np.random.default_rng(9), cast, materials, results)
    return [dict(zip(COST_COLUMNS.split(","), row, strict=True)) for row in rows]


def test_nothing_is_paid_after_the_end_of_the_world_or_before_a_campaign_is_agreed(cast, costs):
    begins = {campaign.campaign_id: campaign.starts_on for campaign in cast.campaigns}
    assert all(row["incurred_on"] <= (row["period_end"] or row["incurred_on"]) for row in costs if row["period_start"])
    assert all(row["incurred_on"] <= cast.until.date() for row in costs)
    assert min((row["incurred_on"] - begins[row["campaign_id"]]).days for row in costs) == -3


def test_most_of_the_fees_come_when_the_campaign_has_begun(cast, costs):
    begins = {campaign.campaign_id: campaign.starts_on for campaign in cast.campaigns}
    fees = defaultdict(float)
    for row in costs:
        if row["category"] == "fee" and row["currency"] == "USD":
            fees[row["incurred_on"] < begins[row["campaign_id"]]] += float(row["amount"])
    assert 0 < fees[True] < fees[False]


def test_an_agency_is_paid_by_month(costs):
    months = [row for row in costs if row["category"] == "agency"]
    assert len(months) > len({row["campaign_id"] for row in months})
    assert all((row["period_end"] - row["period_start"]).days < 30 for row in months)


def test_fees_by_post_and_boosts_name_a_post_of_that_influencer(cast, materials, costs):
    owners = {post.post_id: cast.influencer_of(post.participation).influencer_id for post in materials.posts}
    of_posts = [row for row in costs if row["post_id"]]
    assert {row["category"] for row in of_posts} == {"fee", "boost"}
    assert [row for row in of_posts if owners[row["post_id"]] != row["influencer_id"]] == []
