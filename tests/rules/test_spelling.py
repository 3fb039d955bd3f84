"""Spelling: how far two codes are apart, and which one was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.codes import normalise_code
from pipelines.rules.spelling import MOST_SLIPS, Speller, distance

LETTERS = "ab0o1il5s"
codes = st.text(alphabet=LETTERS, max_size=9)


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        pytest.param("alex20", "alex20", 0, id="the same"),
        pytest.param("alex2o", "alex20", 0.5, id="the letter O for nought"),
        pytest.param("a1ex20", "alex20", 0.5, id="one for the letter L"),
        pytest.param("aiex20", "alex20", 0.5, id="the letter I for L"),
        pytest.param("sale5o", "sales0", 1, id="two that look alike"),
        pytest.param("alex21", "alex20", 1, id="another digit"),
        pytest.param("alx20", "alex20", 1, id="one missing"),
        pytest.param("aalex20", "alex20", 1, id="one too many"),
        pytest.param("laex20", "alex20", 1, id="two neighbours exchanged"),
        pytest.param("alex02", "alex20", 1, id="the digits exchanged"),
        pytest.param("аlex20", "alex20", 1, id="a letter of another script"),
        pytest.param("ca", "abc", 3, id="restricted: what was exchanged is not changed again"),
        pytest.param("", "abc", 3, id="nothing"),
        pytest.param("abc", "xyz", 3, id="nothing in common"),
    ],
)
def test_slips_between(one, other, slips):
    assert distance(one, other) == distance(other, one) == slips


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        pytest.param("ALEX2O", ["ALEX20", "BEN10"], "ALEX20", id="an O for nought"),
        pytest.param("AELX20", ["ALEX20"], "ALEX20", id="two exchanged"),
        pytest.param("ALEX20", ["ALEX10", "ALEX30"], None, id="two as near: nobody is guessed at"),
        pytest.param("ALEX1O", ["ALEX10", "ALEX20"], "ALEX10", id="one nearer than the other"),
        pytest.param("SUMMER2026", ["SUMER2025"], "SUMER2025", id="two slips in ten letters"),
        pytest.param("ANNA1", ["ANA1"], "ANA1", id="one slip in four letters"),
        pytest.param("AXA1", ["ANNA1"], None, id="two slips in four letters"),
        pytest.param("AN", ["AM"], None, id="one slip in two letters"),
        pytest.param("ALEX", ["ALEX20"], None, id="a third of the shorter one counts"),
        pytest.param("FREESHIP", ["ALEX20"], None, id="another word"),
        pytest.param("ALEX20", [], None, id="nothing known"),
    ],
)
def test_which_code_was_meant(typed, known, meant):
    speller = Speller({normalise_code(code): code for code in known})
    assert speller.nearest(normalise_code(typed)) == meant


@given(codes, codes)
def test_a_distance_is_symmetric_and_nothing_only_between_equals(one, other):
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) is (one == other)
    assert distance(one, other) <= max(len(one), len(other))


@given(codes, st.sets(codes, max_size=12))
def test_no_code_that_is_near_is_passed_over(typed, known):
    """The quick choice of candidates leaves out none that measuring them all would find."""
    found = Speller({code: code for code in known}).nearest(typed)
    near = sorted(
        (distance(typed, code), code)
        for code in known
        if distance(typed, code) <= min(MOST_SLIPS, min(len(typed), len(code)) / 3)
    )
    unique = len(near) == 1 or (len(near) > 1 and near[0][0] < near[1][0])
    assert found == (near[0][1] if unique else None)
