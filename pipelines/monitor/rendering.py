"""Rendering: the HTML of a snapshot's sections, made once for all who view it alike."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.live.snapshot import CampaignView, Snapshot
from pipelines.monitor import figures
from pipelines.monitor.columns import INFLUENCERS
from pipelines.monitor.links import download_href, order_href, orders_href
from pipelines.monitor.rows import options, pacing_of, reckoning, shown_rows, signals_of, totals
from pipelines.monitor.sparkline import sparkline
from pipelines.monitor.standing import Standing
from pipelines.monitor.view import SPELLS, View, campaign_path
from pipelines.monitor.words import MODEL_WORDS, SIGNAL_WORDS, VERDICT_WORDS, from_micros, spaced
from pipelines.reports.shown import shown
from pipelines.rules.models import MODELS

SECTIONS = ("asof", "now", "campaigns", "course", "signals", "influencers", "pacing", "honesty")
"""The parts of a page that change by themselves; each is a template, an element of the page, and an event."""

STANDINGS = ("stream", "alarm")
"""The parts that change with the clock, whether or not there is a newer snapshot."""

MOST_VIEWS = 64  # of one snapshot that are kept: whoever types into a filter makes many


class Rendering:
    """Keeps the fragments of the newest snapshot only."""

    def __init__(self) -> None:
        self._environment = _environment()
        self._number: int | None = None
        self._kept: OrderedDict[View, Mapping[str, Markup]] = OrderedDict()
        self._standings: dict[str, tuple[Standing, Mapping[str, Markup]]] = {}

    def page(self, template: str, **values: Any) -> str:
        """A whole page; raises jinja2.UndefinedError where a value is missing."""
        return self._environment.get_template(template).render(**values)

    def fragments(self, snapshot: Snapshot, campaign: CampaignView, view: View) -> Mapping[str, Markup]:
        """Every section's HTML by its name."""
        if self._number != snapshot.number:
            self._kept.clear()
            self._number = snapshot.number
        if view not in self._kept:
            values = context(snapshot, campaign, view)
            self._kept[view] = {name: Markup(self.page(f"{name}.html", **values)) for name in SECTIONS}  # noqa: S704
            if len(self._kept) > MOST_VIEWS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(view)
        return self._kept[view]

    def standing(self, standing: Standing, zone: str) -> Mapping[str, Markup]:
        """Whether the numbers move, and the alarm when they do not; the newest is kept for each zone."""
        last, html = self._standings.get(zone, (None, {}))
        if last != standing:
            values = {"standing": standing, "zone": zone}
            html = {name: Markup(self.page(f"{name}.html", **values)) for name in STANDINGS}  # noqa: S704
            self._standings[zone] = standing, html
        return html


def context(snapshot: Snapshot, campaign: CampaignView, view: View) -> dict[str, Any]:
    """What every section is made of."""
    rows = shown_rows(campaign, view)
    return {
        "snapshot": snapshot,
        "campaign": campaign,
        "view": view,
        "zone": campaign.timezone,
        "currency": snapshot.reporting_currency,
        "digits": snapshot.reporting_digits,
        "columns": INFLUENCERS,
        "rows": rows,
        "all_rows": campaign.influencers.get(view.model, ()),
        "totals": totals(rows),
        "reckoning": reckoning(snapshot, campaign, view.model),
        "signals": signals_of(snapshot, campaign),
        "pacing": pacing_of(snapshot, campaign),
        "handles": snapshot.handles,
        "campaign_names": {each.campaign_id: each.name for each in snapshot.campaigns},
        "points": _points(campaign, view.by),
        "recent": {"60 min": campaign.course.minutes[-60:], "24 h": campaign.course.hours[-24:]},
    }


def choices(campaign: CampaignView) -> dict[str, tuple[str, ...]]:
    """What the filters of a campaign's page offer."""
    return {name: options(campaign, name) for name in ("tier", "platform", "content_type")}


def _points(campaign: CampaignView, by: str) -> Any:
    return {"minute": campaign.course.minutes, "hour": campaign.course.hours, "day": campaign.course.days}[by]


def _spell_ends(moment: datetime, zone: str, by: str) -> datetime:
    """A day ends with the next midnight of the zone, which may be 23 or 25 hours away."""
    if by != "day":
        return moment + (timedelta(minutes=1) if by == "minute" else timedelta(hours=1))
    there = moment.astimezone(ZoneInfo(zone))
    return datetime.combine(there.date() + timedelta(days=1), time(), there.tzinfo)


def _printable(value: object) -> object:
    """Whatever a page prints that others wrote: a control or a direction mark is spelt out, markup is left as it is."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for written in (figures.count, figures.money, figures.percent, figures.points, figures.ratio, figures.instant,
                    figures.to_the_minute, figures.spell, figures.machine, spaced, from_micros):  # fmt: skip
        environment.filters[written.__name__] = written
    environment.globals |= {
        "MODELS": MODELS,
        "SPELLS": SPELLS,
        "MODEL_WORDS": MODEL_WORDS,
        "SIGNAL_WORDS": SIGNAL_WORDS,
        "VERDICT_WORDS": VERDICT_WORDS,
        "campaign_path": campaign_path,
        "download_href": download_href,
        "order_href": order_href,
        "orders_href": orders_href,
        "share": figures.share,
        "sparkline": sparkline,
        "spell_ends": _spell_ends,
    }
    return environment
