"""Follow: Kafka's topics into the lake as they come, until somebody stops it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipelines.engines import run_prism
from pipelines.failures import KafkaUnavailable
from pipelines.jobs.attribution import attribution
from pipelines.jobs.begin import Ran, World, begin, catch_up, ended
from pipelines.stages.commit import landed_offsets
from pipelines.stages.stream import Following, ReadStream
from pipelines.stores.kafka import commit_offsets, partitions
from pipelines.stores.kafka_connection import Connection, connection_of
from pipelines.stores.lake import Lake
from pipelines.stores.registry import require_fed_by_kafka

SPLITS = 4  # an engine on one machine runs few bundles at once: readers that wait must leave room for the work
TELL_SECONDS = 10.0


def follow_kafka(world: World, prism: str | None, *, goes_on_at_gaps: bool = False) -> Ran:
    """Reads Kafka's topics from where the lake stands, also such as come later, until the streams are stopped.

    `prism` is the engine's binary. Raises BadInput before anything is written, Superseded when a later run takes the
    lake over, OffsetGone unless it `goes_on_at_gaps`.
    """
    lake, settings = world.workspace.lake, world.settings
    require_fed_by_kafka(lake)
    connection = connection_of(settings)
    sources = [f"{topic}/{partition}" for topic, partition in partitions(connection)]
    run = begin(world, sources, is_endless=True)
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
    with _telling(lake, connection):
        counters = run_prism(attribution(ReadStream(following), run), prism)
    return ended(run, [f"{topic}/{partition}" for topic, partition in partitions(connection)], counters)


@contextmanager
def _telling(lake: Lake, connection: Connection) -> Iterator[None]:
    """Tells the consumer group's offsets to the broker now and then, after the lake: for tools that watch lag."""
    over = threading.Event()

    def tell() -> None:
        told: dict[tuple[str, int], int] = {}
        while not over.wait(TELL_SECONDS):
            with suppress(KafkaUnavailable):  # it is told when the broker is back
                places = partitions(connection)
                landed = landed_offsets(lake, [f"{topic}/{partition}" for topic, partition in places])
                now = {place: landed[source] for place in places if (source := f"{place[0]}/{place[1]}") in landed}
                if now != told:
                    commit_offsets(connection, now)
                    told = now

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
