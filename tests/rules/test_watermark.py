"""The watermark: up to when events are taken to have arrived, and so which orders are settled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.watermark import is_settled, watermark_of


@pytest.mark.parametrize(
    ("latest", "watermark"),
    [
        pytest.param([], None, id="before the first event"),
        pytest.param([500], 490, id="one partition, less the disorder"),
        pytest.param([500, 450], 440, id="the partition that is behind"),
        pytest.param([500, 400], 390, id="almost idle"),
        pytest.param([500, 399], 490, id="an idle one holds nothing back"),
        pytest.param([500, 399, 450], 440, id="idle is measured against the furthest"),
    ],
)
def test_the_watermark(latest, watermark):
    assert watermark_of(latest, disorder=10, idle_after=100, now=10_000) == watermark


@pytest.mark.parametrize(
    ("ordered_at", "watermark", "settled"),
    [
        pytest.param(100, 107, True, id="exactly the lateness later"),
        pytest.param(100, 106, False, id="just before"),
        pytest.param(100, None, False, id="no watermark yet"),
    ],
)
def test_settled(ordered_at, watermark, settled):
    assert is_settled(ordered_at, 7, watermark) is settled


@given(
    st.lists(st.integers(0, 2_000), min_size=1, max_size=5),
    st.integers(0, 50),
    st.integers(0, 500),
    st.integers(0, 2_000),
    st.integers(0, 500),
)
def test_it_is_never_beyond_the_clock_nor_an_event_and_time_never_turns_it_back(latest, disorder, idle, now, passed):
    watermark = watermark_of(latest, disorder, idle, now)
    assert watermark <= min(now, max(latest) - disorder)
    assert all(watermark <= one - disorder for one in latest if max(latest) - one <= idle)
    if max(latest) <= now:
        assert watermark_of(latest, disorder, idle, now + passed) == watermark
