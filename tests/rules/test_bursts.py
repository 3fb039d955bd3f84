"""Bursts: how many bot clicks of a link in ten minutes are told of, and for how long."""

import pytest

from pipelines.rules.bursts import SLOT, BotClicks, bot_bursts
from pipelines.rules.signals import HOUR, Kind

NOON = 20_000 * 144 + 72  # the ten minutes from twelve o'clock
NOW = NOON * SLOT + 1


@pytest.mark.parametrize(
    ("bots", "since"),
    [
        pytest.param({NOON: 30}, [NOON], id="thirty in the ten minutes that run"),
        pytest.param({NOON: 29}, [], id="one less"),
        pytest.param({NOON: 15, NOON - 1: 15}, [], id="thirty in twenty minutes"),
        pytest.param({NOON - 1: 50, NOON - 2: 40, NOON - 4: 90}, [NOON - 2], id="on end: since the first of them"),
        pytest.param({NOON - 6: 30}, [NOON - 6], id="in the hour before"),
        pytest.param({NOON - 7: 30}, [], id="cleared as time goes on"),
        pytest.param({NOON + 1: 30}, [], id="beyond the watermark"),
        pytest.param({}, [], id="none"),
    ],
)
def test_what_is_told(bots, since):
    assert [signal.since // SLOT for signal in bot_bursts([BotClicks("l1", bots, bots)], NOW)] == since


def test_a_burst_says_its_share_of_all_clicks():
    link = BotClicks("l1", {NOON: 45, NOON - 1: 30}, {NOON: 60, NOON - 1: 40}, "spring", "ana")
    (signal,) = bot_bursts([link], NOW)
    assert signal.evidence == "75 bot clicks from 11:50 to 12:10 UTC, 75% of the 100 clicks of that time"
    assert (signal.kind, signal.subject, signal.campaign_id, signal.influencer_id) == (
        *(Kind.BOT_BURST, "l1", "spring", "ana"),
    )


def test_a_burst_that_lasts_keeps_its_key():
    link = BotClicks("l1", dict.fromkeys(range(NOON, NOON + 5), 40), {})
    keys = {bot_bursts([link], NOON * SLOT + minutes * HOUR // 60)[0].key for minutes in range(60)}
    assert len(keys) == 1
