"""Follow: Kafka's topics into the lake as they come, until somebody stops it."""

from collections.abc import Mapping

from pipelines.engines import run_prism
from pipelines.jobs.attribution import attribution
from pipelines.jobs.beat import Heart
from pipelines.jobs.begin import Ran, World, begin, catch_up, ended, ready, say_begun
from pipelines.jobs.reference_watch import ReferenceChanged, ReferenceWatch
from pipelines.jobs.restate import commit_restatement
from pipelines.jobs.tell import telling
from pipelines.stages.stream import Following, ReadStream
from pipelines.stores.kafka import partitions, sources_of
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.registry import require_fed_by_kafka
from pipelines.stores.standing import landed_offsets

SPLITS = 1  # an engine on one machine runs readers by turns: each would wait for the others


def follow_kafka(world: World, heart: Heart, prism: str | None, *, goes_on_at_gaps: bool = False) -> Ran:
    """Reads Kafka's topics from where the lake stands, also such as come later, until the streams are stopped.

    `heart` beats for it, `prism` is the engine's binary. Raises BadInput before anything is written, Superseded when a
    later run takes the lake over, OffsetGone unless it `goes_on_at_gaps`, ReferenceChanged when it is to begin again:
    it restates what other reference data touch before it reads.
    """
    lake, settings = world.workspace.lake, world.settings
    require_fed_by_kafka(lake)
    connection = connection_of(settings)
    sources = sources_of(partitions(connection.impatient))
    run = begin(world, sources, is_endless=True)
    heart.begun(run.epoch, "prism")
    catch_up(run)
    commit_restatement(run, world, world.reference().tables)
    following = following_of(world, landed_offsets(lake, sources), SPLITS, goes_on_at_gaps=goes_on_at_gaps)
    say_begun(run, "prism", following.offsets)
    watch = ReferenceWatch(world, run.book.reference_version)
    with telling(lake, connection, world.now, heart) as told, watch:
        counters = run_prism(attribution(ReadStream(following), ready(run)), prism)
    done = ended(run, told or sources, counters)
    if watch.has_changed:
        raise ReferenceChanged
    return done


def following_of(world: World, offsets: Mapping[str, int], splits: int, *, goes_on_at_gaps: bool) -> Following:
    """How a run follows the topics from these offsets, by `topic/partition`, as its settings say."""
    settings = world.settings
    return Following(
        connection=connection_of(settings),
        offsets=offsets,
        splits=splits,
        block_messages=settings.block_messages,
        block_seconds=settings.block_seconds,
        disorder=settings.disorder,
        idle_after=settings.lateness,
        goes_on_at_gaps=goes_on_at_gaps,
    )
