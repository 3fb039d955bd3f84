"""Lag, asked on a real broker: how many messages are to be read, and how old the first of them is."""

import pytest

from pipelines.stores.kafka_connection import Connection
from pipelines.stores.kafka_lag import lags
from pipelines.stores.kafka_producer import Producer

SECOND = 1_000_000  # microseconds
PLACES = [("lagging", 0), ("lagging", 1)]


@pytest.fixture(scope="module")
def connection(broker):
    """Five messages a second apart in the first partition, none in the other."""
    found = Connection(broker.bootstrap_servers, request_timeout_seconds=5)
    broker.create_topic("lagging", 2, {"retention.ms": "-1"})
    with Producer(found) as producer:
        for second in range(5):
            producer.send("lagging", b"{}", partition=0, sent_at=(100 + second) * SECOND)
    return found


@pytest.mark.parametrize(
    ("offset", "messages", "seconds"),
    [
        pytest.param(None, 5, 10.0, id="nothing read: since the oldest message"),
        pytest.param(3, 2, 7.0, id="since the first that was not read"),
        pytest.param(5, 0, 0.0, id="all read"),
        pytest.param(9, 0, 0.0, id="beyond the end, as after a topic was made anew"),
    ],
)
def test_lag_is_what_is_still_to_be_read(connection, offset, messages, seconds):
    offsets = {} if offset is None else {"lagging/0": offset}
    first, other = lags(connection, PLACES, offsets)
    assert (first.topic, first.partition, first.end) == ("lagging", 0, 5)
    assert (first.messages, first.seconds(110.0)) == (messages, seconds)
    assert (other.messages, other.seconds(110.0)) == (0, 0.0)


def test_a_message_of_the_future_is_not_behind(connection):
    assert lags(connection, PLACES, {})[0].seconds(50.0) == 0.0


def test_a_partition_that_is_not_there_has_no_lag(connection):
    assert lags(connection, [("absent", 0)], {}) == []
