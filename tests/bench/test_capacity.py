"""Capacity: what a rate needs grows with it in a straight line, and says what gives way first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.capacity import AWS, BUSY, Costs, breaks_first, plan

COSTS = Costs(
    cpu=20e-6,
    click_share=0.9,
    order_share=0.05,
    wire=250,
    landed=40,
    attributed=300,
    click_state=100,
    order_state=400,
    commit=0.004,
)


@given(st.integers(1, 10**6), st.floats(0.5, 24), st.integers(1, 60))
def test_twice_the_rate_holds_and_stores_twice_as_much(rate, hours, days):
    one, two = (plan(COSTS, AWS, times * rate, hours, days) for times in (1, 2))
    for name in ("open_clicks", "open_orders", "state", "wire_a_second", "lake_a_month", "storage_a_month"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name))
    assert one.machines <= two.machines <= 2 * one.machines
    assert two.commit_every >= one.commit_every


@given(st.integers(1, 10**6), st.floats(0.5, 24), st.integers(1, 60))
def test_the_machines_hold_the_state_and_do_the_work_with_room_to_spare(rate, hours, days):
    found = plan(COSTS, AWS, rate, hours, days)
    assert found.state <= found.machines * AWS.memory * BUSY * (1 + 1e-9)
    assert rate * COSTS.cpu <= found.machines * AWS.cores * BUSY * (1 + 1e-9)
    assert found.partitions >= found.machines


def test_a_small_shop_needs_one_machine():
    found = plan(COSTS, AWS, 5, 24, 37)
    assert (found.machines, found.commit_every) == (1, 1.0)
    assert found.machines_a_month == pytest.approx(0.0816 * 720)
    assert breaks_first(found, AWS).startswith("memory") == (found.by_memory > found.by_cpu)


def test_what_breaks_first_is_named_with_what_to_change():
    by_memory = plan(COSTS, AWS, 1_000_000, 24, 37)
    assert by_memory.by_memory > by_memory.by_cpu
    assert breaks_first(by_memory, AWS).startswith("memory: ")
    light = replace(COSTS, click_state=1e-9, order_state=1e-9)
    assert breaks_first(plan(replace(light, cpu=1e-3), AWS, 1_000_000, 24, 37), AWS).startswith("the tables' logs: ")
    assert breaks_first(plan(light, AWS, 1_000, 24, 37), AWS).startswith("the work: ")


@pytest.mark.parametrize("asked", [(0, 24, 37), (1, 0, 37), (1, 24, -1)])
def test_what_is_not_above_0_is_refused(asked):
    with pytest.raises(ValueError, match="must be above 0"):
        plan(COSTS, AWS, *asked)
