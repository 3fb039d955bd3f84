"""What each figure of the page means: in the metric dictionary's words where it has them."""

from dataclasses import fields

from pipelines.live.snapshot import Headline, InfluencerRow
from pipelines.monitor.columns import INFLUENCERS, every_column, formulas


def test_every_figure_is_explained():
    told = {one.name: one for one in formulas()}
    assert all(one.meaning for one in told.values())
    assert told["roas"].formula == "net_revenue / cost_total"
    assert told["roi_pct"].break_even == "0"
    assert told["cost"].unit == "money in the reporting currency"


def test_every_figure_of_a_row_and_of_the_headline_is_among_them():
    words = {"influencer_id", "handle", "name", "tier", "platform", "content_type", "course"}
    shown = {one.name for kind in (InfluencerRow, Headline) for one in fields(kind)} - words
    assert shown <= {column.name for column in every_column()}


def test_the_table_s_columns_are_a_row_s():
    assert {column.name for column in INFLUENCERS} <= {one.name for one in fields(InfluencerRow)}


def test_no_name_stands_twice():
    names = [column.name for column in every_column()]
    assert len(names) == len(set(names))
