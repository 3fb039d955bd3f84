"""Browsers of shoppers are no bots, crawlers are; or the truth would be wrong from the start."""

import pytest

from pipelines.rules.fraud import is_bot
from pipelines.simulate import vocabulary


@pytest.mark.parametrize("agent", vocabulary.BROWSERS)
def test_a_browser_is_no_bot(agent):
    assert not is_bot(agent, "GET")


@pytest.mark.parametrize("agent", vocabulary.CRAWLERS)
def test_a_crawler_is_a_bot(agent):
    assert is_bot(agent, "GET")
