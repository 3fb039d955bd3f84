"""Site: what every route of the page needs: who watches, who explains, the clock, what is rendered."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.requests import Request

from pipelines.failures import BadInput
from pipelines.live.snapshot import CampaignView, Snapshot
from pipelines.live.watched import Watched
from pipelines.monitor.rendering import Rendering
from pipelines.monitor.standing import Standing, standing_of
from pipelines.reports.explanation import Explanation

KEPT = timedelta(milliseconds=500)  # a standing serves every page that asks within that time


class NotThere(BadInput):
    """A request names a campaign or an order that there is not."""


class Site:
    """One workspace on show. `explain` blocks, and raises BadInput for what is no order."""

    def __init__(self, watched: Watched, explain: Callable[[str], Explanation], now: Callable[[], datetime]) -> None:
        self.watched = watched
        self.explain = explain
        self.now = now
        self.rendering = Rendering()
        self.stopping = asyncio.Event()
        self._began = now()
        self._standing: tuple[datetime, Standing] | None = None

    def mark(self, snapshot: Snapshot) -> str:
        """By which a page tells what it shows; another process counts its snapshots anew, so it is part of it."""
        return f"{self._began.timestamp():.6f}-{snapshot.number}"

    def standing(self) -> Standing:
        """Whether the numbers move now; at most half a second old."""
        now = self.now()
        if self._standing is None or not timedelta(0) <= now - self._standing[0] < KEPT:
            self._standing = now, standing_of(self.watched, now)
        return self._standing[1]

    async def wait(self, after: int, seconds: float) -> None:
        """Until there is another snapshot than number `after`, the site stops, or the seconds are over."""
        tasks = {asyncio.create_task(self.watched.changed(after)), asyncio.create_task(self.stopping.wait())}
        try:
            done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def campaign_of(snapshot: Snapshot, campaign_id: str | None) -> CampaignView:
    """Raises NotThere for a campaign that the snapshot does not hold."""
    for campaign in snapshot.campaigns:
        if campaign.campaign_id == campaign_id:
            return campaign
    raise NotThere(f"there is no campaign {campaign_id!r} in this workspace; the first page lists them all")
