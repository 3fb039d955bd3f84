"""Sums: hours and days of a time zone, also where its clocks are put on."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.live.counts import DAYS, HOURS, MINUTES
from pipelines.live.sums import last_days, last_hours, last_minutes, micros, midnight

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo", "America/St_Johns"])
INSTANTS = st.integers(0, 10 * 365 * 86_400_000).map(
    lambda ms: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)


@given(INSTANTS, ZONES)
def test_the_last_of_each_holds_the_instant(until, zone):
    minutes, hours, days = last_minutes(until), last_hours(until, zone), last_days(until, zone)
    assert (len(minutes), len(hours), len(days)) == (MINUTES, HOURS, DAYS)
    assert minutes[-1] <= until < minutes[-1] + timedelta(minutes=1)
    assert hours[-1] <= until < hours[-1] + timedelta(hours=1)
    assert midnight(days[-1], zone) <= until < midnight(days[-1] + timedelta(days=1), zone)


def test_hours_of_kathmandu_begin_at_a_quarter_past():
    assert {hour.minute for hour in last_hours(datetime(2026, 3, 1, 12, tzinfo=UTC), "Asia/Kathmandu")} == {15}


def test_a_day_on_which_the_clocks_are_put_on_is_an_hour_shorter():
    begins, ends = midnight(date(2026, 3, 29), "Europe/Berlin"), midnight(date(2026, 3, 30), "Europe/Berlin")
    assert ends - begins == timedelta(hours=23)


def test_an_instant_in_microseconds():
    assert micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == 1_000_005
