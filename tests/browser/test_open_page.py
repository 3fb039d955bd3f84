"""A page that stays open: what the reader was doing survives a change, and nothing old is shown as new."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DARK, PHONE
from tests.browser.served import Served
from tests.monitor.snapshots import HandWatched, empty_snapshot, snapshot

LOST = "lost: |Failed to load resource|\\[object Event\\]"
HOSTILE = "<img src=x onerror=alert(1)>" + "x" * 128
RIGHT_TO_LEFT = "a\u202eb"
OUT_OF_SIGHT = """hidden => {
  Object.defineProperty(document, 'hidden', {get: () => hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def with_orders(number: int, orders: int):
    made = snapshot(number)
    every, spring, run = made.campaigns
    return replace(made, campaigns=(every, replace(spring, headline=replace(spring.headline, orders=orders)), run))


def hostile():
    made = snapshot()
    every, spring, run = made.campaigns
    strange = {"handle": HOSTILE, "name": HOSTILE, "tier": HOSTILE, "platform": HOSTILE, "content_type": RIGHT_TO_LEFT}
    rows = {
        model: tuple(replace(row, influencer_id=f"{HOSTILE}{row.influencer_id}", **strange) for row in rows)
        for model, rows in spring.influencers.items()
    }
    signals = tuple(replace(one, subject=HOSTILE, evidence=HOSTILE, advice=HOSTILE) for one in made.signals)
    honesty = replace(made.honesty, rejected={HOSTILE: 1})
    spring = replace(spring, name=HOSTILE, influencers=rows)
    return replace(made, campaigns=(every, spring, run), signals=signals, honesty=honesty, workspace=HOSTILE)


@pytest.fixture
def watched():
    return HandWatched()


@pytest.fixture
def served(watched, port):
    served = Served(watched, port)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def spring(served, page):
    """The page of the campaign spring, open and connected."""
    page.goto(f"{served.address}/campaigns/spring")
    expect(page.locator("#charts canvas")).to_have_count(4)
    expect(page.locator("#connection")).to_be_empty()
    return page


def orders(page):
    return page.locator("#now-orders")


def test_focus_scroll_and_what_was_typed_survive_a_change(spring, served):
    spring.set_viewport_size({"width": 700, "height": 500})
    spring.locator("#filter-q").fill("emm")
    spring.locator("#sort-roas").focus()
    spring.evaluate("document.getElementById('influencers').scrollLeft = 60")
    spring.evaluate("window.scrollTo(0, 300)")
    changed = replace(with_orders(2, 4711), signals=())
    every, campaign, run = changed.campaigns
    rows = {model: rows[1:] for model, rows in campaign.influencers.items()}
    served.show(replace(changed, campaigns=(every, replace(campaign, influencers=rows), run)))
    expect(orders(spring)).to_have_text("4,711")
    expect(spring.locator("#influencer-table tbody tr")).to_have_count(4)
    expect(spring.locator("#filter-q")).to_have_value("emm")
    expect(spring.locator("#sort-roas")).to_be_focused()
    assert spring.evaluate("[document.getElementById('influencers').scrollLeft, window.scrollY]") == [60, 300]


def test_a_paused_page_stands_still_says_so_and_goes_on_with_the_newest(spring, served):
    before = orders(spring).inner_text()
    button = spring.locator("#pause")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(spring.locator("#connection")).to_contain_text("Paused: numbers as of 20 Mar 2026, 14:37:03")
    for number, count in ((2, 4711), (3, 4712)):
        served.show(with_orders(number, count))
    spring.wait_for_timeout(300)
    assert orders(spring).inner_text() == before
    button.click()
    expect(orders(spring)).to_have_text("4,712")
    expect(spring.locator("#connection")).to_be_empty()


def test_a_lost_connection_is_told_with_the_time_of_the_numbers_and_comes_back(spring, served, complaints):
    complaints.expect(LOST)
    served.stop()
    expect(spring.locator("#connection")).to_contain_text(
        "Connection lost: numbers as of 20 Mar 2026, 14:37:03", timeout=15_000
    )
    served.start()
    served.show(with_orders(2, 4711))
    expect(orders(spring)).to_have_text("4,711", timeout=15_000)
    expect(spring.locator("#connection")).to_be_empty()


def test_a_page_out_of_sight_rests_and_gets_the_newest_when_it_is_seen(spring, served):
    spring.clock.install()
    spring.goto(spring.url)
    expect(spring.locator("#charts canvas")).to_have_count(4)
    spring.evaluate(OUT_OF_SIGHT, True)
    spring.clock.fast_forward(21_000)
    expect(spring.locator("#connection")).to_contain_text("Not in sight")
    served.show(with_orders(2, 4711))
    spring.evaluate(OUT_OF_SIGHT, False)
    expect(orders(spring)).to_have_text("4,711")


def test_another_view_keeps_the_place_and_goes_on_by_itself(spring, served):
    total = spring.locator("#model-total").inner_text()
    spring.locator("#model-linear").click()
    expect(spring.locator("#model-linear")).to_have_attribute("aria-current", "true")
    assert spring.url.endswith("?model=linear")
    assert spring.locator("#model-total").inner_text() == total
    served.show(with_orders(2, 4711))
    expect(orders(spring)).to_have_text("4,711")
    spring.go_back()
    expect(spring.locator("#model-policy")).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("look", [{}, DARK, PHONE], ids=["desktop", "dark", "phone"])
@pytest.mark.parametrize("made", [hostile, empty_snapshot], ids=["hostile", "empty"])
def test_the_layout_holds_and_nobody_is_shut_out(served, watched, open_page, axe, look, made):
    watched.snapshot = made()
    page = open_page(**look)
    for path in ("/", *(["/campaigns/spring", "/orders?campaign=spring"] if made is hostile else [])):
        page.goto(served.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.locator("main img").count() == 0
        assert axe(page) == []
