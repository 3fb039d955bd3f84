"""Watch: a workspace looked at again and again, and the newest snapshot of it for everybody who shows it."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines.failures import CodetrailError
from pipelines.live.campaigns import Moment
from pipelines.live.counted import Counted
from pipelines.live.counts import EVERYTHING, Counts, Ordered
from pipelines.live.news import OtherLake
from pipelines.live.order_list import list_orders
from pipelines.live.pacing import pacing_of
from pipelines.live.published import Marts, Published
from pipelines.live.reference import Roster, roster
from pipelines.live.signals import signals
from pipelines.live.slowly import Slowly
from pipelines.live.snapshot import Honesty, Snapshot, Stream
from pipelines.live.snapshot import Published as PublishedVersion
from pipelines.live.snapshot import Sums as ModelSums
from pipelines.live.stream_state import StreamState
from pipelines.live.sums import Slow, Sums
from pipelines.live.watched import OrderQuery, Orders
from pipelines.rules.models import MODELS
from pipelines.rules.money import minor_digits
from pipelines.settings import Settings
from pipelines.stores.reference import Reference
from pipelines.stores.rulebook import rulebook
from pipelines.stores.workspace import Workspace

LOOK_SECONDS = 0.4  # between two looks: a look costs up to 0.2, and the page has a core for other things too
REFERENCE_SECONDS = timedelta(seconds=5)
LIVE = timedelta(hours=1)  # a stream whose newest event is younger is shown up to the clock
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Read:
    """The reference data, as they were read, and what is counted under them."""

    reference: Reference
    roster: Roster
    counted: Counted
    counts: Counts
    slowly: Slowly


class Watch:
    """Reads one workspace's lake and published marts on a thread of its own; locks nobody.

    `tell` is given each snapshot; each look is made within `timing`.
    """

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        hash_key: Callable[[], bytes],
        now: Callable[[], datetime],
        tell: Callable[[Snapshot], None] = lambda _: None,
        timing: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._workspace, self._settings, self._hash_key, self._now = workspace, settings, hash_key, now
        self._tell, self._timing = tell, timing
        self._published = Published(workspace.root)
        self._streams = StreamState(workspace.lake.root)
        self._over = threading.Event()
        self._changed: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._turning = threading.Lock()  # what is read now is asked, or gives way to something else, never both
        self._thread = threading.Thread(target=self._look_again_and_again, name="watch", daemon=True)
        self._read_at = now()
        self.problem: str | None = None
        self._reference_problem: str | None = None
        self._read = self._open()
        self._read.counted.catch_up(self._read_at)
        self.snapshot, self.refreshed_at = self._made(self._read_at, 1, is_busy=True), self._read_at

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, and gives the memory back."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._read.counted.close()

    def stream(self, now: datetime) -> Stream:
        """Whether somebody feeds the lake, in words."""
        return self._streams.at(now)

    async def changed(self, after: int) -> Snapshot:
        """The newest snapshot as soon as its number is another than `after`."""
        mine = (asyncio.get_running_loop(), asyncio.Event())
        self._changed.add(mine)
        try:
            while self.snapshot.number == after:
                await mine[1].wait()
                mine[1].clear()
        finally:
            self._changed.discard(mine)
        return self.snapshot

    def orders(self, query: OrderQuery) -> Orders:
        """The orders behind a number; raises LakeUnavailable."""
        settled = self._settled(self._workspace.lake.watermark())
        with self._turning, self._read.counted.asking() as connection:
            return list_orders(connection, query, settled, self._digits, self._read.roster.handles)

    def look(self) -> None:
        """Counts what is new, and makes another snapshot if it shows something else."""
        now = self._now()
        try:
            is_new = self._read_reference_again(now)
            try:
                is_new |= self._read.counted.catch_up(now)
            except OtherLake:
                self._count_anew(now)
                is_new = True
            if is_new or self._read.slowly.due(now):  # time goes on also where nothing arrives
                self._show(self._made(now, self.snapshot.number + 1, is_busy=is_new), is_new)
            self.problem, self.refreshed_at = self._reference_problem, now
        except OtherLake:
            pass  # rewritten again while it was counted anew: so is the next look
        except (CodetrailError, duckdb.IOException) as error:
            self.problem = str(error)

    def _look_again_and_again(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            with self._timing():
                self.look()

    def _show(self, snapshot: Snapshot, is_new: bool) -> None:
        before, self.snapshot = self.snapshot, snapshot
        if not is_new and replace(snapshot, number=before.number, taken_at=before.taken_at) == before:
            self.snapshot = replace(before, taken_at=snapshot.taken_at)
            return
        for loop, event in list(self._changed):
            with suppress(RuntimeError):  # a loop that has ended meanwhile
                loop.call_soon_threadsafe(event.set)
        self._tell(snapshot)

    def _open(self) -> _Read:
        reference = self._workspace.reference(self._hash_key(), self._settings)
        links = rulebook(reference, self._settings).links
        people = roster(reference)
        timezones = {campaign.campaign_id: campaign.timezone for campaign in people.campaigns}
        counted = Counted(self._workspace.lake, links, timezones, self._now())
        return _Read(reference, people, counted, Counts(counted.connection), Slowly())

    def _count_anew(self, now: datetime) -> None:
        """In place of what was counted, whose memory is given back first; who asks for orders waits."""
        with self._turning:
            former, self._read = self._read, self._open()
            former.counted.close()
            self._read.counted.catch_up(now)

    def _read_reference_again(self, now: datetime) -> bool:
        """Other reference data count anew; such as cannot be read leave those of before, and are told."""
        if now - self._read_at < REFERENCE_SECONDS:
            return False
        self._read_at = now
        try:
            is_other = self._workspace.reference(self._hash_key(), self._settings).digest != self._read.reference.digest
            if is_other:
                self._count_anew(now)
        except CodetrailError as error:
            self._reference_problem = str(error)
            return False
        self._reference_problem = None
        return is_other

    @property
    def _digits(self) -> int:
        return minor_digits(self._settings.reporting_currency) or 0

    def _settled(self, watermark: datetime | None) -> datetime:
        return BEGINNING if watermark is None else watermark - timedelta(microseconds=self._settings.lateness)

    def _made(self, now: datetime, number: int, *, is_busy: bool) -> Snapshot:
        read = self._read
        watermark = self._workspace.lake.watermark()
        arrived_at, occurred_at = read.counted.arrivals.newest()
        until = self._until(occurred_at, now)
        marts = self._published.marts(until.date())
        currency, targeted = self._settings.reporting_currency, {one.campaign_id for one in read.roster.targets}
        read.slowly.look(now, is_busy=is_busy)
        slow = read.slowly.of("sums", lambda: Slow.of(read.counts, until, targeted))
        pacing = read.slowly.of(
            "pacing", lambda: pacing_of(read.roster, slow.facts_by_day, marts, until, currency, self._digits)
        )
        found = read.slowly.of("signals", lambda: signals(read.counted.connection, read.roster, marts, until, currency))
        sums = Sums.of(read.counts, until, self._settled(watermark), slow)
        moment = Moment(until, sums, marts, read.roster, pacing, currency, self._digits)
        return Snapshot(
            number=number,
            taken_at=now,
            workspace=self._workspace.root.resolve().name,
            reporting_currency=currency,
            reporting_digits=self._digits,
            campaigns=moment.views(),
            signals=found,
            honesty=self._honesty(arrived_at, watermark, moment, read.counted.arrivals.rejected()),
            costs_until=None if marts.version is None else until.date(),
            handles=read.roster.handles,
        )

    def _honesty(
        self, arrived_at: datetime | None, watermark: datetime | None, moment: Moment, rejected: Mapping[str, int]
    ) -> Honesty:
        lateness = timedelta(microseconds=self._settings.lateness)
        ordered = moment.sums.ordered.get(EVERYTHING, Ordered())
        newest = moment.sums.newest_order
        sums = {}
        for model in MODELS:
            credited = moment.money(sum(of.net for of in moment.sums.credited.get(model, {}).values()))
            left = moment.money(moment.sums.uncredited[model])
            sums[model] = ModelSums(credited, left, moment.money(ordered.net))
        return Honesty(
            as_of=arrived_at,
            watermark=watermark,
            provisional_until=newest + lateness if newest is not None and ordered.provisional_orders else None,
            rejected=dict(rejected),
            unpriced_orders=ordered.unpriced,
            sums=sums,
            published=_published(moment.marts),
        )

    def _until(self, occurred_at: datetime | None, now: datetime) -> datetime:
        """A stream that lives is shown up to the clock, also where nothing comes; what is over up to its end."""
        if occurred_at is None:
            return now
        is_live = self._streams.is_alive(now) and now - occurred_at < LIVE
        return now if is_live else min(occurred_at, now)


def _published(marts: Marts) -> PublishedVersion | None:
    if marts.version is None:
        return None
    version = marts.version
    return PublishedVersion(
        version.version, version.published_at, version.as_of, marts.expectations, marts.failed_check_at
    )
