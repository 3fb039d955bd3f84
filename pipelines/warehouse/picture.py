"""One picture: what each influencer returned on what they cost, as a page and as an image."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import vl_convert

from pipelines.failures import LakeUnavailable
from pipelines.warehouse.roi_rows import RoiRow, influencer_rows
from pipelines.warehouse.versions import Version, current_version

BARS = 24  # what a person takes in at a glance; of more, the best and the worst half
NAMES_IN_NOTE = 4
VEGA_LITE = "5.21"
PIXELS = 2  # of the image for one of the page
ROW_HEIGHT = 26
BAR_WIDTH = 520
MARGIN_PERCENT = 14  # of the axis, beside the longest bars: room for their labels
INK, MUTED, GRID, PROFIT, LOSS = "#1f2933", "#5f6c7b", "#e4e7eb", "#1b7f79", "#c2412d"
FONT = "Helvetica, Arial, Liberation Sans, sans-serif"


def draw_roi(root: Path) -> tuple[Path, Path]:
    """Draws the published ROI by influencer under the policy to `root`/published/roi.html and roi.png.

    The page needs nothing from outside. Raises BadInput when nothing is published, LakeUnavailable when
    the disk fails.
    """
    folder, version = current_version(root)
    spec = roi_chart(influencer_rows(folder), version)
    page = vl_convert.vegalite_to_html(spec, vl_version=VEGA_LITE, bundle=True)
    image = vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=PIXELS)
    try:
        return (
            _replace(root / "published" / "roi.html", page.encode()),
            _replace(root / "published" / "roi.png", image),
        )
    except OSError as error:
        raise LakeUnavailable(
            f"{root / 'published'} cannot be written: {error}; mend the disk or permission"
        ) from error


def roi_chart(rows: Sequence[RoiRow], version: Version) -> dict[str, Any]:
    """The Vega-Lite chart of the rows of `influencer_rows`: a bar for whoever cost something, notes for the rest."""
    judged = sorted(
        (row for row in rows if row.kind == "influencer" and row.roi_pct is not None),
        key=lambda row: -(row.roi_pct or 0),
    )
    bars = judged if len(judged) <= BARS else [*judged[: BARS // 2], *judged[-(BARS // 2) :]]
    names = Counter(row.name for row in bars)
    money = f",.{version.reporting_digits}f"
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.json",
        "title": {"text": _finding(judged), "subtitle": [_when(version), *_notes(rows, judged, bars, version)]},
        "data": {"values": [_bar(row, unique=names[row.name] == 1) for row in bars]},
        "spacing": 4,
        "hconcat": [
            _bars(bars, version),
            _column("net_revenue", f"Net {version.reporting_currency}", money),
            _column("cost", f"Cost {version.reporting_currency}", money),
        ],
        "config": _look(),
    }


def _bar(row: RoiRow, *, unique: bool) -> dict[str, Any]:
    percent = row.roi_pct or 0.0
    name = row.name if unique else f"{row.name} ({row.id})"
    return {
        "name": name + ("*" if row.provisional else ""),
        "roi_pct": percent,
        "label": f"{percent:+,.0f} %".replace("-", "−"),
        "result": "loss" if percent < 0 else "profit",
        "net_revenue": float(row.net_revenue),
        "cost": float(row.cost),
        "profit": float(row.profit or 0),
        "orders": row.orders,
        "tier": row.tier,
        "platform": row.platform,
        "campaigns": ", ".join(row.campaigns),
    }


def _bars(bars: Sequence[RoiRow], version: Version) -> dict[str, Any]:
    percents = [row.roi_pct or 0.0 for row in bars]
    low, high = min([0.0, *percents]), max([0.0, *percents])
    margin = (high - low or 100) * MARGIN_PERCENT / 100
    domain = [low - margin if low < 0 else 0, high + margin]
    axis = {
        "title": "Return on what they cost (ROI), break-even at 0 %",
        "labelExpr": "format(datum.value, ',') + ' %'",
    }
    x = {"field": "roi_pct", "type": "quantitative", "scale": {"domain": domain, "nice": False}, "axis": axis}
    money = f",.{version.reporting_digits}f"
    tooltip = [
        {"field": "name", "title": "Influencer"},
        {"field": "campaigns", "title": "Campaigns"},
        {"field": "tier", "title": "Tier"},
        {"field": "platform", "title": "Platform"},
        {"field": "orders", "title": "Orders", "format": ",.0f"},
        *({"field": name, "title": name.replace("_", " ").capitalize(), "format": money} for name in AMOUNTS),
        {"field": "roi_pct", "title": "ROI %", "format": "+,.1f"},
    ]
    colour = {"domain": ["profit", "loss"], "range": [PROFIT, LOSS]}
    return {
        "width": BAR_WIDTH,
        "height": {"step": ROW_HEIGHT},
        "encoding": {"y": {"field": "name", "type": "nominal", "sort": None, "axis": {"title": None}}, "x": x},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.68}},
                "encoding": {
                    "color": {"field": "result", "type": "nominal", "scale": colour, "legend": None},
                    "tooltip": tooltip,
                },
            },
            _labels("datum.result == 'profit'", "left", 5),
            _labels("datum.result == 'loss'", "right", -5),
            {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.5}, "encoding": {"x": {"datum": 0}, "y": None}},
        ],
    }


AMOUNTS = ("net_revenue", "cost", "profit")


def _labels(which: str, align: str, shift: int) -> dict[str, Any]:
    mark = {"type": "text", "align": align, "dx": shift, "fontWeight": "bold", "color": INK}
    return {"transform": [{"filter": which}], "mark": mark, "encoding": {"text": {"field": "label"}}}


def _column(field: str, title: str, money: str) -> dict[str, Any]:
    """Amounts beside the bars, right-aligned under their title."""
    return {
        "width": 90,
        "height": {"step": ROW_HEIGHT},
        "title": {"text": title, "fontSize": 12, "color": MUTED, "anchor": "end", "offset": 2},
        "mark": {"type": "text", "align": "right", "color": INK},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "axis": None},
            "x": {"value": 90},
            "text": {"field": field, "type": "quantitative", "format": money},
        },
    }


def _finding(judged: Sequence[RoiRow]) -> str:
    """The picture in one sentence."""
    if not judged:
        return "No influencer has cost anything yet"
    earned = sum((row.roi_pct or 0) >= 0 for row in judged)
    best = judged[0]
    if earned == 0:
        return "No influencer earned back what they cost"
    return f"{earned} of {len(judged)} influencers earned back what they cost; {best.name} has the best return"


def _when(version: Version) -> str:
    as_of = f"As of {version.as_of:%-d %B %Y, %H:%M} UTC" if version.as_of else "No event yet"
    share = 100 * version.provisional_orders / version.orders if version.orders else 0
    provisional = f"{share:.0f} % of orders are provisional (*)" if share else "every order is settled"
    return f"{as_of}; {provisional}. Net revenue is after discounts and refunds, in {version.reporting_currency}."


def _notes(rows: Sequence[RoiRow], judged: Sequence[RoiRow], bars: Sequence[RoiRow], version: Version) -> list[str]:
    notes = []
    if between := len(judged) - len(bars):
        notes.append(f"Shown are the {BARS // 2} best and the {BARS // 2} worst; {between} between them are left out.")
    if free := [row for row in rows if row.kind == "influencer" and row.roi_pct is None]:
        names = ", ".join(row.name for row in free[:NAMES_IN_NOTE])
        more = f" and {len(free) - NAMES_IN_NOTE} more" if len(free) > NAMES_IN_NOTE else ""
        net = sum(row.net_revenue for row in free)
        notes.append(
            f"Without cost, so without ROI: {names}{more}; together {net:,.{version.reporting_digits}f} net revenue."
        )
    return notes


def _look() -> dict[str, Any]:
    return {
        "background": "white",
        "padding": 24,
        "font": FONT,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "fontSize": 20,
            "color": INK,
            "subtitleFontSize": 13,
            "subtitleColor": MUTED,
            "subtitlePadding": 6,
            "offset": 16,
        },
        "axis": {
            "labelColor": INK,
            "labelFontSize": 12,
            "titleColor": MUTED,
            "titleFontWeight": "normal",
            "ticks": False,
        },
        "axisX": {"gridColor": GRID, "domain": False, "titlePadding": 10},
        "axisY": {"domain": False, "labelFontSize": 13, "labelPadding": 8, "labelLimit": 200},
        "text": {"fontSize": 12},
    }


def _replace(path: Path, content: bytes) -> Path:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    return partial.replace(path)
