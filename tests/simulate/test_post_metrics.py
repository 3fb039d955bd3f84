"""Running totals run on, but where a platform takes false likes away; followers go one way, from post to post."""

import json
from itertools import pairwise

import pytest

TOTALS = ("impressions", "reach", "views", "likes", "comments", "shares", "saves")


@pytest.fixture(scope="module")
def snapshots(worlds):
    """Without messages that were broken, sent again or altered: what the world without faults says."""
    file = worlds["none"][0] / "topics" / "post_metrics.ndjson"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def of_each(messages, key):
    rows = {}
    for message in sorted(messages, key=lambda message: message["occurred_at"]):
        rows.setdefault(message[key], []).append(message)
    return rows.values()


def falls(messages):
    """(post, total) of each total that is less than the day before."""
    return [
        (after["post_id"], name)
        for of_post in of_each(messages, "post_id")
        for before, after in pairwise(of_post)
        for name in TOTALS
        if after.get(name, 0) < before.get(name, 0)
    ]


def test_without_faults_no_total_falls(snapshots):
    assert falls(snapshots) == []


@pytest.mark.parametrize("profile", ["mild", "hostile"])
def test_with_faults_likes_are_taken_away_from_some_posts(worlds, profile):
    workspace, simulated = worlds[profile]
    messages = {}
    for line in (workspace / "topics" / "post_metrics.ndjson").read_bytes().splitlines():
        if b'"event_id":"pm-' in line and line.endswith(b"}"):  # broken ones have other ids, or no end
            message = json.loads(line)
            messages.setdefault(message["event_id"], message)
    found = [(post, name) for post, name in falls(messages.values()) if name == "likes"]
    assert len(found) == simulated.faults["corrected_total"]
    assert len(found) < len({message["post_id"] for message in messages.values()}) / 5


def test_followers_of_an_influencer_grow_from_post_to_post(snapshots):
    courses = [[message["followers"] for message in rows] for rows in of_each(snapshots, "influencer_id")]
    assert all(course == sorted(course) for course in courses)
    assert any(course[-1] > course[0] for course in courses)


def test_posts_have_captions_but_for_a_few(snapshots):
    captions = [rows[0].get("caption") for rows in of_each(snapshots, "post_id")]
    assert 0 < captions.count(None) < len(captions) / 5


def test_no_more_see_a_post_than_it_is_shown(snapshots):
    assert [message for message in snapshots if message["reach"] > message["impressions"]] == []
