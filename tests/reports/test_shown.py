"""What others wrote reaches a terminal without power over it."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from pipelines.reports.shown import as_json, cell, moment, paragraph, shown, shown_bytes, size


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("FREYA20 für 咲良", "FREYA20 für 咲良", id="letters of any script stay"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="an escape sequence is spelled out"),
        pytest.param("\x9b2J", "\\x9b2J", id="the one-byte form of it too"),
        pytest.param("a\u202eb\u2066c", "a\\u202eb\\u2066c", id="direction marks are spelled out"),
        pytest.param(
            "zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff", id="characters without a width are spelled out"
        ),
        pytest.param("two\r\nlines\t", "two\\r\\nlines\\t", id="it stays on one line"),
        pytest.param("no\xa0break", "no\\xa0break", id="a space that is none of the keyboard's"),
        pytest.param("\ud800", "\\ud800", id="an unpaired surrogate"),
        pytest.param("\U000e0041", "\\U000e0041", id="an invisible tag beyond the basic plane"),
    ],
)
def test_what_prints_stays_and_the_rest_is_spelled_out(text, safe):
    assert shown(text) == safe


@given(st.text(st.characters()))
def test_any_text_becomes_one_printable_line_and_stays_so(text):
    once = shown(text)
    assert once.isprintable()
    assert shown(once) == once


@given(st.binary())
def test_any_bytes_become_one_printable_line(payload):
    assert shown_bytes(payload).isprintable()


def test_bytes_that_are_no_text_are_told_apart():
    assert shown_bytes(b"caf\xc3\xa9 \xff\x00") == "café \\xff\\x00"


def test_markup_and_emoji_names_are_printed_literally(printed):
    assert printed(cell("[bold red]x[/] :smile: [link=file:///]")).strip() == "[bold red]x[/] :smile: [link=file:///]"


def test_a_paragraph_keeps_its_lines_and_nothing_else():
    assert paragraph("one\n- \x1btwo").plain == "one\n- \\x1btwo"


def test_nothing_is_a_dash():
    assert cell(None) == Text("–")
    assert moment(None) == "–"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (12_345, "12.3 kB"),
        (2_424_986, "2.42 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_bytes_have_three_digits(count, text):
    assert size(count) == text


def test_json_is_ascii_with_exact_amounts_and_instants():
    document = as_json({"code": "\x9b\u202e", "net": Decimal("19.90"), "at": datetime(2026, 3, 1, tzinfo=UTC)})
    assert document.isascii()
    assert json.loads(document) == {"code": "\x9b\u202e", "net": "19.90", "at": "2026-03-01T00:00:00Z"}
