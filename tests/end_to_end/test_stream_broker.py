"""A live run whose broker is away, dies, grows or has forgotten messages."""

import pytest

from pipelines.stores.lake import Lake
from tests.end_to_end.live_run import (
    LiveRun,
    assert_as_if_nothing_happened,
    ends_of,
    events_of,
    pulse,
    replayed,
    send,
    workspace,
)

pytestmark = pytest.mark.slow
ORDERLY_SECONDS = 10  # what is promised of SIGTERM, whoever is away


def test_the_broker_is_away_at_the_start_and_dies_and_grows(own_broker, prism, shop, tmp_path):
    events = events_of(shop)
    late = [event for event in events if event[0] == "post_metrics"]
    early = [event for event in events if event[0] != "post_metrics"]
    third = len(early) // 3
    own_broker.reset()
    own_broker.delete_topic("post_metrics")
    own_broker.stop()
    root = workspace(tmp_path / "live", shop / "reference")
    with LiveRun(root, own_broker, prism) as run:
        run.wait_until(lambda: "KafkaUnavailable" in run.said, "the run has noticed that no broker is there")
        own_broker.restart()
        send(own_broker, early[:third])
        run.wait_until_landed(third // 2)
        own_broker.kill()
        run.wait_until(lambda: "broker away" in run.said, "the run has noticed that the broker died")
        run.wait_until(lambda: pulse(run.lake) == "broker_away", "the lake tells that the broker is away")
        own_broker.restart()
        run.wait_until(lambda: pulse(run.lake) == "reading", "the lake tells that a broker is back")
        own_broker.create_topic("post_metrics")
        own_broker.add_partitions("orders", 4)
        send(own_broker, early[third : 2 * third])
        send(
            own_broker,
            [(topic, 3 if topic == "orders" else where, value) for topic, where, value in early[2 * third :]],
        )
        send(own_broker, late)
        ends = ends_of(own_broker)
        assert ends["orders/3"] > 0
        run.wait_until_caught_up(ends)
        assert run.stop() == 0
    expected = replayed(workspace(tmp_path / "replayed", shop / "reference"), own_broker)
    assert_as_if_nothing_happened(Lake(root / "lake"), expected)


def test_messages_that_are_gone_stop_the_run_or_are_told(own_broker, prism, shop, tmp_path):
    clicks = [value for topic, _, value in events_of(shop) if topic == "clicks"]
    own_broker.reset()
    send(own_broker, [("clicks", 0, value) for value in clicks[:100]])
    root = workspace(tmp_path, shop / "reference")
    with LiveRun(root, own_broker, prism) as run:
        run.wait_until_caught_up(ends_of(own_broker))
        assert run.stop() == 0
    read_to = ends_of(own_broker)["clicks/0"]
    send(own_broker, [("clicks", 0, value) for value in clicks[100:150]])
    ends = ends_of(own_broker)
    own_broker.delete_records("clicks", 0, ends["clicks/0"] - 1)
    with LiveRun(root, own_broker, prism) as run:
        assert run.ended() == 3
        assert f"clicks/0: offset {read_to}" in run.said
    with LiveRun(root, own_broker, prism, "--on-gap", "continue") as run:
        run.wait_until_caught_up(ends)
        own_broker.kill()
        run.wait_until(lambda: "broker away" in run.said, "the run has noticed that the broker died")
        run.terminate()
        assert run.ended(ORDERLY_SECONDS) == 0
    own_broker.restart()
    lost = Lake(root / "lake").read("rejected_events").filter(reason="offset_gap")
    assert lost.select("topic", "partition", "offset").rows() == [("clicks", 0, read_to)]
    assert str(ends["clicks/0"] - 1) in lost["detail"].item()
