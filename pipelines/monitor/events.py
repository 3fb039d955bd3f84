"""Events: what changes on a page while it is open, as server-sent events: the newest of each part, and a beat."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from pipelines.monitor import page_metrics
from pipelines.monitor.site import Site, campaign_of, site_of
from pipelines.monitor.view import View, chosen_campaign, view_of

BEAT = 2.0  # seconds: a page that hears nothing for six of them says that the connection is lost
AGAIN = 2_000  # milliseconds until a browser tries again
MOST_PAGES = 200


async def events(request: Request) -> Response:
    """The stream of one open page, which has seen the snapshot `seen` already; 503 when too many are open."""
    site = site_of(request)
    parameters = request.query_params.multi_items()
    seen = request.headers.get("last-event-id") or dict(parameters).get("seen", "")
    campaign_id, others = chosen_campaign((name, value) for name, value in parameters if name != "seen")
    view = view_of(campaign_id, others)
    campaign_of(site.watched.snapshot, view.campaign_id)
    if page_metrics.open_pages() >= MOST_PAGES:
        return PlainTextResponse(
            f"{MOST_PAGES} pages are open already; close some, then this one goes on by itself\n",
            503,
            {"Retry-After": "30"},
        )
    return EventStream(changes(site, view, seen))


async def changes(site: Site, view: View, seen: str) -> AsyncIterator[str]:
    """Events without end, until the site stops: first what differs from what was seen, then what changes.

    Between two of them any number of snapshots may pass: only the newest is told.
    """
    yield f"retry: {AGAIN}\n\n"
    sent: Mapping[str, Markup] = {}
    while not site.stopping.is_set():
        snapshot = site.watched.snapshot
        shown = next((each for each in snapshot.campaigns if each.campaign_id == view.campaign_id), None)
        if shown is None:  # the reference data no longer has the campaign: its page is loaded anew and says so
            yield _event("gone", "")
            return
        standing = site.rendering.standing(site.standing(), shown.timezone)
        sections = site.rendering.fragments(snapshot, shown, view)
        if not sent and seen == site.mark(snapshot):
            sent = {**sections}
        parts = {**sections, **standing}
        told = "".join(_event(name, html) for name, html in parts.items() if sent.get(name) != html)
        sent = parts
        yield f"{told}id: {site.mark(snapshot)}\nevent: beat\ndata: {snapshot.number}\n\n"
        await site.wait(snapshot.number, BEAT)


class EventStream(Response):
    """Sends the messages one by one, each when the one before is on its way, until either side has had enough."""

    media_type = "text/event-stream"

    def __init__(self, messages: AsyncIterator[str]) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        with page_metrics.page_open():
            tasks = {asyncio.create_task(self._tell(send)), asyncio.create_task(_until_gone(receive))}
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, send: Send) -> None:
        async for message in self._messages:
            await send({"type": "http.response.body", "body": message.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines()) or "data: \n"
    return f"event: {name}\n{lines}\n"
