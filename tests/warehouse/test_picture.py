"""The picture and the tables say what a marketer must know, and leave nothing out silently."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from pipelines.failures import BadInput
from pipelines.warehouse.picture import BARS, draw_roi, roi_chart
from pipelines.warehouse.publish import publish
from pipelines.warehouse.roi_rows import RoiRow, campaign_rows, influencer_rows, returned
from pipelines.warehouse.roi_tables import campaign_table, influencer_table
from pipelines.warehouse.versions import Version, current_version

NOW = datetime(2026, 3, 11, tzinfo=UTC)
VERSION = Version(
    1, NOW, "f", NOW, NOW, orders=200, provisional_orders=50, reporting_currency="EUR", reporting_digits=2, rows={}
)
PNG = b"\x89PNG\r\n\x1a\n"


def influencer(name: str, net: int, cost: int) -> RoiRow:
    return returned(RoiRow("influencer", name.strip("@"), name, 1.0, Decimal(net), Decimal(cost), provisional=False))


def many(count: int) -> list[RoiRow]:
    return [influencer(f"@number{n}", net=10 * n, cost=100) for n in range(count)]


def names(chart) -> list[str]:
    return [bar["name"] for bar in chart["data"]["values"]]


@pytest.fixture
def published(workspace, approve):
    approve(workspace)
    publish(workspace, NOW)
    return workspace


def test_bars_are_sorted_and_say_profit_or_loss():
    chart = roi_chart(
        [influencer("@low", 50, 100), influencer("@high", 300, 100), influencer("@even", 100, 100)], VERSION
    )
    shown = [(bar["name"], bar["label"], bar["result"]) for bar in chart["data"]["values"]]
    assert shown == [("@high", "+200 %", "profit"), ("@even", "+0 %", "profit"), ("@low", "−50 %", "loss")]


def test_the_title_is_the_finding_and_the_line_below_says_how_final_it_is():
    title = roi_chart([influencer("@low", 50, 100), influencer("@high", 300, 100)], VERSION)["title"]
    assert title["text"] == "1 of 2 influencers earned back what they cost; @high has the best return"
    assert title["subtitle"] == [
        "As of 11 March 2026, 00:00 UTC; 25 % of orders are provisional (*). "
        "Net revenue is after discounts and refunds, in EUR."
    ]


def test_of_many_the_best_and_the_worst_are_shown_and_the_rest_is_counted():
    chart = roi_chart(many(40), VERSION)
    assert len(names(chart)) == BARS
    assert (names(chart)[0], names(chart)[-1]) == ("@number39", "@number0")
    assert chart["title"]["subtitle"][1] == "Shown are the 12 best and the 12 worst; 16 between them are left out."


def test_whoever_cost_nothing_is_in_a_note_instead_of_a_bar():
    chart = roi_chart([influencer("@paid", 50, 100), influencer("@gift", 70, 0)], VERSION)
    assert names(chart) == ["@paid"]
    assert chart["title"]["subtitle"][1] == "Without cost, so without ROI: @gift; together 70.00 net revenue."


def test_two_influencers_of_one_handle_stay_two_bars():
    chart = roi_chart([influencer("@ana", 50, 100), replace(influencer("@ana", 90, 100), id="ana2")], VERSION)
    assert names(chart) == ["@ana (ana2)", "@ana (ana)"]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        pytest.param([], "No influencer has cost anything yet", id="nobody at all"),
        pytest.param([influencer("@a", 0, 10)], "No influencer earned back what they cost", id="only losses"),
    ],
)
def test_a_picture_of_little_says_so(rows, title):
    assert roi_chart(rows, VERSION)["title"]["text"] == title


def test_the_page_stands_alone_and_the_image_is_an_image(published):
    page, image = draw_roi(published)
    assert (page.parent, image.parent) == (published / "published", published / "published")
    text = page.read_text(encoding="utf-8")
    assert "@ana" in text
    assert '<script src="' not in text
    assert '<link href="' not in text
    assert image.read_bytes().startswith(PNG)


def test_without_a_publication_there_is_nothing_to_draw(tmp_path):
    with pytest.raises(BadInput, match="nothing is published"):
        draw_roi(tmp_path)


def test_rows_return_what_the_marts_say_and_sum_to_all_orders(published):
    folder, _ = current_version(published)
    rows = influencer_rows(folder)
    told = [(row.name, row.net_revenue, row.cost, row.profit, row.roi_pct) for row in rows]
    assert told == [
        ("@ana", Decimal(90), Decimal(40), Decimal(50), 125.0),
        ("@ben", Decimal(50), Decimal(60), Decimal(-10), pytest.approx(-100 / 6)),
        ("@cy", Decimal(0), Decimal(20), Decimal(-20), -100.0),
        ("Attributed", Decimal(140), Decimal(120), Decimal(20), pytest.approx(100 / 6)),
        ("Unattributed", Decimal(30), Decimal(0), None, None),
        ("All orders", Decimal(170), Decimal(120), None, None),
    ]
    assert [row.name for row in campaign_rows(folder)] == ["Spring launch", "Attributed", "Unattributed", "All orders"]


def test_rows_are_json_with_exact_amounts(published):
    row = json.loads(msgspec.json.encode(influencer_rows(current_version(published)[0])[0]))
    assert (row["name"], Decimal(row["net_revenue"]), row["orders"]) == ("@ana", Decimal("90.00"), 1.0)


@pytest.mark.parametrize("table", [campaign_table, influencer_table])
def test_tables_fit_a_hundred_columns_and_mark_what_can_still_move(table, published):
    console = Console(width=100, record=True, file=StringIO())
    console.print(table(published))
    text = console.export_text()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "* provisional: late events can move it until 2026-03-17" in " ".join(text.split())
    assert "Net USD" in text
    assert "Unattributed *" in text
