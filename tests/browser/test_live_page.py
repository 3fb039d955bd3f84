"""The live page in a real browser: a broker, the stream and the page, and a campaign that goes on meanwhile."""

import csv
import io
import urllib.request
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DARK, PHONE
from tests.browser.live_campaign import FORMULA, HOSTILE, STATEMENT, LiveCampaign, Monitor
from tests.end_to_end.live_run import LiveRun

pytestmark = pytest.mark.slow
SOON = 30_000  # milliseconds: patience, and no promise
DEAD_WITHIN = 15_000  # milliseconds: this is one
USUAL_DAYS = range(1, 8)
HOURS_AGO = 4  # of the spike: events of an hour ago and less are shown up to the clock


@pytest.fixture(scope="module")
def live(new_broker, prism, tmp_path_factory):
    """A campaign with a week behind it, followed and shown."""
    root = tmp_path_factory.mktemp("live") / "shop"
    broker = new_broker()
    campaign = LiveCampaign(broker, datetime.now(UTC))
    campaign.write_reference(root)
    usual = [campaign.click(days=day, hours=HOURS_AGO) for day in USUAL_DAYS for _ in range(3)]
    campaign.send(*usual, campaign.order(codes=["MIA10"], days=2), campaign.order(days=1))
    with LiveRun(root, broker, prism) as run, Monitor(root) as monitor:
        campaign.run, campaign.url, campaign.root = run, monitor.url, root
        yield campaign


def figure(page, name):
    return page.locator(f"#now-{name}")


def at_campaign(page, live, path="/campaigns/spring"):
    page.goto(live.url + path)
    expect(page.locator("h1")).to_be_visible()


def test_a_spike_is_raised_and_cleared(live, page):
    """Hours after it, in messages that come late: what is newer ends it."""
    at_campaign(page, live)
    expect(page.locator("#signals")).to_contain_text("No signals", timeout=SOON)
    live.send(*(live.click(hours=HOURS_AGO) for _ in range(60)))
    spike = page.locator("#signals article", has_text="alex-link")
    expect(spike).to_contain_text("60 clicks", timeout=SOON)
    live.send(live.click(minutes=2))
    expect(spike).to_have_count(0, timeout=SOON)


def test_numbers_change_by_themselves(live, page):
    at_campaign(page, live)
    expect(figure(page, "orders")).to_have_text("1", timeout=SOON)
    live.send(
        live.click(visitor="buyer", minutes=5), live.order("250.00", visitor="buyer"), live.order(codes=["ALEX20"])
    )
    expect(figure(page, "orders")).to_have_text("3", timeout=SOON)
    expect(figure(page, "net-revenue")).to_contain_text("450.00")
    expect(page.locator("#influencers")).to_contain_text("350.00")
    expect(page.locator("#stream")).to_contain_text("live", ignore_case=True)


def test_the_model_switch_keeps_the_total(live, page):
    at_campaign(page, live)
    live.send(
        live.click("mia-link", "torn", minutes=9),
        live.click("alex-link", "torn", minutes=8),
        live.order("90.00", visitor="torn"),
    )
    expect(figure(page, "orders")).to_have_text("4", timeout=SOON)
    totals, of_alex = set(), set()
    for model in ("policy", "first", "last", "linear", "position", "time_decay"):
        page.locator(f"#model-{model}").click()
        expect(page.locator(f"#model-{model}")).to_have_attribute("aria-current", "true")
        expect(page.locator("#reckoning")).to_contain_text("adds up to the cent")
        totals.add(page.locator("#model-total").inner_text())
        of_alex.add(page.locator("#net-alex").inner_text())
    assert len(totals) == 1
    assert of_alex == {"440.00", "350.00", "395.00", *of_alex}
    assert len(of_alex) >= 3


def test_a_number_leads_to_its_orders_and_an_order_to_its_claims(live, page):
    at_campaign(page, live)
    page.locator("#net-alex").click()
    expect(page.locator("h1")).to_be_visible()
    page.locator("main a[href^='/orders/']").first.click()
    for claimed in ("alex-link", "mia-link"):
        expect(page.locator("main")).to_contain_text(claimed)
    expect(page.locator("main tr", has_text="Sum")).to_contain_text("90.00")


def test_what_strangers_send_is_shown_and_never_run(live, page, open_page):
    live.send(*(live.order(codes=[code]) for code in (HOSTILE, FORMULA, STATEMENT) for _ in range(4)))
    live.send(*(live.click(HOSTILE) for _ in range(12)))
    at_campaign(page, live, "/")
    for code in ("<imgsrc=xonerror=alert(1)>", FORMULA, "';droptableorders;--"):
        expect(page.locator("#signals article", has_text=code).first).to_be_visible(timeout=SOON)
    assert page.locator("img").count() == 0
    for name in ("signals", "influencers", "orders"):
        with urllib.request.urlopen(f"{live.url}/downloads/{name}.csv") as answer:
            cells = [cell for row in csv.reader(io.TextIOWrapper(answer, "utf-8")) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []


@pytest.mark.parametrize("look", [{}, DARK, PHONE, PHONE | DARK], ids=["desktop", "dark", "phone", "dark phone"])
@pytest.mark.parametrize("path", ["/", "/campaigns/spring", "/orders", "/formulas"])
def test_everybody_can_read_it(live, open_page, axe, look, path):
    page = open_page(**look)
    at_campaign(page, live, path)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_works_without_javascript(live, open_page):
    page = open_page(java_script_enabled=False)
    at_campaign(page, live)
    expect(figure(page, "orders")).not_to_be_empty()
    page.locator("#model-linear").click()
    expect(page.locator("#reckoning")).to_contain_text("adds up to the cent")


def test_a_dead_stream_is_told_within_fifteen_seconds(live, page):
    at_campaign(page, live)
    expect(page.locator("#alarm .alarm")).to_have_count(0)
    live.run.kill()
    expect(page.locator("#alarm")).to_contain_text("The stream is dead", timeout=DEAD_WITHIN)
