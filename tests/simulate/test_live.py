"""A live world's time: what arrives as the n-th message happens when that is sent, and order is kept."""

import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from pipelines.simulate.deliveries import Delivery, merged
from pipelines.simulate.live import LiveClock, end_of_a_world_around
from pipelines.simulate.shoppers import microseconds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = [datetime(2026, 1, day, 8, tzinfo=UTC) for day in (1, 2, 2, 30)]
CLOCK = LiveClock(np.array([microseconds(day) for day in DAYS]), microseconds(NOW), rate=2)


def at(text: str) -> bytes:
    return b'{"event_id":"e","occurred_at":"%s","kind":"placed"}' % text.encode()


@pytest.mark.parametrize(
    ("told", "moved"),
    [
        pytest.param("2026-01-01T08:00:00.000Z", "2026-11-21T12:00:00.000000Z", id="the first message"),
        pytest.param("2026-01-02T08:00:00Z", "2026-11-21T12:00:00.500000Z", id="the second, half a second later"),
        pytest.param("2026-01-30T08:00:00Z", "2026-11-21T12:00:01.500000Z", id="the fourth"),
        pytest.param("2026-01-16T08:00:00Z", "2026-11-21T12:00:01.000000Z", id="between two"),
        pytest.param("2026-01-02T09:00:00.000000+01:00", "2026-11-21T13:00:00.500000+01:00", id="another zone"),
        pytest.param("2025-12-31T20:00:00Z", "2026-11-21T12:00:00.000000Z", id="before the first arrival"),
        pytest.param("2026-01-30T08:09:00Z", "2026-11-21T12:00:01.500000Z", id="a clock that is fast"),
    ],
)
def test_an_event_happens_as_it_is_sent(told, moved):
    assert CLOCK.moved(at(told)) == at(moved)


@pytest.mark.parametrize("told", ["1970-01-01T00:00:00Z", "2206-02-03T10:11:12Z", "2026-01-02T10:11:12", "03.02.2026"])
def test_what_is_to_be_rejected_for_its_time_still_is(told):
    assert CLOCK.moved(at(told)) == at(told)


@pytest.mark.parametrize("payload", [b"", b"<html>", b"[1]", b'{"occurred_at":7}'])
def test_what_has_no_time_stays_as_it_is(payload):
    assert CLOCK.moved(payload) == payload


def test_a_broken_message_counts_as_well_for_when_the_next_one_is_sent():
    day = microseconds(DAYS[0])
    lines = pl.Series([at("2026-01-01T08:00:00Z").decode(), at("2026-01-01T08:00:01Z").decode()])
    delivery = Delivery("orders", lines, np.array([0, 1]), np.array([day, day + 1_000_000]), [(1, b"broken")])
    clock = LiveClock.of([delivery], microseconds(NOW), rate=1)
    moved = [clock.moved(arrival.payload) for arrival in merged([delivery])]
    assert json.loads(moved[0])["occurred_at"] == "2026-11-21T12:00:00.000000Z"
    assert moved[1] == b"broken"
    assert json.loads(moved[2])["occurred_at"] == "2026-11-21T12:00:01.000000Z"


def test_a_live_world_ends_at_a_midnight_to_come():
    assert end_of_a_world_around(NOW) == datetime(2026, 12, 26, tzinfo=UTC)


def test_an_instant_within_a_second_is_not_that_second_s_beginning():
    """Or the first event of a feed happens before it was fed."""
    assert microseconds(NOW.replace(microsecond=190_764)) - microseconds(NOW) == 190_764
