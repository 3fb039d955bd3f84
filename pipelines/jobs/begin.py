"""Begin: what every run does before its first message: its rules, its epoch, and what a crash left behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines import metrics
from pipelines.engines import run_direct
from pipelines.jobs.attribution import Run
from pipelines.jobs.replay import replay
from pipelines.logs import log
from pipelines.rules.privacy import Pseudonyms
from pipelines.settings import Settings
from pipelines.stages.commit import Revisions, finish
from pipelines.stages.replay import unattributed
from pipelines.stores.dead_letters import DeadLetterTopic, dead_letter_topic
from pipelines.stores.erasures import require_no_erasure, tombstones
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.lake import Lake
from pipelines.stores.naming import remember_names
from pipelines.stores.reference import Reference
from pipelines.stores.reference_history import remember_rows
from pipelines.stores.registry import remember_version, require_same_settings
from pipelines.stores.rulebook import Rulebook, rulebook
from pipelines.stores.standing import attributed_offsets, landed_offsets
from pipelines.stores.tables import LANDING
from pipelines.stores.workspace import Workspace

TOTALS = {"messages": "decode/in", "landed": "land/written", "rejected": "decode/failed", "attributed": "commit/out"}
"""What a run says of itself at its end, and the counters of it."""


@dataclass(frozen=True)
class World:
    """What a run is given of the world outside: where it works, its settings, the key, the clock, randomness."""

    workspace: Workspace
    settings: Settings
    hash_key: bytes
    now: Callable[[], datetime]
    new_token: Callable[[], str]
    user: str = "unknown"
    """Who runs it, as user@host: kept beside a reference version that is seen for the first time."""

    def reference(self) -> Reference:
        """The workspace's reference data, under the names that the lake has for people; raises BadInput."""
        return self.workspace.reference(self.hash_key, self.settings)


@dataclass(frozen=True)
class Ran:
    """What a run did: its counters by `stage/name`, and the rules that it ran under."""

    epoch: int
    cause: str
    reference_version: str
    counters: Mapping[str, int]


def begin(world: World, sources: Sequence[str], *, is_endless: bool = False, lanes: int = 1) -> Run:
    """Takes the lake over, to read these `topic/partition`; raises BadInput before anything is written.

    And KafkaUnavailable, when there is to be a dead-letter topic and is none.
    """
    lake, settings = world.workspace.lake, world.settings
    require_no_erasure(lake)
    reference = world.reference()
    book = rulebook(reference, settings)
    require_same_settings(lake, settings)
    dead_letters = _dead_letters(settings)
    taken = take_over(world, book, sources)
    run = replace(taken, is_endless=is_endless, dead_letters=dead_letters, lanes=lanes)
    now = world.now()
    remember_rows(lake, book.reference_version, reference.tables, now, world.user, run.epoch)
    remember_version(lake, book.reference_version, settings, now, run.epoch)
    return run


def take_over(world: World, book: Rulebook, sources: Sequence[str]) -> Run:
    """The next epoch of the lake, and what a run of it under these rules is given: a run in progress stops."""
    lake, settings = world.workspace.lake, world.settings
    lake.create()
    epoch = lake.take_over()
    pseudonyms = Pseudonyms(world.hash_key, settings.hashed)
    remember_names(lake, settings.pseudonymise, pseudonyms.fingerprint())
    metrics.run_begun(epoch)
    return Run(
        lake=lake,
        epoch=epoch,
        book=book,
        revisions=Revisions(
            cause=_cause(lake),
            reference_version=book.reference_version,
            sources=tuple(sources),
            disorder=settings.disorder,
            idle_after=settings.lateness,
            lateness=settings.lateness,
        ),
        shards=settings.shards,
        hash_key=world.hash_key,
        hashed=settings.hashed,
        erased=tombstones(lake),
        keep=settings.window + settings.lateness,
        landed_before={table: lake.open(table).version() for table in LANDING},
        now=world.now,
        new_token=world.new_token,
    )


def catch_up(run: Run) -> None:
    """Attributes what has landed and did not go through attribution: a crash orphans nothing."""
    if behind := unattributed(run.lake, run.revisions.sources):
        run_direct(replay(behind, replace(run, lanes=1)))
        finish(run.commit, {source: end for source, _, end in behind})


def ready(run: Run) -> Run:
    """An endless run that has caught up, to read from where the lake stands now."""
    return replace(run, through_before=attributed_offsets(run.lake, run.revisions.sources))


def taken_over_again(run: Run) -> Run:
    """The same run under the next epoch: what workers of this one are still at, they cannot write any more."""
    return replace(run, epoch=run.lake.take_over(), landed_before=None)


def say_begun(run: Run, engine: str, offsets: Mapping[str, int]) -> None:
    """Logs that a run reads from now on, from these offsets by `topic/partition`."""
    log.info("run begun", epoch=run.epoch, engine=engine, reference=run.book.reference_version, offsets=dict(offsets))


def ended(run: Run, sources: Sequence[str], counters: Mapping[str, int]) -> Ran:
    """The last word of a run whose messages all went through: how far each partition came, and the watermark."""
    finish(run.commit, landed_offsets(run.lake, sources))
    log.info("run ended", epoch=run.epoch, **{name: counters.get(counter, 0) for name, counter in TOTALS.items()})
    return Ran(run.epoch, run.revisions.cause, run.book.reference_version, counters)


def _dead_letters(settings: Settings) -> DeadLetterTopic | None:
    name = settings.dead_letter_topic
    return None if name is None else dead_letter_topic(connection_of(settings), name)


def _cause(lake: Lake) -> str:
    """A run on a lake with landed rows and no attributions replays them."""
    if lake.rows("order_attributions") or not any(lake.rows(table) for table in LANDING):
        return "event"
    return "replay"
