"""Codes: spellings that are one code, and whose a code was at a moment."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.codes import CodeAssignment, CodeReason, CodeRoster, OverlappingCodes, normalise_code

HANDOVER = 1_773_619_200_000_000  # 2026-03-16T00:00Z
LATER = HANDOVER + 1_000_000

BRIANNA = CodeAssignment("Brianna10", "brianna", "spring", valid_to=HANDOVER)
CARLA = CodeAssignment("BRIANNA10", "carla", "spring", valid_from=HANDOVER)
LEAKED = CodeAssignment("SAVE15", "dana", "spring", compromised_at=HANDOVER)
SHORT = CodeAssignment("WEEKEND", "eve", "spring", valid_from=HANDOVER, valid_to=LATER)
AGAIN = CodeAssignment("WEEKEND", "eve", "summer", valid_from=LATER + 10, valid_to=LATER + 20)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        pytest.param(" alex 20 ", True, id="case and whitespace"),
        pytest.param("ALEX\u200b20", True, id="zero-width space from a chat"),
        pytest.param("\ufeffALEX20", True, id="byte order mark"),
        pytest.param("ALEX\u00ad20", True, id="soft hyphen"),
        pytest.param("ALEX\u00a020", True, id="no-break space"),
        pytest.param("ALEX\u302820", False, id="a Hangzhou numeral is a character of its own"),
        pytest.param("ALEX\u300020", True, id="ideographic space"),
        pytest.param("ALEX\x1f20", True, id="unit separator, which Python calls whitespace"),
        pytest.param("ALEX\x0020", False, id="a null is no whitespace"),
        pytest.param("ＡＬＥＸ２０", True, id="full-width letters"),
        pytest.param("\u0410LEX20", False, id="Cyrillic look-alike"),
        pytest.param("ALEX2O", False, id="letter O for zero"),
        pytest.param("ALEX-20", False, id="a hyphen counts"),
        pytest.param("ALE\u0301X20", False, id="an accent counts"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_spellings_of_alex20(typed, same):
    assert (normalise_code(typed) == normalise_code("ALEX20")) is same


@given(st.text())
def test_no_format_character_or_whitespace_of_the_text_stays(typed):
    spoken = "".join(c for c in unicodedata.normalize("NFKC", typed) if not c.isspace())
    spoken = "".join(c for c in spoken if unicodedata.category(c) != "Cf")
    assert normalise_code(typed) == spoken.casefold()


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_normalising_twice_changes_nothing_for_ascii(typed):
    assert normalise_code(normalise_code(typed)) == normalise_code(typed)


@given(
    st.text(alphabet="aZ9-ßéİЖ漢"),
    st.sampled_from([" ", "\t", "\u00a0", "\u2003", "\u200b", "\u2060", "\u202e"]),
    st.data(),
)
def test_an_invisible_character_anywhere_makes_no_other_code(typed, invisible, data):
    place = data.draw(st.integers(0, len(typed)))
    assert normalise_code(typed[:place] + invisible + typed[place:]) == normalise_code(typed)


@pytest.mark.parametrize(
    ("typed", "ordered_at", "owner", "reason"),
    [
        pytest.param("brianna10", HANDOVER - 1, BRIANNA, None, id="the last microsecond of the first owner"),
        pytest.param("brianna10", HANDOVER, CARLA, None, id="the first microsecond of the next"),
        pytest.param("save15", HANDOVER - 1, LEAKED, None, id="before the leak"),
        pytest.param("save15", HANDOVER, LEAKED, CodeReason.COMPROMISED, id="from the leak on"),
        pytest.param("nobody5", HANDOVER, None, CodeReason.UNKNOWN, id="nobody's code"),
        pytest.param("", HANDOVER, None, CodeReason.UNKNOWN, id="an empty code"),
        pytest.param("weekend", HANDOVER - 1, None, CodeReason.NOT_STARTED, id="before every row"),
        pytest.param("weekend", HANDOVER, SHORT, None, id="at its beginning"),
        pytest.param("weekend", LATER - 1, SHORT, None, id="just before its end"),
        pytest.param("weekend", LATER, None, CodeReason.EXPIRED, id="at its end"),
        pytest.param("weekend", LATER + 9, None, CodeReason.EXPIRED, id="between two rows is expired, not early"),
        pytest.param("weekend", LATER + 10, AGAIN, None, id="lent again"),
        pytest.param("weekend", LATER + 20, None, CodeReason.EXPIRED, id="after every row"),
    ],
)
def test_whose_a_code_was(typed, ordered_at, owner, reason):
    roster = CodeRoster([AGAIN, CARLA, BRIANNA, LEAKED, SHORT])
    assert roster.owner(normalise_code(typed), ordered_at) == (owner, reason)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(CodeAssignment("brianna 10", "carla", "spring"), id="open on both sides"),
        pytest.param(CodeAssignment("brianna10", "carla", "spring", valid_from=HANDOVER - 1), id="one microsecond"),
        pytest.param(CodeAssignment("brianna10", "carla", "spring", valid_to=0), id="both open at the beginning"),
        pytest.param(
            CodeAssignment("ＢＲＩＡＮＮＡ10", "carla", "spring", valid_from=0, valid_to=1), id="one inside the other"
        ),
    ],
)
def test_two_owners_at_once_are_refused(other):
    with pytest.raises(OverlappingCodes, match="both valid at a moment"):
        CodeRoster([BRIANNA, other])


bounds = st.lists(st.integers(0, 50), min_size=2, max_size=8, unique=True).map(sorted)


@given(bounds, st.integers(-1, 51), st.booleans(), st.booleans(), st.randoms())
def test_at_most_one_row_holds_a_moment(edges, at, opens, closes, random):
    rows = [
        CodeAssignment(
            "CODE",
            f"owner {start}",
            "c",
            None if opens and start == edges[0] else start,
            None if closes and end == edges[-1] else end,
        )
        for start, end in itertools.pairwise(edges)
    ]
    random.shuffle(rows)
    holding = [row for row in rows if not row.starts_after(at) and not row.ended_by(at)]
    owner, reason = CodeRoster(rows).owner("code", at)
    assert [owner] == (holding or [None])
    if reason is not None:
        assert reason == (CodeReason.NOT_STARTED if at < edges[0] else CodeReason.EXPIRED)
