"""What a request asks to be shown, and the way back from a view to its address."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.monitor.view import SORTS, SPELLS, View, WrongQuery, campaign_path, chosen_campaign, view_of
from pipelines.rules.models import MODELS

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50).map(str.strip).filter(bool)
views = st.builds(
    View,
    campaign_id=st.none() | texts,
    model=st.sampled_from(MODELS),
    sort=st.sampled_from(SORTS),
    order=st.sampled_from(["asc", "desc"]),
    tier=st.none() | texts,
    platform=st.none() | texts,
    content_type=st.none() | texts,
    q=st.none() | texts,
    by=st.sampled_from(SPELLS),
)


@given(views)
def test_the_address_of_a_view_asks_for_that_view(view):
    parts = urlsplit("http://here" + view.href())
    assert parts.path == campaign_path(view.campaign_id)
    assert view_of(view.campaign_id, parse_qsl(parts.query)) == view


def test_what_is_as_a_page_has_it_anyhow_does_not_lengthen_the_address():
    assert View().href() == "/"
    assert View("a b").href(model="last") == "/campaigns/a%20b?model=last"


def test_an_empty_parameter_is_none():
    assert view_of(None, [("tier", ""), ("q", "  ")]) == View()


@pytest.mark.parametrize("parameters", [[("model", "x")], [("by", "week")], [("order", "up")], [("sort", "")] * 2,
                                        [("campaign_id", "a")], [("q", "x" * 201)]])  # fmt: skip
def test_what_there_is_not_is_refused(parameters):
    with pytest.raises(WrongQuery):
        view_of(None, parameters)


@given(st.sampled_from(SORTS))
def test_the_same_head_twice_turns_the_order_round(name):
    once = View(sort="").sorted_by(name)
    twice = once.sorted_by(name)
    assert (once.sort, twice.sort) == (name, name)
    assert {once.order, twice.order} == {"asc", "desc"}
    assert twice.sorted_by(name) == once


def test_a_campaign_is_named_once():
    assert chosen_campaign([("campaign", "a"), ("q", "b")]) == ("a", [("q", "b")])
    with pytest.raises(WrongQuery):
        chosen_campaign([("campaign", "a"), ("campaign", "b")])
