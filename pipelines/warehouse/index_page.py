"""The index page of a published version: its marts, measures, recipes and warnings, and what else there is to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.warehouse.catalogue import Catalogue, Mart
from pipelines.warehouse.findings import CheckResult
from pipelines.warehouse.metrics_dictionary import MONEY
from pipelines.warehouse.recipes import RECIPES
from pipelines.warehouse.templates import counted, instant, render
from pipelines.warehouse.versions import Version


@dataclass(frozen=True, slots=True)
class Card:
    """A way on to another page; `file` lies below the version's folder."""

    file: str
    title: str
    says: str


def index_page(catalogue: Catalogue, verdict: CheckResult, cards: Sequence[Card]) -> str:
    """The page as HTML: without a script or a request, each text of the data shown as text."""
    version = catalogue.version
    return render(
        "published.html",
        version=version,
        verdict=verdict,
        marts=[(mart, until(mart, version)) for mart in catalogue.marts],
        measures=catalogue.measures,
        money=MONEY,
        recipes=RECIPES,
        cards=cards,
        as_of=as_of(version),
        as_of_short=_minute(version.as_of) if version.as_of else "–",
        movable=movable(version),
    )


def as_of(version: Version) -> str:
    return f"As of {instant(version.as_of)}." if version.as_of else "No event has come yet."


def movable(version: Version) -> str:
    """Which orders late events can still move, and until when, in a sentence."""
    if not version.provisional_orders:
        return "Every order is settled: no late event changes these numbers."
    until_when = instant(version.provisional_until or version.published_at)
    orders = f"{version.provisional_orders:,} of {counted(version.orders, 'order')}"
    return f"{orders} are provisional: late events can move them until {until_when}."


def until(mart: Mart, version: Version) -> str:
    """Until when late events can move a mart: – for what is not about events."""
    if mart.name.startswith("dim_") or not mart.rows:
        return "–"
    if mart.provisional == 0 or version.provisional_until is None:
        return "settled"
    rows = f" ({counted(mart.provisional, 'row')})" if mart.provisional else ""
    return _minute(version.provisional_until) + rows


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
