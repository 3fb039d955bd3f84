"""Tell: how far a live run has come, every ten seconds, to the consumer group, as metrics and in its heartbeat."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from pipelines import metrics
from pipelines.failures import KafkaUnavailable, LakeUnavailable
from pipelines.jobs.beat import Heart
from pipelines.stores.kafka import Place, commit_offsets, partitions, sources_of
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_lag import lags
from pipelines.stores.lake import Lake
from pipelines.stores.standing import landed_offsets

TELL_SECONDS = 10.0


@contextmanager
def telling(
    lake: Lake, connection: Connection, now: Callable[[], datetime], heart: Heart, seconds: float = TELL_SECONDS
) -> Iterator[None]:
    """Meanwhile tells the consumer group's offsets to the broker, after the lake, and last of all when it ends.

    They are where the lake stands, never beyond. The lag of each partition is measured too.
    """
    over = threading.Event()
    told: dict[Place, int] = {}

    def tell() -> None:
        to = connection.impatient  # a run that ends does not wait for brokers that are away
        with suppress(KafkaUnavailable, LakeUnavailable):  # it is told when they are back
            places = partitions(to)
            offsets = landed_offsets(lake, sources_of(places))
            found = lags(to, places, offsets)
            heart.measured(found)
            for lag in found:
                metrics.lagging(lag.topic, lag.partition, lag.messages, lag.seconds(now().timestamp()))
            new = {place: offset for place in places if (offset := offsets.get(f"{place[0]}/{place[1]}")) is not None}
            if new and new != told:
                commit_offsets(to, new)
                told.update(new)

    def tell_now_and_then() -> None:
        tell()
        while not over.wait(seconds):
            tell()
        tell()

    teller = threading.Thread(target=tell_now_and_then, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
