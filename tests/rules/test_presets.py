"""Presets: each is one of our policies, says what its source says, and names it."""

from typing import get_args

from pipelines.rules.presets import PRESETS
from pipelines.settings import Policy


def test_each_is_a_policy_with_a_source():
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    for preset in PRESETS:
        assert preset.policy in get_args(Policy)
        assert preset.says
        assert preset.source
        assert preset.url.startswith("https://")
