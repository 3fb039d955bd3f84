"""The browser that tests the page: it has text to show, hears every complaint, and finds what shuts somebody out."""

import re
import time

import pytest

from tests.browser.conftest import DARK, DESKTOP, PHONE

PAGE = """<!doctype html><html lang="en"><head><title>Orders</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark }</style></head><body><main><h1>Orders</h1>%s</main></body></html>"""
LABELLED = '<label>Code <input name="code"></label>'
HAS_GLYPH = """character => {
    const drawn = text => {
        const canvas = document.createElement('canvas')
        const pen = canvas.getContext('2d')
        pen.font = '32px sans-serif'
        pen.fillText(text, 10, 40)
        return canvas.toDataURL()
    }
    return drawn(character) !== drawn('\\u{10FFFE}') && drawn(character) !== drawn(' ')
}"""


@pytest.mark.parametrize("character", "Aé0€−→↑▲✓")
def test_there_is_a_font_to_show_it(site, page, character):
    site.bodies["/"] = PAGE % ""
    page.goto(site.address)
    assert page.evaluate(HAS_GLYPH, character)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("colours", [{}, DARK], ids=["light", "dark"])
def test_a_page_is_of_the_size_and_the_colours_that_were_asked_for(site, open_page, tmp_path, size, colours):
    site.bodies["/"] = PAGE % LABELLED
    page = open_page(**size, **colours)
    page.goto(site.address)
    assert page.evaluate("[innerWidth, innerHeight]") == list(size["viewport"].values())
    assert page.evaluate("devicePixelRatio") == size.get("device_scale_factor", 1)
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == bool(colours)
    page.screenshot(path=tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("markup", "rule"),
    [
        ('<input name="code">', "label (critical)"),
        ('<p style="color: #bbb; background: #fff">17 orders today</p>', "color-contrast (serious)"),
        ('<p><a href="/a">a</a><br><a href="/b">b</a></p>', "target-size (serious)"),
    ],
)
def test_axe_finds_what_shuts_somebody_out_and_nothing_where_nothing_does(site, page, axe, markup, rule):
    site.headers["Content-Security-Policy"] = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    site.bodies |= {"/": PAGE % LABELLED, "/defect": PAGE % markup}
    page.goto(site.address)
    assert axe(page) == []
    page.goto(f"{site.address}/defect")
    broken = axe(page)
    assert [one for one in broken if not one.startswith(rule)] == []
    assert broken[0].startswith(rule)


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ("<script>console.error('no such campaign')</script>", "console error: no such campaign"),
        ("<script>nowhere()</script>", "error: nowhere is not defined"),
        ("<script>alert('a code was run')</script>", "dialog: a code was run"),
        ("<img src='/nowhere.png' alt=''>", r"console error: .* 404 .*/nowhere\.png"),
        ("<img src='http://127.0.0.1:1/pixel.png' alt=''>", r"another host: http://127\.0\.0\.1:1/pixel\.png"),
        ("<script src='http://cdn.example/chart.js'></script>", r"another host: http://cdn\.example/chart\.js"),
        ("<script src='http://cdn.example/chart.js'></script>", r"lost: .*ERR_NAME_NOT_RESOLVED"),
        ("<script>new WebSocket('ws://cdn.example/')</script>", r"another host: ws://cdn\.example/"),
    ],
)
def test_what_a_page_complains_of_fails_its_test(site, page, complaints, markup, complaint):
    site.bodies["/"] = PAGE % markup
    page.goto(site.address)
    until = time.monotonic() + 20
    while not re.search(complaint, "\n".join(complaints.heard)) and time.monotonic() < until:
        page.wait_for_timeout(20)
    with pytest.raises(AssertionError, match=complaint):
        complaints.check()
    complaints.expect("")


def test_a_quiet_page_fails_nothing_and_an_expected_complaint_hides_no_other(site, page, complaints):
    site.bodies |= {"/": PAGE % LABELLED, "/loud": PAGE % "<script>console.error('one'); console.error('two')</script>"}
    page.goto(site.address)
    complaints.check()
    page.goto(f"{site.address}/loud")
    complaints.expect("one")
    assert complaints.unexpected() == [f"console error: two ({site.address}/loud)"]
    complaints.expect("two")
