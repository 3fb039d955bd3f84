"""Repeats: of each event the message of the least partition and offset counts."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.columnar.repeats import one_message_each, without_repeats_of

MESSAGES = {"partition": pl.Int32, "offset": pl.Int64, "event_id": pl.String, "visitor_id": pl.String}


def messages(*said):
    return pl.DataFrame(said, schema=MESSAGES, orient="row")


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        pytest.param([(0, 5, "e", "v"), (0, 3, "e", "v")], [(0, 3)], id="the lesser offset"),
        pytest.param([(1, 3, "e", "v"), (0, 5, "e", "v")], [(0, 5)], id="the lesser partition before the offset"),
        pytest.param([(0, 3, "e", "v"), (0, 5, "e", "w")], [(0, 3), (0, 5)], id="of another visitor, another event"),
        pytest.param([(0, 3, "e", "v"), (0, 5, "f", "v")], [(0, 3), (0, 5)], id="of another id likewise"),
        pytest.param([(0, 10, "e", "v"), (0, 9, "e", "v")], [(0, 9)], id="offsets compare as numbers"),
        pytest.param([], [], id="no message"),
    ],
)
def test_the_message_that_counts(said, counted):
    each = one_message_each(messages(*said), "visitor_id", "event_id")
    assert each.select("partition", "offset").rows() == counted


places = st.tuples(st.integers(0, 2), st.integers(0, 5))


@given(
    st.lists(st.tuples(places, st.sampled_from("ef"), st.sampled_from("vw")), unique_by=lambda m: m[0]), st.randoms()
)
def test_of_each_event_the_first_message_counts_whatever_the_order_of_arrival(said, random):
    flat = [(partition, offset, event, visitor) for (partition, offset), event, visitor in said]
    first = {(event, visitor): min(m[0] for m in said if m[1:] == (event, visitor)) for _, event, visitor in said}
    each = one_message_each(messages(*random.sample(flat, len(flat))), "visitor_id", "event_id")
    counted = {(event, visitor): (partition, offset) for partition, offset, event, visitor in each.rows()}
    assert counted == first
    assert each.height == len(first)


@given(
    *[
        st.lists(st.tuples(places, st.sampled_from("ef"), st.sampled_from("vw")), unique_by=lambda m: m[0], min_size=n)
        for n in (0, 1)
    ]
)
def test_what_is_left_out_beside_what_is_held_never_counts_and_all_else_is_left_in(held, arriving):
    flat = [messages(*[(*place, *said) for place, *said in rows]) for rows in (held, arriving)]
    left = without_repeats_of(*flat, "visitor_id", "event_id")
    first = {tuple(said): min(m[0] for m in held if tuple(m[1:]) == tuple(said)) for _, *said in held}
    expected = [(*place, *said) for place, *said in arriving if place <= first.get(tuple(said), place)]
    assert left.rows() == expected


def test_nothing_is_a_repeat_of_nothing():
    rows = messages((0, 5, "e", "v"), (0, 3, "e", "v"))
    assert without_repeats_of(None, rows, "visitor_id", "event_id").equals(rows)
