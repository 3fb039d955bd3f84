"""Links: which rows a click matches, and which of them held at its time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.links import (
    UTM,
    LinkAssignment,
    LinkReason,
    LinkRoster,
    normalise_utm,
    resolve,
    utm_parameters,
)

NOTHING = ("",) * len(UTM)
ALEX = LinkAssignment("l1", "alex", "spring", ("ig", "", "", "", ""))
ALEX_SPRING = LinkAssignment("l2", "alex", "spring", ("ig", "", "spring", "", ""))
BEA_STORY = LinkAssignment("l3", "bea", "spring", ("ig", "", "", "story", ""))
BARE = LinkAssignment("l4", "carl", "spring")
BEFORE = LinkAssignment("moved", "dana", "spring", valid_to=100)
AFTER = LinkAssignment("moved", "eve", "summer", valid_from=100)
PADDED = LinkAssignment("l5", "fay", "spring", (" TikTok ", "\t", "", "", ""))
ROWS = [ALEX, ALEX_SPRING, BEA_STORY, BARE, BEFORE, AFTER, PADDED]


def utm(**said):
    return tuple(said.get(name, "") for name in UTM)


@pytest.mark.parametrize(
    ("link_id", "said", "found"),
    [
        pytest.param("l4", NOTHING, [BARE], id="by its id"),
        pytest.param("l4", utm(source="ig"), [BARE], id="the id goes before the parameters"),
        pytest.param("moved", utm(source="ig"), [BEFORE, AFTER], id="every row of an id"),
        pytest.param("unheard-of", utm(source="ig"), [ALEX], id="an unknown id leaves it to the parameters"),
        pytest.param(None, utm(source="ig"), [ALEX], id="by its source"),
        pytest.param(
            None, utm(source="ig", medium="x", term="y"), [ALEX], id="what a row leaves empty may be anything"
        ),
        pytest.param(None, utm(source="ig", campaign="spring"), [ALEX_SPRING], id="the row that fills most"),
        pytest.param(
            None, utm(source="ig", campaign="spring", content="story"), [ALEX_SPRING, BEA_STORY], id="two fill as many"
        ),
        pytest.param(None, utm(source="IG"), [], id="clicks come normalised, so another spelling is another"),
        pytest.param(None, utm(source="tiktok"), [PADDED], id="a row's own spelling is trimmed and folded"),
        pytest.param(None, utm(campaign="spring"), [], id="a row that fills more than the click says"),
        pytest.param(None, NOTHING, [], id="a row that fills nothing matches by id alone"),
        pytest.param("", NOTHING, [], id="an empty id is unknown"),
    ],
)
def test_the_rows_that_a_click_matches(link_id, said, found):
    assert LinkRoster(ROWS).candidates(link_id, said) == found


def matching(rows, link_id, said):
    """The contract in its own words."""
    by_id = [row for row in rows if row.link_id == link_id]
    if by_id:
        return by_id
    filled = {id(row): [i for i, v in enumerate(row.utm) if v.strip()] for row in rows}
    equal = [
        row
        for row in rows
        if filled[id(row)] and all(row.utm[i].strip().casefold() == said[i] for i in filled[id(row)])
    ]
    most = max((len(filled[id(row)]) for row in equal), default=0)
    return [row for row in equal if len(filled[id(row)]) == most]


values = st.sampled_from(["", " ", "a", "A", " a", "b"])
link_ids = st.sampled_from(["l1", "l2", "l3"])
links = st.builds(
    LinkAssignment,
    link_id=link_ids,
    influencer_id=st.sampled_from("xy"),
    campaign_id=st.just("c"),
    utm=st.tuples(values, values, values, values, values),
    valid_from=st.none() | st.integers(0, 10),
    valid_to=st.none() | st.integers(0, 10),
)
said_by_clicks = st.tuples(*[st.sampled_from(["", "a", "b"])] * len(UTM))


@given(st.lists(links, max_size=8), st.none() | link_ids | st.just("other"), said_by_clicks)
def test_the_roster_finds_what_the_contract_says(rows, link_id, said):
    assert sorted(LinkRoster(rows).candidates(link_id, said), key=repr) == sorted(
        matching(rows, link_id, said), key=repr
    )


@pytest.mark.parametrize(
    ("candidates", "at", "held"),
    [
        pytest.param([BEFORE, AFTER], 99, (BEFORE, None), id="the last microsecond of the first"),
        pytest.param([BEFORE, AFTER], 100, (AFTER, None), id="the first of the next"),
        pytest.param([BEFORE], 100, (None, LinkReason.NOT_VALID), id="none held"),
        pytest.param([ALEX_SPRING, BEA_STORY], 5, (None, LinkReason.AMBIGUOUS), id="two held"),
        pytest.param([BEA_STORY, BEFORE], 100, (BEA_STORY, None), id="of two, one had ended"),
    ],
)
def test_the_row_that_held(candidates, at, held):
    assert resolve(candidates, at) == held


def test_a_click_never_falls_through_to_a_lesser_row():
    ended = LinkAssignment("l6", "gil", "spring", ("ig", "", "autumn", "", ""), valid_to=50)
    candidates = LinkRoster([ALEX, ended]).candidates(None, utm(source="ig", campaign="autumn"))
    assert resolve(candidates, 60) == (None, LinkReason.NOT_VALID)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        pytest.param("https://s/?utm_source=a?utm_medium=b", {"utm_source": "a?utm_medium=b"}, id="the first ?"),
        pytest.param("https://s/?utm_source=a#b#c", {"utm_source": "a"}, id="the first #"),
        pytest.param("https://s/?utm_source=%FF", {"utm_source": "\ufffd"}, id="bad UTF-8"),
        pytest.param("https://s/?utm_source=%C3%A9+%E2%82", {"utm_source": "é \ufffd"}, id="cut UTF-8"),
        pytest.param("https://s/?utm_source=a%20", {"utm_source": "a"}, id="trimmed after decoding"),
        pytest.param("https://s/?utm_source=%C2%A0a%E3%80%80", {"utm_source": "a"}, id="trimmed of any whitespace"),
        pytest.param("https://s/?utm_source=a=b", {"utm_source": "a=b"}, id="the first ="),
        pytest.param("https://s/?utm_id=a&utm_source_platform=b", {}, id="other utm names"),
        pytest.param("https://s/?+utm_source=a", {}, id="a name with a space before it"),
        pytest.param("https://s/?utm%5Fsource=a&utm_source=b", {"utm_source": "a"}, id="an encoded name comes first"),
        pytest.param("https://s/?utm_source=&utm_source=b", {"utm_source": ""}, id="the first, even if empty"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_utm_parameters(url, read):
    assert utm_parameters(url) == read


@given(st.text(alphabet="?#&=%+ utm_sourceABé123", max_size=60))
def test_any_text_has_utm_parameters_of_the_five_names(url):
    read = utm_parameters(url)
    assert set(read) <= {f"utm_{name}" for name in UTM}
    assert all(value.strip() == value for value in read.values())


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        pytest.param(" Spring Sale\n", "spring sale", id="trimmed and folded, whitespace inside stays"),
        pytest.param("Straße", "strasse", id="folded, not lowered"),
        pytest.param("\u200ba", "\u200ba", id="a format character is no whitespace"),
    ],
)
def test_how_utm_values_are_compared(value, normal):
    assert normalise_utm(value) == normal
