"""The vendored scripts keep to the strictest policy: htmx swaps, a stream changes numbers, a chart is drawn."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

VENDOR = Path(__file__).resolve().parents[2] / "pipelines" / "monitor" / "static" / "vendor"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HOSTILE = '<img src=x onerror="alert(1)">'
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Live</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="htmx-config" content='{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,\
"historyCacheSize":0,"historyRestoreAsHxRequest":false,"attributesToSettle":["class"]}'>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/vendor/uplot/uPlot.min.css">
<script src="/vendor/htmx/htmx.min.js" defer></script>
<script src="/vendor/htmx-ext-sse/sse.min.js" defer></script>
<script src="/vendor/uplot/uPlot.iife.min.js" defer></script>
<script src="/chart.js" defer></script></head>
<body><main hx-ext="sse" sse-connect="/events"><h1>Live</h1>
<p>Orders <output id="orders" sse-swap="orders" hx-swap="textContent">0</output></p>
<div sse-swap="figures" hx-swap="none"></div>
<p>Clicks <span id="clicks">0</span>, codes <span id="codes">0</span></p>
<p sse-swap="typed" hx-swap="textContent"></p>
<button hx-get="/table" hx-target="#table">Show</button><div id="table"></div>
<div id="chart" role="img" aria-label="Orders by minute: 1, 4, 2"></div></main></body></html>"""
CHART = """new uPlot(
  { width: 320, height: 160, series: [{}, { label: "orders", stroke: "#0b5" }] },
  [[1767225600, 1767225660, 1767225720], [1, 4, 2]],
  document.getElementById("chart"))"""
IS_DRAWN = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"""


@pytest.fixture
def live(site, page):
    """The page above, with nothing inline, under the policy."""
    site.headers["Content-Security-Policy"] = POLICY
    site.bodies |= {f"/vendor/{path.relative_to(VENDOR).as_posix()}": path for path in VENDOR.glob("*/*")}
    site.bodies |= {"/": PAGE, "/chart.js": CHART, "/icon.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'}
    site.bodies["/table"] = "<table><caption>Orders</caption><tr><td>17</td></tr></table>"
    site.streams["/events"] = [
        *("event: orders\ndata: 1", "event: orders\ndata: 2"),
        'event: figures\ndata: <span id="clicks" hx-swap-oob="true">40</span>\n'
        'data: <span id="codes" hx-swap-oob="true">3</span>',
        f"event: typed\ndata: {HOSTILE}",
    ]
    page.goto(site.address)
    return page


def test_an_event_of_the_stream_changes_a_number_and_one_event_changes_several(live):
    expect(live.locator("#orders")).to_have_text("2")
    expect(live.locator("#clicks")).to_have_text("40")
    expect(live.locator("#codes")).to_have_text("3")


def test_a_text_from_the_stream_stays_text(live):
    expect(live.locator("[sse-swap=typed]")).to_have_text(HOSTILE)
    assert live.locator("main img").count() == 0


def test_a_click_puts_a_part_of_another_page_in(live):
    live.get_by_role("button", name="Show").click()
    expect(live.locator("#table td")).to_have_text("17")


def test_a_chart_is_drawn(live):
    assert live.locator("#chart canvas").evaluate(IS_DRAWN)


def test_the_policy_is_in_force(live, complaints):
    complaints.expect("violates the following Content Security Policy directive")
    live.evaluate("document.body.setAttribute('style', 'color: red')")
    live.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = true'}))")
    assert live.evaluate("[window.ran === undefined, getComputedStyle(document.body).color]") == [True, "rgb(0, 0, 0)"]
    assert len(complaints.heard) == 2


def test_what_htmx_and_the_chart_made_shuts_nobody_out(live, axe):
    live.get_by_role("button", name="Show").click()
    expect(live.locator("#table td")).to_have_text("17")
    assert axe(live) == []
