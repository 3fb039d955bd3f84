"""Captions disclose in words that the marts know, and a text that does not disclose has none of them in it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from pipelines.simulate.captions import CODES, DISCLOSURES, TEXTS, TOPICS, draw_caption
from pipelines.simulate.vocabulary import FIRST_NAMES

PHRASES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "disclosure_phrases.csv"
HELD = {"brand": "Hanami", "code": "MEI20", "url": "https://go.example/lnk-0007"}


def phrases():
    with PHRASES.open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["phrase"]) for row in csv.DictReader(file)}


def drawn(country, brief, hashtag):
    rng = np.random.default_rng(5)
    return [draw_caption(rng, country, brief, hashtag, HELD) for _ in range(400)]


@pytest.mark.parametrize("country", FIRST_NAMES)
def test_a_disclosure_is_one_that_the_marts_know(country):
    assert {("tag", tag) for tag in DISCLOSURES[country]} <= phrases()


@pytest.mark.parametrize("country", FIRST_NAMES)
def test_what_is_said_besides_discloses_nothing(country):
    said = " ".join((*TEXTS[country], CODES[country], *TOPICS)).casefold()
    assert [phrase for kind, phrase in phrases() if kind != "opening" and phrase in said] == []


@pytest.mark.parametrize("country", FIRST_NAMES)
@pytest.mark.parametrize(("brief", "asked"), [("code", HELD["code"]), ("link", HELD["url"]), ("", "#sakura")])
def test_most_captions_hold_what_the_brief_asks_for_and_some_do_not(country, brief, asked):
    captions = [caption for caption in drawn(country, brief, "#sakura") if caption is not None]
    held = sum(asked in caption for caption in captions)
    assert len(captions) * 0.75 < held < len(captions)
    assert len(captions) * 0.75 < sum(any(tag in c for tag in DISCLOSURES[country]) for c in captions) < len(captions)
    assert len(captions) < 400


def test_a_post_that_nobody_paid_for_discloses_nothing():
    assert not any(tag in (caption or "") for caption in drawn("DE", "", None) for tag in DISCLOSURES["DE"])
