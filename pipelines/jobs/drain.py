"""Drain: everything that the topic files hold and the lake does not, into the lake, then stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.engines import run_direct
from pipelines.jobs.attribution import Run, attribution
from pipelines.jobs.replay import replay
from pipelines.settings import Settings
from pipelines.stages.commit import Revisions, finish, landed_offsets
from pipelines.stages.read import ReadTopics
from pipelines.stages.replay import unattributed
from pipelines.stores.lake import Lake
from pipelines.stores.registry import known_files, remember_files, remember_version, require_same_settings
from pipelines.stores.rulebook import rulebook
from pipelines.stores.tables import LANDING
from pipelines.stores.topics import BLOCK_MESSAGES, TopicFile, topic_files
from pipelines.stores.workspace import Workspace


@dataclass(frozen=True)
class Drained:
    """What a run did: its counters by `stage/name`, and the rules that it ran under."""

    epoch: int
    cause: str
    reference_version: str
    counters: Mapping[str, int]


def drain_topics(
    workspace: Workspace,
    settings: Settings,
    hash_key: bytes,
    now: Callable[[], datetime],
    new_token: Callable[[], str],
    block_messages: int = BLOCK_MESSAGES,
) -> Drained:
    """Reads the topic files from where the lake stands to their ends; raises BadInput before anything is written."""
    lake = workspace.lake
    book = rulebook(workspace.reference(hash_key), settings)
    known = known_files(lake)
    files = topic_files(workspace.topics, known)
    require_same_settings(lake, settings)
    lake.create()
    epoch = lake.take_over()
    new = [(file, 0) for file in files if all((file.topic, file.partition) != (k.topic, k.partition) for k in known)]
    remember_files(lake, new, now(), epoch)
    remember_version(lake, book.reference_version, settings, now(), epoch)
    sources = tuple(file.source for file in files)
    # Before the versions below: what a superseded run still lands in between is then read again, not left out.
    starts = [(file, _start(lake, file)) for file in files]
    run = Run(
        lake=lake,
        epoch=epoch,
        book=book,
        revisions=Revisions(
            cause=_cause(lake),
            reference_version=book.reference_version,
            sources=sources,
            disorder=settings.disorder,
            idle_after=settings.lateness,
            lateness=settings.lateness,
        ),
        shards=settings.shards,
        hash_key=hash_key,
        landed_before={table: lake.open(table).version() for table in LANDING},
        now=now,
        new_token=new_token,
    )
    if behind := unattributed(lake, sources):
        run_direct(replay(behind, run))
        finish(run.commit, {source: end for source, _, end in behind})
    counters = run_direct(attribution(ReadTopics(starts, block_messages), run))
    read = landed_offsets(lake, sources)
    finish(run.commit, read)
    remember_files(lake, [(file, read[file.source]) for file in files if file.source in read], now(), epoch)
    return Drained(epoch, run.revisions.cause, book.reference_version, counters)


def _start(lake: Lake, file: TopicFile) -> int:
    """The least offset of the two tables that a partition feeds: each cuts its own overlap."""
    offsets = [lake.transactions(table, [file.source]).get(file.source, 0) for table in (file.topic, "rejected_events")]
    return min(offsets)


def _cause(lake: Lake) -> str:
    """A run on a lake with landed rows and no attributions replays them."""
    if lake.rows("order_attributions") or not any(lake.rows(table) for table in LANDING):
        return "event"
    return "replay"
