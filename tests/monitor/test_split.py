"""An order's credits as a table that adds up."""

from decimal import Decimal

from pipelines.monitor.split import split_of
from tests.monitor.explained import NET, explanation


def test_every_model_s_column_adds_up_to_the_net():
    split = split_of(explanation().credits)
    assert split.sums == (NET,) * 6
    assert [row.share.number for row in split.rows] == [1, 2]
    assert split.rows[0].amounts[0] is None
    assert split.rows[1].amounts[:2] == (NET, Decimal("40.00"))


def test_an_order_that_nobody_earned_has_no_rows():
    split = split_of(())
    assert split.rows == ()
    assert split.sums == (None,) * 6
