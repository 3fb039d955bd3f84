"""Pages: the campaign, the orders behind a number, one order, and what each figure means, as HTML."""

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipelines.monitor.columns import formulas as every_formula
from pipelines.monitor.links import download_href, events_href
from pipelines.monitor.ordering import PAGE, order_list
from pipelines.monitor.rendering import choices, context
from pipelines.monitor.site import campaign_of, site_of
from pipelines.monitor.split import split_of
from pipelines.monitor.view import View, view_of
from pipelines.reports.explain_page import CAUSES, FLAGS
from pipelines.reports.reasons import POLICIES


async def campaign(request: Request) -> Response:
    """A campaign, or all of them, as a view wants it."""
    site = site_of(request)
    snapshot = site.watched.snapshot
    view = view_of(request.path_params.get("campaign_id"), request.query_params.multi_items())
    shown = campaign_of(snapshot, view.campaign_id)
    page = site.rendering.page(
        "campaign.html",
        **context(snapshot, shown, view),
        fragments=site.rendering.fragments(snapshot, shown, view),
        standing_html=site.rendering.standing(site.standing(), shown.timezone),
        events_href=events_href(view, site.mark(snapshot)),
        choices=choices(shown),
        downloads=lambda table: _downloads(table, view),
    )
    return HTMLResponse(page)


async def orders(request: Request) -> Response:
    """The orders behind a number, the newest first, a hundred a page."""
    site = site_of(request)
    asked = order_list(request.query_params.multi_items())
    snapshot = site.watched.snapshot
    shown = campaign_of(snapshot, asked.query.campaign_id)
    found = await run_in_threadpool(site.watched.orders, asked.query)
    page = site.rendering.page(
        "orders.html",
        snapshot=snapshot,
        campaign=shown,
        asked=asked,
        found=found,
        pages=max(1, -(-found.total // PAGE)),
        handles=snapshot.handles,
        zone=shown.timezone,
        currency=snapshot.reporting_currency,
        digits=snapshot.reporting_digits,
    )
    return HTMLResponse(page)


async def order(request: Request) -> Response:
    """Why an order's money went where it went."""
    site = site_of(request)
    told = await run_in_threadpool(site.explain, request.path_params["order_id"])
    snapshot = site.watched.snapshot
    where = told.winner.campaign_id if told.winner else None
    zone = next((each.timezone for each in snapshot.campaigns if each.campaign_id == where), "UTC")
    page = site.rendering.page(
        "order.html",
        told=told,
        zone=zone,
        split=split_of(told.credits),
        policies=POLICIES,
        causes=CAUSES,
        flags=FLAGS,
        snapshot=snapshot,
    )
    return HTMLResponse(page)


async def formulas(request: Request) -> Response:
    """What every figure means, and how it is reckoned."""
    return HTMLResponse(site_of(request).rendering.page("formulas.html", formulas=list(every_formula())))


def _downloads(table: str, view: View) -> Markup:
    links = (
        Markup('<a href="{}" aria-label="{} as {}">{}</a>').format(
            download_href(table, form, view), table.capitalize(), name, name
        )
        for form, name in (("csv", "CSV"), ("parquet", "Parquet"))
    )
    return Markup(" ").join(links)
