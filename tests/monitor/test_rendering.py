"""Fragments: made once for all who view alike, kept for the newest snapshot only, and never more than text."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.monitor import rendering
from pipelines.monitor.rendering import SECTIONS, Rendering, choices
from pipelines.monitor.standing import Standing
from pipelines.monitor.view import View
from pipelines.reports.shown import shown
from tests.monitor.reading import read
from tests.monitor.snapshots import ALIVE, DEAD, NOW, cents, order, snapshot, with_row

VIEW = View("spring")
ANY = st.text(min_size=1, max_size=40)
ELEMENTS = {"img", "script", "iframe", "object", "embed", "style", "base", "form", "link", "meta"}
RENDERING = Rendering()


def fragments(made, view=VIEW, by=RENDERING):
    campaign = next(one for one in made.campaigns if one.campaign_id == view.campaign_id)
    return by.fragments(made, campaign, view)


def told(html: str):
    return read("".join(html))


@settings(max_examples=40)
@given(text=ANY, number=st.integers(2, 2**40))
def test_whatever_stands_in_a_text_is_shown_as_text(text, number):
    made = with_row(handle=text, name=text, influencer_id=text, tier=text, platform=text, content_type=text, pace=text)
    every, spring, run = made.campaigns
    signal = replace(made.signals[0], subject=text, evidence=text, advice=text, influencer_id=text)
    target = replace(spring.pacing[0], metric=text, influencer_id=text, sentence=text, verdict=text)
    honesty = replace(made.honesty, rejected={text: 3})
    spring = replace(spring, name=text, pacing=(target,))
    made = replace(made, number=number, campaigns=(every, spring, run), signals=(signal,), honesty=honesty)
    whole = "".join(fragments(made).values())
    plain = "".join(fragments(snapshot(number + 1)).values())
    page, usual = read(whole), read(plain)
    assert {tag for tag, _ in page.tags} & ELEMENTS == set()
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in usual.tags}
    assert {name for _, given in page.tags for name in given} <= {name for _, given in usual.tags for name in given}
    assert not any(href.lower().lstrip().startswith(("javascript:", "data:", "//")) for href in page.hrefs)
    assert " ".join(shown(text).split()) in page.text


def test_a_direction_mark_and_a_control_are_spelt_out():
    page = read(str(fragments(replace(with_row(handle="a\u202eb\x07"), number=-1))["influencers"]))
    assert r"a\u202eb\x07" in page.text


def test_the_same_view_of_the_same_snapshot_is_made_once():
    by, made = Rendering(), snapshot()
    assert fragments(made, by=by) is fragments(replace(made, taken_at=NOW), by=by)
    assert fragments(made, View("spring", model="last"), by) is not fragments(made, by=by)


def test_of_an_older_snapshot_nothing_is_kept():
    by = Rendering()
    for number in range(5):
        fragments(snapshot(number), by=by)
        fragments(snapshot(number), View("run"), by)
    assert len(by._kept) == 2


def test_views_without_end_are_not_kept_without_end(monkeypatch):
    monkeypatch.setattr(rendering, "MOST_VIEWS", 3)
    by, made = Rendering(), snapshot()
    for number in range(9):
        fragments(made, View("spring", q=str(number)), by)
    assert len(by._kept) == 3


def test_every_section_has_its_fragment():
    assert tuple(fragments(snapshot())) == SECTIONS


def test_how_the_stream_stands_is_made_anew_when_it_is_another():
    by = Rendering()
    alive = by.standing(Standing(ALIVE, None, None), "UTC")
    assert by.standing(Standing(ALIVE, None, None), "UTC") is alive
    assert "alert" in by.standing(Standing(DEAD, None, None), "UTC")["alarm"]
    assert by.standing(Standing(ALIVE, NOW, "gone"), "Asia/Tokyo")["alarm"].count("22:37:05") == 1


def test_the_filters_offer_what_the_campaign_has():
    assert choices(snapshot().campaigns[1])["platform"] == ("instagram", "tiktok", "youtube")


def test_a_whole_order_is_worth_its_cents():
    assert order(0).net == cents(1_000)
