"""Tell: how far a live run has come, every ten seconds, to the consumer group, as metrics and in its heartbeat."""

import threading
from collections.abc import Callable, Iterator, Sequence
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
) -> Iterator[Sequence[str]]:
    """Meanwhile tells the consumer group's offsets to the broker, after the lake, and last of all when it ends.

    They are where the lake stands, never beyond. The lag of each partition is measured too. Gives the partitions that
    the topics had when they were last told, as `topic/partition`: for whoever asks when it has ended.
    """
    over = threading.Event()
    sources: list[str] = []
    told: dict[Place, int] = {}

    def tell() -> bool:
        """Whether the brokers and the lake were there; where they were not, it is told when they are back."""
        to = connection.impatient
        with suppress(KafkaUnavailable, LakeUnavailable):
            places = partitions(to)
            sources[:] = sources_of(places)
            offsets = landed_offsets(lake, sources)
            found = lags(to, places, offsets)
            heart.measured(found)
            for lag in found:
                metrics.lagging(lag.topic, lag.partition, lag.messages, lag.seconds(now().timestamp()))
            new = {place: offset for place in places if (offset := offsets.get(f"{place[0]}/{place[1]}")) is not None}
            if new and new != told:
                commit_offsets(to, new)
                told.update(new)
            return True
        return False

    def tell_now_and_then() -> None:
        was_heard = tell()
        while not over.wait(seconds):
            was_heard = tell()
        if was_heard:  # a run that ends does not wait for brokers that are away
            tell()

    teller = threading.Thread(target=tell_now_and_then, daemon=True)
    teller.start()
    try:
        yield sources
    finally:
        over.set()
        teller.join()
