"""Links: where the orders behind a number, one order, and a table's download are to be found."""

from datetime import datetime
from urllib.parse import quote, urlencode

from pipelines.monitor.figures import machine
from pipelines.monitor.view import View


def orders_href(
    campaign_id: str | None = None,
    influencer_id: str | None = None,
    model: str = "policy",
    since: datetime | None = None,
    until: datetime | None = None,
    status: str | None = None,
    only: str | None = None,
    page: int = 1,
) -> str:
    """The list of orders behind a number."""
    asked = {
        "campaign": campaign_id,
        "influencer": influencer_id,
        "model": None if model == "policy" else model,
        "since": since and machine(since),
        "until": until and machine(until),
        "status": status,
        "only": only,
        "page": None if page == 1 else page,
    }
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"/orders?{query}" if query else "/orders"


def order_href(order_id: str) -> str:
    return f"/orders/{quote(order_id, safe='')}"


def download_href(table: str, form: str, view: View) -> str:
    """A table of a view as a file."""
    return f"/downloads/{table}.{form}{_with_campaign(view)}"


def events_href(view: View, seen: str) -> str:
    """The stream of a view's changes for a page that shows the snapshot of that mark already."""
    query = _with_campaign(view)
    return f"/events{query}{'&' if query else '?'}{urlencode({'seen': seen})}"


def _with_campaign(view: View) -> str:
    query = view.query()
    if view.campaign_id is None:
        return query
    return f"{query}{'&' if query else '?'}{urlencode({'campaign': view.campaign_id})}"
