"""What is owed is mostly there in time; some came late, some never, some is not due yet."""

from datetime import timedelta

import numpy as np
import pytest

from pipelines.simulate.captions import DISCLOSURES
from pipelines.simulate.deliverables import DELIVERABLE_COLUMNS, deliverable_rows


@pytest.fixture(scope="module")
def owed(cast, materials):
    rows = deliverable_rows(np.random.default_rng(8), cast, materials)
    return [dict(zip(DELIVERABLE_COLUMNS.split(","), row, strict=True)) for row in rows]


def test_one_a_paid_post_most_in_time_and_some_late(cast, materials, owed):
    days = []
    paid = [post for post in materials.posts if post.paid]
    for row, post in zip(owed, paid, strict=False):
        campaign = cast.campaign_of(post.participation)
        assert (row["campaign_id"], row["content_type"]) == (campaign.campaign_id, post.content_type)
        days.append((campaign.starts_on + (post.posted_at - campaign.starts_at) - row["due_on"]).days)
    late = sum(over > 0 for over in days)
    assert 0 < late < len(days) / 4
    assert max(days) <= timedelta(days=9).days


def test_some_posts_never_came_and_some_are_not_due_yet(cast, materials, owed):
    without_post = owed[sum(post.paid for post in materials.posts) :]
    overdue = [row for row in without_post if row["due_on"] < cast.until.date()]
    not_due = [row for row in without_post if row["due_on"] > cast.until.date()]
    assert overdue
    assert not_due
    ends = {campaign.campaign_id: campaign.ends_on for campaign in cast.campaigns}
    assert all(row["due_on"] <= ends[row["campaign_id"]] for row in without_post)


def test_the_disclosure_asked_for_is_of_the_influencer_s_country(cast, owed):
    countries = {someone.influencer_id: someone.country for someone in cast.influencers}
    for row in owed:
        assert row["required_hashtags"].endswith(f" {DISCLOSURES[countries[row['influencer_id']]][0]}")
