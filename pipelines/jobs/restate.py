"""Restate: the orders that changed reference data or settings touch, attributed anew by the rules of their time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
import pyarrow as pa

from pipelines.failures import BadInput
from pipelines.jobs.attribution import Run
from pipelines.jobs.begin import World, catch_up, take_over
from pipelines.jobs.pending import HOLDING, current, pending
from pipelines.jobs.reattribute import reattributed
from pipelines.logs import log
from pipelines.settings import Settings
from pipelines.stages.commit import commit_revisions, finish
from pipelines.stores.erasures import require_no_erasure
from pipelines.stores.heartbeat import follower
from pipelines.stores.lake import Lake
from pipelines.stores.reference_history import RecordedVersion, recorded_versions, remember_rows
from pipelines.stores.registry import remember_version, require_same_shards
from pipelines.stores.rulebook import Rulebook, rulebook
from pipelines.stores.standing import landed_offsets, watermark_before

COMMIT_ROWS = 100_000  # of a commit, and a file
NOTHING = pl.DataFrame(schema={"order_id": pl.String})


@dataclass(frozen=True)
class Plan:
    """What a restatement writes: `revisions` of the orders that change, with their next `revision_key`.

    `touched` orders were attributed anew to find them; `orders` there are. `unknown` versions are those of which the
    lake kept no rows: all of their orders were. `former` is the version that the lake recorded last, if it is another.
    """

    book: Rulebook
    former: RecordedVersion | None
    revisions: pl.DataFrame
    orders: int
    touched: int
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Restated:
    """A restatement: its plan, and the epoch and time at which it was committed, null in a dry run."""

    plan: Plan
    epoch: int | None
    restated_at: datetime | None


def restate(world: World) -> Restated:
    """Takes the lake over, and brings every order to what a replay under the reference data of now would say.

    Raises BadInput before anything is written: where a live run has the lake, `shards` differ, the reference data are
    wrong, or there is no lake.
    """
    lake, reference, book = _asked(world)
    _require_nobody_follows(lake, world.now())
    run = take_over(world, book, lake.sources())
    catch_up(run)
    finish(run.commit, landed_offsets(lake, run.revisions.sources))
    plan = commit_restatement(run, world, reference)
    return Restated(plan, run.epoch, world.now())


def planned(world: World) -> Restated:
    """What `restate` would write now; writes nothing. What has landed and is not attributed yet is left out."""
    lake, _, book = _asked(world)
    return Restated(plan_restatement(lake, book, world.settings), None, None)


def commit_restatement(run: Run, world: World, reference: Mapping[str, pa.Table]) -> Plan:
    """Restates within a run that has the lake and has caught up. The version is recorded when all is written.

    Killed on the way, it leaves orders that are right already; the next one writes the others.
    """
    lake, book, now = run.lake, run.book, world.now()
    remember_rows(lake, book.reference_version, reference, now, world.user, run.epoch)
    plan = plan_restatement(lake, book, world.settings)
    transform = replace(run, revisions=replace(run.revisions, cause="reference")).commit
    for rows in plan.revisions.iter_slices(COMMIT_ROWS) if plan.revisions.height else ():
        commit_revisions(transform, rows, {}, watermark_before(lake), now)
    remember_version(lake, book.reference_version, world.settings, world.now(), run.epoch)
    log.info("orders restated", epoch=run.epoch, reference=book.reference_version, restated=plan.revisions.height)
    return plan


def plan_restatement(lake: Lake, book: Rulebook, settings: Settings, *, money_only: bool = False) -> Plan:
    """Which orders the rules of `book` attribute otherwise than what holds, and how.

    `money_only`: without those of which nothing moves but the name of the policy that decided.
    """
    last = recorded_versions(lake)[-1:]
    former = next((one for one in last if one.reference_version != book.reference_version), None)
    versions = current(lake, ("order_id", "reference_version"))
    if versions["reference_version"].eq(book.reference_version).all():  # known without reading a claim
        return Plan(book, former, NOTHING, versions.height, 0, ())
    holding = current(lake, HOLDING)
    orders, unknown = pending(lake, holding, book, settings, money_only=money_only)
    before = holding.select("order_id", "revision_key", former="digest")
    changed = [
        rows.drop("evidence")
        .join(before, on="order_id")
        .filter(pl.col("digest") != pl.col("former"))
        .with_columns(pl.col("revision_key") + 1)
        .drop("former")
        for rows in reattributed(lake, orders, book)
    ]
    revisions = pl.concat(changed) if changed else NOTHING
    return Plan(book, former, revisions, holding.height, len(orders), unknown)


def waiting(world: World) -> int:
    """How many orders changed reference data may touch that no restatement has looked at since."""
    lake, _, book = _asked(world)
    versions = current(lake, ("order_id", "reference_version"))["reference_version"]
    if versions.eq(book.reference_version).all():
        return 0
    return len(pending(lake, current(lake, HOLDING), book, world.settings, money_only=True)[0])


def _asked(world: World) -> tuple[Lake, Mapping[str, pa.Table], Rulebook]:
    lake = world.workspace.lake
    if not lake.exists("order_attributions"):
        raise BadInput(f"{lake.root} holds no lake yet: there is nothing to restate; run `codetrail run` first")
    require_no_erasure(lake)
    require_same_shards(lake, world.settings)
    reference = world.reference()
    return lake, reference.tables, rulebook(reference, world.settings)


def _require_nobody_follows(lake: Lake, now: datetime) -> None:
    """A run that reads to an end is superseded, and the next one goes on; one that follows would stay away."""
    heartbeat = follower(lake.root, now)
    if heartbeat is not None:
        raise BadInput(
            f"run {heartbeat.epoch} follows Kafka into {lake.root} (process {heartbeat.pid} on {heartbeat.host}): it "
            "restates changed reference data by itself. For changed settings stop it, restate, and start it again"
        )
