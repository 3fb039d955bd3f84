"""A caption's words are found in whatever letters they are written."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.codes import normalise_code
from pipelines.warehouse.captions import normalise_text
from pipelines.warehouse.dbt_runner import project_dir


@pytest.mark.parametrize(
    ("sent", "compared"),
    [
        pytest.param("My #Ad, 5 % off", "my #ad, 5 % off", id="capitals"),
        pytest.param("𝗮𝗱 𝘈𝘥 𝒜𝒹 𝕬𝖉 𝙰𝚍 𝔸𝕕 𝐚𝐝", "ad ad ad ad ad ad ad", id="mathematical letters"),
        pytest.param("＃ａｄ　ＡＮＡ１０", "#ad ana10", id="full-width"),
        pytest.param("Ⓐⓓ", "ad", id="circled"),
        pytest.param("𝟏𝟎 ①", "10 1", id="digits"),
        pytest.param("ｺﾗﾎﾞ", "コラボ", id="half-width katakana"),
        pytest.param("Fru\u0308hling", "frühling", id="an umlaut as two"),
        pytest.param("#SPASS", "#spass", id="double s"),
        pytest.param("#Spaß", "#spass", id="sharp s"),
        pytest.param("LE\u200bNA\u00ad10 ❤\ufe0f", "lena10 ❤", id="what nobody sees"),
        pytest.param("\u0430d", "\u0430d", id="a letter of another script"),
    ],
)
def test_one_spelling_to_compare(sent, compared):
    assert normalise_text(sent) == compared


@given(st.text())
def test_a_code_is_compared_as_the_shop_does(text):
    """But for spaces, which a text keeps, and the mark of emoji, which no code has."""
    text = text.replace("\ufe0f", "")
    assert "".join(normalise_text(text).split()) == normalise_code(text)


def test_phrases_are_listed_as_they_are_compared():
    """dbt only puts their capitals into small letters."""
    with (project_dir() / "seeds" / "disclosure_phrases.csv").open(encoding="utf-8") as file:
        phrases = [row["phrase"] for row in csv.DictReader(file)]
    assert phrases
    assert [normalise_text(phrase) for phrase in phrases] == [phrase.lower() for phrase in phrases]
