"""The working set: rows are found by key whatever the batches in which they came."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.stages.working_set import CHUNK_ROWS, Runs

SCHEMA = {"key": pl.String, "n": pl.Int64}
KEYS = ["", "a", "b", "c", "é", "a" * 200]


def rows(*pairs):
    return pl.DataFrame(pairs, schema=SCHEMA, orient="row")


batches = st.lists(st.lists(st.tuples(st.none() | st.sampled_from(KEYS), st.integers(0, 99)), max_size=8), max_size=12)


chunk_rows = st.sampled_from([1, 2, 5, CHUNK_ROWS])


@given(batches, st.lists(st.sampled_from([*KEYS, "never seen"]), max_size=5), chunk_rows)
def test_what_is_gathered_is_what_a_dict_of_lists_would_hold(batches, asked, chunk_rows):
    runs = Runs("key", chunk_rows)
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


@given(batches, batches, st.integers(0, 99), chunk_rows)
def test_what_is_let_go_of_is_gone_and_the_rest_is_found_as_before(before, after, horizon, chunk_rows):
    runs, untouched = Runs("key", chunk_rows), Runs("key", chunk_rows)
    for batch in before:
        runs.add(rows(*batch))
        untouched.add(rows(*(pair for pair in batch if pair[1] >= horizon)))
    since = set(runs.keys_since("n", horizon))
    gone = runs.drop_before("n", horizon).to_list()
    assert sorted(gone) == sorted(key for batch in before for key, n in batch if key is not None and n < horizon)
    assert since == set(runs.keys()) == set(untouched.keys())
    for batch in after:
        for one in (runs, untouched):
            one.add(rows(*batch))
    found, expected = runs.gather(KEYS), untouched.gather(KEYS)
    assert (found is None) == (expected is None)
    assert found is None or sorted(found.rows()) == sorted(expected.rows())


def test_a_million_rows_are_held_in_few_chunks_and_hardly_more_bytes_than_their_own():
    block = pl.DataFrame({"key": [f"visitor-{n % 977:030}" for n in range(5_000)], "n": range(5_000)})
    runs = Runs("key", chunk_rows=20_000)
    for _ in range(200):
        runs.add(block)
    assert runs.nbytes < 1.4 * 200 * block.estimated_size()
    runs.keep(pl.col("n") < 500)
    assert len(runs) == 100_000
    assert runs.nbytes < 1.4 * 20 * block.estimated_size()  # what was let go of holds no memory


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
