"""Health: whether the page works, for a supervisor, and what it measures, for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pipelines.monitor import page_metrics
from pipelines.monitor.site import site_of


async def healthz(request: Request) -> Response:
    """200 while the lake is looked at, 503 when it has not been for ten seconds."""
    since = site_of(request).standing().blind_since
    if since is None:
        return PlainTextResponse("ok\n")
    return PlainTextResponse(f"the lake was last read at {since:%Y-%m-%dT%H:%M:%SZ}; the page's log says why\n", 503)


async def metrics(request: Request) -> Response:
    site = site_of(request)
    watched = site.watched
    body = page_metrics.exposed(watched.snapshot.number, watched.refreshed_at, site.now())
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
