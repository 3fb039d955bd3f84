"""Posts, deliverables, hashtags and audiences of a world worked out by hand, however late its snapshots came."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.warehouse.build import test as data_tests
from tests.warehouse.posts_world import built_posts, read


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    root = built_posts(tmp_path_factory.getbasetemp())
    return lambda query: read(root, query)


def test_a_day_is_what_it_added_in_the_campaigns_time_zone(rows):
    """Half past eleven at night in London is the next day in Berlin; the third takes a hundred back."""
    assert rows(
        "select day, impressions, reach, engagements, is_correction from intermediate.int_post_days "
        "where post_id = 'p1' order by day"
    ) == [
        (date(2026, 3, 1), 1000, 800, 10, False),
        (date(2026, 3, 2), 500, 0, 10, False),
        (date(2026, 3, 3), -100, 100, 7, True),
    ]


def test_the_value_of_the_days_is_that_of_the_post_at_the_rate_of_its_day(rows):
    """So far 10.00 + 5.00 EUR, then 15.00 + 10.00, then 14.00 + 13.50, at 1.10; the later reel at 1.20."""
    assert rows("select emv_minor from intermediate.int_post_days where post_id = 'p1' order by day") == [
        (1650,),
        (1100,),
        (275,),
    ]
    assert rows("select post_id, emv from fct_post_performance order by 1") == [
        ("p1", Decimal("30.25")),
        ("p2", None),
        ("p3", Decimal("1.20")),
    ]


def test_a_post_in_figures(rows):
    assert rows(
        "select post_id, campaign_id, impressions, reach, engagements, followers, cost, clicks, valid_clicks, orders, "
        "net_revenue, has_correction, days_since_post from fct_post_performance order by 1"
    ) == [
        ("p1", "spring", 1400, 900, 27, 50, 7, 2, 1, 9, 81, True, 10),
        ("p2", None, 70, None, 0, None, None, 0, 0, 0, 0, False, 5),
        ("p3", "spring", 100, None, 0, 40, None, 0, 0, 0, 0, False, 7),
    ]
    assert rows(
        "select engagement_rate, engagement_rate_by_reach, engagement_rate_by_views, cpm, ctr "
        "from fct_post_performance where post_id = 'p1'"
    ) == [(27 / 50, 27 / 900, None, 7000 / 1400, 2 / 1400)]


def test_a_disclosure_is_found_missing_or_unknown(rows):
    assert rows("select post_id, disclosure, disclosed_by, is_boosted, link_ids from dim_post order by 1") == [
        ("p1", "found", "#werbung", True, ["l-ben"]),
        ("p2", "unknown", None, False, None),
        ("p3", "missing", None, False, None),
    ]


def test_agreed_against_posted(rows):
    """The umlaut is one letter in what was agreed and two in the caption; Jörg's only post belongs to no campaign."""
    assert rows(
        "select deliverable_id, post_id, status, days_late, hashtags_present, code_present, link_present, missing "
        "from fct_deliverables order by 1"
    ) == [
        ("d1", "p1", "on_time", 0, True, True, True, None),
        ("d2", "p3", "late", 1, False, False, None, "hashtags #frühling, code LÉNA10, disclosure"),
        ("d3", None, "missing", 1, None, None, None, "the post"),
        ("d4", None, "open", None, None, None, None, None),
    ]


def test_hashtags_by_campaign(rows):
    assert rows("select * from fct_hashtags order by hashtag") == [
        ("spring", "#frühling", 1, 1, 1400, 27, True),
        ("spring", "#frühlingserwachen", 1, 1, 100, 0, False),
        ("spring", "#werbung", 1, 1, 1400, 27, True),
    ]


def test_the_audience_that_is_real(rows):
    """72.00 + 9.00 earned and 7.00 spent, by 80 per cent of 40 followers; the later audit is behind the watermark."""
    assert rows(
        "select influencer_id, score, scored_on, real_followers, profit, profit_per_real_follower "
        "from fct_audience order by 1"
    ) == [
        ("ben", 0.8, date(2026, 3, 1), 32, 74, 74 / 32),
        ("jörg", None, None, None, 0, None),
    ]
    assert rows("select platform, day, followers, growth, is_odd from fct_follower_growth") == [
        ("instagram", date(2026, 3, 1), 50, None, None)
    ]


def test_channels_beside_influencers(rows):
    """Search: 10.00 EUR at 1.10 and 10.00 at 1.20; its second day says nothing of revenue."""
    assert rows("select channel, month, spend, orders, revenue, roas from fct_channel_benchmark order by 1, 2") == [
        ("influencer", date(2026, 3, 1), 7, 9, 81, 81 / 7),
        ("search", date(2026, 3, 1), 23, 4, 55, 55 / 23),
    ]


def test_the_data_tests_hold(tmp_path_factory):
    assert data_tests(built_posts(tmp_path_factory.getbasetemp())) == []
