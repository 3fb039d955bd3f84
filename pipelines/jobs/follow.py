"""Follow: Kafka's topics into the lake as they come, until somebody stops it."""

from contextlib import suppress

from pipelines.engines import run_prism
from pipelines.failures import KafkaUnavailable
from pipelines.jobs.attribution import attribution
from pipelines.jobs.beat import Heart
from pipelines.jobs.begin import Ran, World, begin, catch_up, ended, say_begun
from pipelines.jobs.tell import telling
from pipelines.stages.commit import landed_offsets
from pipelines.stages.stream import Following, ReadStream
from pipelines.stores.kafka import partitions, sources_of
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.registry import require_fed_by_kafka

SPLITS = 1  # an engine on one machine runs readers by turns: each would wait for the others


def follow_kafka(world: World, heart: Heart, prism: str | None, *, goes_on_at_gaps: bool = False) -> Ran:
    """Reads Kafka's topics from where the lake stands, also such as come later, until the streams are stopped.

    `heart` beats for it, `prism` is the engine's binary. Raises BadInput before anything is written, Superseded when a
    later run takes the lake over, OffsetGone unless it `goes_on_at_gaps`.
    """
    lake, settings = world.workspace.lake, world.settings
    require_fed_by_kafka(lake)
    connection = connection_of(settings)
    sources = sources_of(partitions(connection.impatient))
    run = begin(world, sources, is_endless=True)
    heart.begun(run.epoch, "prism")
    catch_up(run)
    following = Following(
        connection=connection,
        offsets=landed_offsets(lake, sources),
        splits=SPLITS,
        block_messages=settings.block_messages,
        block_seconds=settings.block_seconds,
        disorder=settings.disorder,
        idle_after=settings.lateness,
        goes_on_at_gaps=goes_on_at_gaps,
    )
    say_begun(run, "prism", following.offsets)
    with telling(lake, connection, world.now, heart):
        counters = run_prism(attribution(ReadStream(following), run), prism)
    with suppress(KafkaUnavailable):  # then the partitions that came meanwhile are told by the next run
        sources = sources_of(partitions(connection.impatient))
    return ended(run, sources, counters)
