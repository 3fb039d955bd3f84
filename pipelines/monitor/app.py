"""App: the web application: its routes, and what a request gets that asks for what there is not."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipelines.failures import BadInput, CodetrailError
from pipelines.live.watched import Watched as Watched
from pipelines.monitor import pages
from pipelines.monitor.access import Access
from pipelines.monitor.answers import Problem
from pipelines.monitor.api import ENDPOINTS, JSON
from pipelines.monitor.downloads import downloads
from pipelines.monitor.events import events
from pipelines.monitor.health import healthz, metrics
from pipelines.monitor.openapi import description
from pipelines.monitor.rates import Rates
from pipelines.monitor.security import Guard
from pipelines.monitor.site import Site, site_of
from pipelines.monitor.view import WrongQuery
from pipelines.reports.explanation import Explanation

STATIC = Path(__file__).with_name("static")
HEADS = {
    400: "That cannot be shown",
    404: "There is no such thing here",
    500: "The page has made a mistake",
    503: "The lake cannot be read right now",
}


def application(
    watched: Watched,
    explain: Callable[[str], Explanation],
    now: Callable[[], datetime],
    access: Access,
    clock: Callable[[], float],
) -> Starlette:
    """The page over what is watched. `explain` blocks; `clock` gives seconds that only grow.

    `app.state.site.stopping` ends the open pages' streams when it is set.
    """
    app = Starlette(
        routes=[
            Route("/", pages.campaign, methods=["GET"]),
            Route("/campaigns/{campaign_id:path}", pages.campaign, methods=["GET"]),
            Route("/orders", pages.orders, methods=["GET"]),
            Route("/orders/{order_id:path}", pages.order, methods=["GET"]),
            Route("/formulas", pages.formulas, methods=["GET"]),
            Route("/events", events, methods=["GET"]),
            *(endpoint.route() for endpoint in ENDPOINTS),
            Route("/api/openapi.json", description, methods=["GET"]),
            Route("/downloads/{file}", downloads, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, access=access, rates=Rates(clock))],
        exception_handlers={CodetrailError: _failed, HTTPException: _not_served, 500: _broken},
    )
    app.state.site = Site(watched, explain, now)
    return app


async def _failed(request: Request, failure: Exception) -> Response:
    if isinstance(failure, WrongQuery):
        return _told(request, 400, str(failure))
    return _told(request, 404 if isinstance(failure, BadInput) else 503, str(failure))


async def _not_served(request: Request, refusal: Exception) -> Response:
    status = refusal.status_code if isinstance(refusal, HTTPException) else 500
    return _told(request, status, "Nothing is to be found at this address.")


async def _broken(request: Request, _error: Exception) -> Response:
    return _told(
        request, 500, "The log of the process says what happened; the numbers elsewhere are not touched by it."
    )


def _told(request: Request, status: int, sentence: str) -> Response:
    """A problem in words: a page for a person, JSON for a program."""
    if request.url.path.startswith("/api/"):
        return Response(msgspec.json.encode(Problem(sentence)), status, media_type=JSON)
    said = sentence[:1].upper() + sentence[1:]
    page = site_of(request).rendering.page(
        "problem.html", head=HEADS.get(status, "That is not possible"), sentence=said
    )
    return HTMLResponse(page, status)
