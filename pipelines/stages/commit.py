"""Commit: attributions that say something new, as the next revisions of their orders."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import apache_beam as beam
import polars as pl
from apache_beam.coders import PickleCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec
from apache_beam.utils.shared import Shared

from pipelines import metrics
from pipelines.failures import EngineFailed
from pipelines.logs import log
from pipelines.records import Attributed, Share
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.watermark import is_settled, watermark_of
from pipelines.stages.counters import StageCounter
from pipelines.stages.current import Current
from pipelines.stages.landed import horizon_of
from pipelines.stages.progress import Progress, furthest
from pipelines.stages.revisions import digests
from pipelines.stages.tokens import OF_TOKEN, WorkingSets
from pipelines.stores.lake import COMMITS, WATERMARK, Lake, attributed_mark
from pipelines.stores.standing import attributed_offsets, latest_events, watermark_before
from pipelines.stores.tables import ORDER_ATTRIBUTIONS

FLUSH_ROWS = 10_000  # orders, at some kilobytes each, that wait for one commit
THE_COMMITTER = 0
IN_ONE_PROCESS = "in one process"
THROUGH = ReadModifyWriteStateSpec("through", PickleCoder())
OF_THROUGH = beam.DoFn.StateParam(THROUGH)
NOTHING_NEW = pl.DataFrame(schema=pl.Schema(ORDER_ATTRIBUTIONS))


@dataclass(frozen=True)
class Revisions:
    """What every revision of a run carries: its cause and rules, and how it tells settled from provisional."""

    cause: str
    reference_version: str
    sources: tuple[str, ...]  # `topic/partition` of all that the run reads at its start
    disorder: int  # microseconds, like all durations here
    idle_after: int
    lateness: int


@dataclass
class Commit(beam.PTransform):
    """Appends to `order_attributions` what differs from each order's current attribution, and how far all came.

    In:       PCollection[Attributed] of all shards; one committer for all gives each order's next revision_key.
    Out:      PCollection[int]: revisions in each commit.
    State:    one token, renewed at every bundle, so that there is one committer and it knows whether its memory
              of current revisions is its own last word; if not, it reads them from the lake. And how far each
              partition is through, as of this state: a worker that was given up may have committed more, of
              which the others that go on from here have not seen all. A bounded run has one worker and no state.
    Repeated: an attribution equal to the current one is dropped, as is one that knew less than the current one:
              a runner may hand over two shards' attributions of an order in another order.
    Raises:   Superseded, LakeUnavailable, EngineFailed if two bundles commit at once; each must stop the job.
    Counters: commit/in, commit/out (attributions).
    """

    lake: Lake
    epoch: int
    now: Callable[[], datetime]
    revisions: Revisions
    new_token: Callable[[], str]
    keep: int
    is_endless: bool = False
    through_before: Mapping[str, int] | None = None
    """Up to which offset each partition was through at the beginning, by `topic/partition`; None: as the lake says."""

    def __post_init__(self) -> None:
        if self.keep < 0:
            raise ValueError(f"keep is {self.keep} microseconds: give none or more")
        super().__init__()

    def expand(self, rows: beam.PCollection[Attributed]) -> beam.PCollection[int]:
        if not self.is_endless:  # one worker has it all: a shuffle would hold every attribution in memory
            return rows | "CommitRevisions" >> beam.ParDo(_CommitInOneProcess(self)).with_output_types(int)
        return (
            rows
            | "ToOneCommitter" >> beam.Map(lambda rows: (THE_COMMITTER, rows)).with_output_types(tuple[int, Attributed])
            | "CommitRevisions" >> beam.ParDo(_CommitAsTheOne(self)).with_output_types(int)
        )


class Committer:
    """What the one committer remembers: the revisions that hold, and how far each partition is through.

    `moved`: what of the latter the next commit says. `latest`: of each partition the greatest `occurred_at`, in
    microseconds. `commits`: how many committers had made
    when this was read. Each raises it by one, so that of two which both take themselves for the one (a worker that was
    given up may still be at it) the slower fails.
    """

    def __init__(self, transform: Commit) -> None:
        lake, sources = transform.lake, transform.revisions.sources
        self.commits = lake.transactions("order_attributions", [COMMITS]).get(COMMITS, 0)
        self.horizon = horizon_of(lake, transform.keep)
        self.current = Current(lake, self.horizon)
        self.progress = Progress(attributed_offsets(lake, sources))
        self.moved: dict[str, int] = {}
        self.latest = latest_events(lake, sources)
        self.watermark = watermark_before(lake)

    def go_on_from(self, through: Mapping[str, int]) -> None:
        """Steps back to these offsets where the lake is beyond them, as it is when another has committed meanwhile.

        Its word is no good for a later run: the order that it had not seen may be attributed here by now, and the click
        that it had seen be still on its way, so that both are through and have never met.
        """
        before = self.progress.marks
        if before != through:
            self.progress = Progress(through)
            self.moved = {source: through.get(source, 0) for source in {**before, **through}}

    def count(self, share: Share) -> bool:
        """Whether the share's partition is further through with it."""
        if share.latest is not None:
            self.latest[share.source] = max(share.latest, self.latest.get(share.source, share.latest))
        moved = self.progress.add([share])
        self.moved |= moved
        return bool(moved)

    def close(self, horizon: int) -> None:
        """Lets go of what is older than a later horizon."""
        self.horizon = horizon
        self.current.close(horizon)
        log.info("horizon closed", before=str(EPOCH + horizon * MICROSECOND), released=self.current.size.released)


class _Committing(beam.DoFn):
    def __init__(self, transform: Commit) -> None:
        self._transform = transform
        self._shared = Shared()
        self._in = StageCounter("commit", "in")
        self._out = StageCounter("commit", "out")

    def setup(self) -> None:
        given = self._transform

        def remember() -> WorkingSets[Committer]:
            return WorkingSets(lambda *_, **__: Committer(given), partial(horizon_of, given.lake, given.keep))

        self._memory: WorkingSets[Committer] = self._shared.acquire(remember)

    def start_bundle(self) -> None:
        self._held: Committer | None = None
        self._waiting: list[Attributed] = []
        self._orders = 0

    def _take(self, token: str | None, fresh: str) -> Committer:
        """Takes the memory over for this bundle, if it was put down with `token`."""
        self._token = fresh
        self._held, self._turn = self._memory.take(THE_COMMITTER, token)
        return self._held

    def _add(self, attributed: Attributed, held: Committer) -> Iterator[int]:
        """To be called after its share was counted."""
        self._waiting.append(attributed)
        self._orders += 0 if attributed.rows is None else attributed.rows.height
        if self._orders >= FLUSH_ROWS:
            yield self._flush(held)

    def finish_bundle(self) -> None:
        if self._held is None:
            return
        self._flush(self._held)
        if self._transform.is_endless:
            self._memory.close(self._held, self._transform.now())
        self._memory.put(THE_COMMITTER, self._token, self._held, self._turn)
        metrics.holding("commit", THE_COMMITTER, self._held.current.size)

    def _flush(self, held: Committer) -> int:
        if not self._turn.is_alone:
            raise EngineFailed("the engine gave two bundles of attributions to the committer at once")
        waiting, self._waiting, self._orders = self._waiting, [], 0
        attributed = [one.rows for one in waiting if one.rows is not None]
        new = NOTHING_NEW
        if attributed:
            rows = pl.concat(attributed)
            rows = rows.with_columns(digests(rows))
            new = held.current.changed(rows)
            self._in.inc(rows.height)
            self._out.inc(new.height)
        shares = [one.share for one in waiting if one.share is not None]
        moved, held.moved = held.moved, {}
        if new.height or moved:
            now = self._transform.now()
            held.watermark = next_watermark(held.latest, held.watermark, self._transform.revisions, now)
            commit_revisions(self._transform, new, moved, held.watermark, now, commits=held.commits)
            held.commits += 1
            metrics.committed(shares, self._transform.now())
        if new.height:
            held.current.add(new)
        return new.height


class _CommitInOneProcess(_Committing):
    """Commits for the one worker that there is."""

    def process(self, element: Attributed) -> Iterator[int]:
        held = self._held or self._take(IN_ONE_PROCESS, IN_ONE_PROCESS)
        if element.share is not None:
            held.count(element.share)
        yield from self._add(element, held)


class _CommitAsTheOne(_Committing):
    """Commits for workers that come and go: the key's token says whose memory is current."""

    def process(
        self, element: tuple[int, Attributed], token: Any = OF_TOKEN, through: Any = OF_THROUGH
    ) -> Iterator[int]:
        held = self._held
        if held is None:
            fresh = self._transform.new_token()
            held = self._take(token.read(), fresh)
            if (before := furthest(through.read(), self._transform.through_before)) is not None:
                held.go_on_from(before)
            token.write(fresh)
        _, attributed = element
        if attributed.share is not None and held.count(attributed.share):
            through.write(held.progress.marks)
        yield from self._add(attributed, held)


def commit_revisions(
    transform: Commit,
    new: pl.DataFrame,
    marks: Mapping[str, int],
    watermark: int | None,
    now: datetime,
    *,
    commits: int | None = None,
) -> None:
    """Commits revisions (or none) with the watermark, in microseconds, and the offsets `marks`.

    `commits`: how many there must be before it, of all committers; raises LakeUnavailable where there are more.
    """
    lake, revisions = transform.lake, transform.revisions
    settled = [
        at is not None and is_settled(at, revisions.lateness, watermark)
        for at in new["ordered_at"].cast(pl.Int64).to_list()
    ]
    rows = new.with_columns(
        computed_at=pl.lit(now).cast(pl.Datetime("us", "UTC")),
        cause=pl.lit(revisions.cause),
        status=pl.Series(["settled" if is_past else "provisional" for is_past in settled], dtype=pl.String),
        reference_version=pl.lit(revisions.reference_version),
    )
    transactions = {attributed_mark(source): offset for source, offset in marks.items()}
    if watermark is not None:
        transactions[WATERMARK] = watermark
        metrics.watermark_reached(watermark)
    after = None if commits is None else {COMMITS: commits}
    if commits is not None:
        transactions[COMMITS] = commits + 1
    stored = rows.select(ORDER_ATTRIBUTIONS.names).to_arrow().cast(ORDER_ATTRIBUTIONS)
    lake.append("order_attributions", stored, transactions, transform.epoch, after=after)


def finish(transform: Commit, offsets: Mapping[str, int]) -> None:
    """Records up to which offset each partition went through attribution, with the watermark of now: an empty commit.

    `offsets`: by `topic/partition`.
    """
    lake, now = transform.lake, transform.now()
    latest = latest_events(lake, {*transform.revisions.sources, *offsets})
    watermark = next_watermark(latest, watermark_before(lake), transform.revisions, now)
    commit_revisions(transform, NOTHING_NEW, offsets, watermark, now)


def next_watermark(latest: Mapping[str, int], before: int | None, revisions: Revisions, now: datetime) -> int | None:
    """The watermark of what has landed, never behind the one before; microseconds."""
    clock = (now - EPOCH) // MICROSECOND
    reached = watermark_of(latest.values(), revisions.disorder, revisions.idle_after, clock)
    return max((mark for mark in (reached, before) if mark is not None), default=None)
