"""Targets are within reach, some of campaigns that go on, and some are for days to come."""

from datetime import timedelta

import numpy as np
import pytest

from pipelines.simulate.targets import METRICS, target_rows


@pytest.fixture(scope="module")
def targets(cast, results):
    return list(target_rows(np.random.default_rng(7), cast, results))


def test_every_campaign_has_every_metric(cast, targets):
    of_campaigns = {(campaign, metric) for campaign, influencer, metric, *_ in targets if not influencer}
    assert of_campaigns == {(campaign.campaign_id, metric) for campaign in cast.campaigns for metric in METRICS}
    assert any(influencer for _, influencer, *_ in targets)


def test_at_the_end_of_the_world_some_are_over_some_go_on_and_some_have_not_begun(cast, targets):
    last = cast.until.date()
    spans = [(starts_on, ends_on) for *_, starts_on, ends_on in targets]
    assert any(ends_on < last for _, ends_on in spans)
    assert any(starts_on < last < ends_on for starts_on, ends_on in spans)
    assert any(starts_on > last for starts_on, _ in spans)


def test_campaigns_that_go_on_are_behind_on_track_and_ahead(cast, results, targets):
    """Pace: what there is, by what the target's days so far are worth."""
    campaigns = {campaign.campaign_id: c for c, campaign in enumerate(cast.campaigns)}
    verdicts = set()
    for campaign_id, influencer, metric, target, starts_on, ends_on in targets:
        if influencer or not starts_on < cast.until.date() < ends_on:
            continue
        share = (cast.until.date() - starts_on) / (ends_on - starts_on + timedelta(days=1))
        pace = results.of(metric, cast.of_campaign(campaigns[campaign_id])) / (target * share)
        verdicts.add("behind" if pace < 0.9 else "ahead" if pace > 1.1 else "on track")
    assert verdicts == {"behind", "on track", "ahead"}


def test_a_target_is_a_round_number_above_zero(targets):
    assert all(target >= 1 and len(str(target).rstrip("0")) <= 2 for *_, target, _, _ in targets)
