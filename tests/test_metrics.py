"""Metrics: what Prometheus reads is what happened, and the port is free again after the run."""

import socket
import time
from urllib.request import urlopen

import pytest

from pipelines import metrics
from pipelines.failures import BadInput
from pipelines.records import Share
from pipelines.testing import CLOCK

SECOND = 1_000_000  # microseconds


def scraped(port):
    """Each sample by its name and labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_a_port_is_answered_at_while_the_run_lives(port):
    with metrics.serving(port):
        assert "codetrail_up" in scraped(port)
    with pytest.raises(OSError, match="refused"):
        scraped(port)


def test_no_port_opens_nothing():
    with metrics.serving(None):
        pass


def test_a_port_that_is_taken_is_named(port):
    with (
        socket.create_server(("0.0.0.0", port)),
        pytest.raises(BadInput, match=f"metrics_port {port} cannot be"),
        metrics.serving(port),
    ):
        pass


def test_freshness_is_of_order_events_alone(port):
    def share(source, seconds):
        sent_at = None if seconds is None else int((CLOCK.timestamp() - seconds) * SECOND)
        return Share(source, "b", 0, 1, Share.WHOLE, sent_at)

    with metrics.serving(port):
        before = scraped(port)
        metrics.committed(
            [share("orders/0", 0.5), share("orders/1", 3), share("clicks/0", 9), share("orders/2", None)], CLOCK
        )
        after = scraped(port)
    grown = {name: after[name] - before.get(name, 0) for name in after if name.startswith("codetrail_freshness")}
    assert grown["codetrail_freshness_seconds_count"] == 2
    assert grown["codetrail_freshness_seconds_sum"] == pytest.approx(3.5)
    assert grown['codetrail_freshness_seconds_bucket{le="1.0"}'] == 1


def test_what_a_step_holds_is_that_of_all_its_keys(port):
    metrics.run_begun(7)
    with metrics.serving(port):
        metrics.holding("weigh_claims", 0, (10, 1_000, 1))
        metrics.holding("weigh_claims", 1, (5, 500, 0))
        metrics.holding("weigh_claims", 0, (4, 400, 7))
        found = scraped(port)
    assert found['codetrail_state_rows{step="weigh_claims"}'] == 9
    assert found['codetrail_state_bytes{step="weigh_claims"}'] == 900
    assert found['codetrail_state_released_orders{step="weigh_claims"}'] == 7
    assert found["codetrail_run_epoch"] == 7


def test_the_watermark_ages_by_itself(port):
    metrics.watermark_reached(int((time.time() - 60) * SECOND))
    with metrics.serving(port):
        first = scraped(port)["codetrail_watermark_age_seconds"]
        second = scraped(port)["codetrail_watermark_age_seconds"]
    assert 60 <= first < second
