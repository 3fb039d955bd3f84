"""A row's orders as a small picture with words."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pipelines.monitor.sparkline import HEIGHT, WIDTH, sparkline

RECT = "rect"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_every_day_with_orders_has_a_bar_within_the_picture(values):
    picture = ElementTree.fromstring(str(sparkline(values, "Orders")))
    bars = picture.findall(RECT)
    assert len(bars) == sum(value > 0 for value in values)
    for bar in bars:
        assert 0 <= float(bar.get("x")) <= WIDTH
        assert 0 < float(bar.get("height")) <= HEIGHT
        assert abs(float(bar.get("y")) + float(bar.get("height")) - HEIGHT) < 0.11


def test_it_says_in_words_what_it_shows():
    picture = ElementTree.fromstring(str(sparkline((0, 4, 2), "Orders of <b>")))
    assert picture.get("aria-label") == "Orders of <b>: 6 in 3 days, at most 4 a day, 2 on the last"
    assert picture.find("title").text == picture.get("aria-label")


def test_of_no_days_there_is_no_picture():
    assert sparkline((), "Orders") == ""
