"""Scale-out: Kafka's topics into the lake on a Flink cluster, until somebody stops it."""

import hashlib
from dataclasses import replace
from itertools import chain, repeat

from pipelines.engine_flink import Flink, cancel_jobs, require_flink, run_flink, seeds
from pipelines.failures import BadInput
from pipelines.jobs.attribution import attribution
from pipelines.jobs.beat import Heart
from pipelines.jobs.begin import Ran, World, begin, catch_up, ended, ready, say_begun, taken_over_again
from pipelines.jobs.follow import following_of
from pipelines.jobs.reference_watch import ReferenceChanged, ReferenceWatch
from pipelines.jobs.restarts import FINAL
from pipelines.jobs.restarts import until_stopped as restarted_until_stopped
from pipelines.jobs.restate import commit_restatement
from pipelines.jobs.tell import telling
from pipelines.stages.sightings import SIGHTINGS
from pipelines.stages.stream import STOPPING
from pipelines.stages.turns import ReadInTurns
from pipelines.stores.kafka import partitions, sources_of
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.lake import Lake
from pipelines.stores.registry import require_fed_by_kafka
from pipelines.stores.standing import landed_offsets
from pipelines.stores.tables import LANDING
from pipelines.stores.workspace import Workspace

SPLITS_A_WORKER = 4  # an engine gives them out by chance: with more, no worker is left without


def until_stopped(world: World, from_checkpoint: str | None, *, goes_on_at_gaps: bool = False) -> Ran | None:
    """Scales out on the cluster of the settings, and again after each failure that may heal; see restarts.

    From the checkpoint, if there is one, the first time, then from where the lake stands.
    """
    settings = world.settings
    if settings.flink_master is None:
        raise BadInput("--engine flink needs a cluster: name its REST address with --flink-master, host:port")
    world = replace(world, workspace=Workspace(world.workspace.root.absolute()))  # workers run in folders of their own
    flink = Flink(
        master=settings.flink_master,
        job_endpoint=settings.flink_job_endpoint,
        worker_pool=settings.flink_worker_pool,
        parallelism=settings.flink_parallelism,
        checkpoint_seconds=settings.flink_checkpoint_seconds,
        checkpoint_dir=settings.flink_checkpoint_dir,
    )
    heart = Heart(world.workspace.lake, world.now)
    tries = chain([replace(flink, from_checkpoint=from_checkpoint)], repeat(flink))
    return restarted_until_stopped(lambda: scale_out(world, heart, next(tries), goes_on_at_gaps=goes_on_at_gaps), heart)


def scale_out(world: World, heart: Heart, flink: Flink, *, goes_on_at_gaps: bool = False) -> Ran:
    """Reads Kafka's topics on the cluster from where the lake stands, until the streams are stopped.

    `heart` beats for it. A job of an earlier run on this lake is cancelled first; when this one is stopped, what has
    landed and is not attributed yet is attributed here. Raises BadInput and EngineFailed before anything is written,
    Superseded when a later run takes the lake over, OffsetGone unless it `goes_on_at_gaps`, ReferenceChanged when it is
    to begin again.
    """
    lake, settings = world.workspace.lake, world.settings
    if settings.shards < flink.parallelism:
        raise BadInput(
            f"this lake's work is divided into {settings.shards} shards, so no more than that many workers share it: "
            "lower --parallelism, or attribute into a new workspace with more shards"
        )
    require_fed_by_kafka(lake)
    require_flink(flink)
    connection = connection_of(settings)
    sources = sources_of(partitions(connection.impatient))
    cancel_jobs(flink, _job_name(lake))
    run = begin(world, sources, is_endless=True, lanes=settings.shards)
    heart.begun(run.epoch, "flink")
    catch_up(run)
    commit_restatement(run, world, world.reference().tables)
    splits = max(1, min(len(sources), flink.parallelism * SPLITS_A_WORKER))
    following = following_of(world, landed_offsets(lake, sources), splits, goes_on_at_gaps=goes_on_at_gaps)
    say_begun(run, "flink", following.offsets)
    before = _rows(lake)
    name = f"{_job_name(lake)}-run-{run.epoch}-{world.new_token()}"
    with telling(lake, connection, world.now, heart), ReferenceWatch(world, run.book.reference_version) as watch:
        read = ReadInTurns(following, seeds())
        run_flink(attribution(read, ready(run)), flink, name, STOPPING, SIGHTINGS.turn, FINAL)
    lake.require_newest(run.epoch)
    last = taken_over_again(run)  # a worker may still be at it: it has nothing to say from now on
    heart.begun(last.epoch, "flink")
    catch_up(last)
    after = _rows(lake)
    done = ended(last, (), {name: after[name] - before[name] for name in after})
    if watch.has_changed:
        raise ReferenceChanged
    return done


def _rows(lake: Lake) -> dict[str, int]:
    """What a run's counters say at its end, by the rows of the lake: a cluster forgets those of a worker that died."""
    landed, rejected = sum(lake.rows(table) for table in LANDING), lake.rows("rejected_events")
    attributed = lake.rows("order_attributions")
    messages = landed + rejected
    return {"decode/in": messages, "land/written": landed, "decode/failed": rejected, "commit/out": attributed}


def _job_name(lake: Lake) -> str:
    """Of all jobs of a lake."""
    return f"codetrail-{hashlib.sha256(str(lake.root).encode()).hexdigest()[:8]}"
