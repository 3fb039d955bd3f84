"""The working set: rows are found by key whatever the batches in which they came."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.stages.working_set import Runs, one_message_each

SCHEMA = {"key": pl.String, "n": pl.Int64}
KEYS = ["", "a", "b", "c", "é", "a" * 200]


def rows(*pairs):
    return pl.DataFrame(pairs, schema=SCHEMA, orient="row")


batches = st.lists(st.lists(st.tuples(st.none() | st.sampled_from(KEYS), st.integers(0, 99)), max_size=8), max_size=12)


@given(batches, st.lists(st.sampled_from([*KEYS, "never seen"]), max_size=5))
def test_what_is_gathered_is_what_a_dict_of_lists_would_hold(batches, asked):
    runs = Runs("key")
    held: dict[str, list[int]] = {}
    for batch in batches:
        runs.add(rows(*batch))
        for key, n in batch:
            if key is not None:
                held.setdefault(key, []).append(n)
    gathered = runs.gather(asked)
    assert len(runs) == sum(map(len, held.values()))
    if not held:
        assert gathered is None
        return
    expected = [(key, n) for key in set(asked) for n in held.get(key, [])]
    assert sorted(gathered.rows()) == sorted(expected)
    assert dict(gathered.schema) == SCHEMA


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(["a"], [("a", 1), ("a", 1), ("a", 2)], id="repeats are kept"),
        pytest.param(["a", "a"], [("a", 1), ("a", 1), ("a", 2)], id="a key asked for twice is found once"),
        pytest.param(pl.Series(["b"]), [("b", 3)], id="a column of keys"),
        pytest.param(["z"], [], id="an unknown key has no rows"),
        pytest.param([], [], id="nobody asks"),
        pytest.param(pl.Series([None], dtype=pl.String), [], id="no key is found by nobody"),
    ],
)
def test_gathering(asked, found):
    runs = Runs("key")
    runs.add(rows(("a", 1), ("b", 3), (None, 4)))
    runs.add(rows(("a", 1), ("a", 2)))
    assert sorted(runs.gather(asked).rows()) == found


def test_before_the_first_row_there_is_nothing_to_gather():
    runs = Runs("key")
    runs.add(rows())
    runs.add(rows((None, 1)))
    assert runs.gather(["a"]) is None
    assert len(runs) == 0


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
