"""Drain: everything that the topic files, or Kafka's topics, hold and the lake does not, into the lake; then stop."""

from dataclasses import replace

from pipelines.engines import run_direct
from pipelines.jobs.attribution import attribution
from pipelines.jobs.beat import leave, newborn
from pipelines.jobs.begin import Ran, World, begin, catch_up, ended, say_begun
from pipelines.stages.read import ReadKafka, ReadTopics
from pipelines.stores.erasures import require_no_erasure
from pipelines.stores.kafka import partitions, sources_of, spans
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.registry import known_files, remember_files, require_fed_by_files, require_fed_by_kafka
from pipelines.stores.standing import landed_offsets
from pipelines.stores.topics import BLOCK_MESSAGES, topic_files


def drain_topics(world: World, block_messages: int = BLOCK_MESSAGES) -> Ran:
    """Reads the topic files from where the lake stands to their ends; raises BadInput before anything is written."""
    lake = world.workspace.lake
    require_no_erasure(lake)  # half-way its topic files are not those that the lake remembers
    require_fed_by_files(lake)
    known = known_files(lake)
    files = topic_files(world.workspace.topics, known)
    sources = [file.source for file in files]
    run = begin(world, sources)
    heartbeat = newborn(run.epoch, "direct", world.now())
    new = [(file, 0) for file in files if all((file.topic, file.partition) != (k.topic, k.partition) for k in known)]
    remember_files(lake, new, world.now(), run.epoch)
    catch_up(run)
    # Rejects are stored before their block lands, and cut their own overlap: where the landing table stands is where
    # to go on.
    landed = landed_offsets(lake, sources)
    starts = [(file, landed.get(file.source, 0)) for file in files]
    say_begun(run, "direct", landed)
    counters = run_direct(attribution(ReadTopics(starts, block_messages), run))
    done = ended(run, sources, counters)
    read = landed_offsets(lake, sources)
    remember_files(lake, [(file, read[file.source]) for file in files if file.source in read], world.now(), run.epoch)
    leave(lake, replace(heartbeat, beat_at=world.now(), state="ended"))
    return done


def drain_kafka(world: World, *, goes_on_at_gaps: bool = False) -> Ran:
    """Reads Kafka's topics from where the lake stands to where they end now.

    Raises BadInput before anything is written, KafkaUnavailable, and OffsetGone unless it `goes_on_at_gaps`.
    """
    lake, settings = world.workspace.lake, world.settings
    require_fed_by_kafka(lake)
    connection = connection_of(settings)
    ends = {place: end for place, (_, end) in spans(connection, partitions(connection)).items()}
    sources = sources_of(ends)
    run = begin(world, sources)
    heartbeat = newborn(run.epoch, "direct", world.now())
    catch_up(run)
    landed = landed_offsets(lake, sources)
    say_begun(run, "direct", landed)
    read = ReadKafka(connection, landed, ends, settings.block_messages, goes_on_at_gaps)
    done = ended(run, sources, run_direct(attribution(read, run)))
    leave(lake, replace(heartbeat, beat_at=world.now(), state="ended"))
    return done
