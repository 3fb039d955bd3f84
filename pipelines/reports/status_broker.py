"""What Kafka's brokers hold that a lake has not read yet, or why they do not say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.failures import BadInput, KafkaUnavailable
from pipelines.reports.status_figures import BrokerFigures
from pipelines.settings import Settings
from pipelines.stores.kafka import Place, partitions
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.kafka_lag import Lag, lags
from pipelines.stores.lake import Lake

PATIENCE = 5.0  # seconds: whoever asks for the status waits for it


def broker_of(lake: Lake, settings: Settings) -> tuple[BrokerFigures, dict[Place, Lag]]:
    """The lag of each partition that the brokers have; none, and the problem, when they do not answer."""
    servers = settings.bootstrap_servers
    if servers is None:
        return BrokerFigures(None, "set bootstrap_servers, or give --bootstrap-servers, to see what is waiting"), {}
    try:
        connection = replace(connection_of(settings), request_timeout_seconds=PATIENCE)
        places = partitions(connection)
        found = lags(connection, places, _landed(lake, places))
    except (KafkaUnavailable, BadInput) as problem:
        return BrokerFigures(servers, str(problem)), {}
    return BrokerFigures(servers, None), {(lag.topic, lag.partition): lag for lag in found}


def _landed(lake: Lake, places: Sequence[Place]) -> Mapping[str, int]:
    sources: dict[str, list[str]] = {}
    for topic, partition in places:
        sources.setdefault(topic, []).append(f"{topic}/{partition}")
    return {
        source: offset
        for topic, its in sources.items()
        if lake.exists(topic)
        for source, offset in lake.transactions(topic, its).items()
    }
