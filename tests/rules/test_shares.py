"""Shares: whole units that add up to the amount, whatever the weights."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.shares import split


@pytest.mark.parametrize(
    ("amount", "parts", "shares"),
    [
        pytest.param(100, [1], [100], id="one touch"),
        pytest.param(100, [1, 1], [50, 50], id="an even split"),
        pytest.param(101, [1, 1], [51, 50], id="equal remainders: the earlier touch"),
        pytest.param(100, [1, 1, 1], [34, 33, 33], id="one unit over"),
        pytest.param(101, [1, 1, 1], [34, 34, 33], id="two units over"),
        pytest.param(10, [1, 2], [3, 7], id="the largest remainder, not the earlier touch"),
        pytest.param(1, [2, 3, 2], [0, 1, 0], id="a single unit to the heaviest"),
        pytest.param(5, [2, 1, 2], [2, 1, 2], id="no unit over"),
        pytest.param(7, [0, 1, 0], [0, 7, 0], id="a weight of nothing gets nothing"),
        pytest.param(2, [1, 0, 1, 1], [1, 0, 1, 0], id="nor a unit that is left"),
        pytest.param(0, [1, 1], [0, 0], id="nothing to split"),
        pytest.param(2**63 - 1, [1, 2**1074], [0, 2**63 - 1], id="the largest amount over the widest weights"),
    ],
)
def test_splits(amount, parts, shares):
    assert split(amount, parts) == shares


weights = st.lists(st.integers(0, 2**1074), min_size=1, max_size=12).filter(any)


@given(st.integers(0, 2**63 - 1), weights)
def test_shares_sum_to_the_amount_and_stay_within_a_unit_of_the_exact_share(amount, parts):
    shares = split(amount, parts)
    assert sum(shares) == amount
    for share, part in zip(shares, parts, strict=True):
        assert abs(share - Fraction(amount * part, sum(parts))) < 1
        assert part or share == 0


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any))
def test_no_touch_with_a_lesser_remainder_is_rounded_up_before_another(amount, parts):
    whole = sum(parts)
    rounded_up = [share - amount * part // whole for share, part in zip(split(amount, parts), parts, strict=True)]
    remainders = [amount * part % whole for part in parts]
    ranked = sorted(range(len(parts)), key=lambda place: (-remainders[place], place))
    assert [rounded_up[place] for place in ranked] == sorted(rounded_up, reverse=True)
