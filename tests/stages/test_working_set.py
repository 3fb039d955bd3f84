"""The working set: rows are found by key whatever the batches in which they came."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.stages.working_set import Runs

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
