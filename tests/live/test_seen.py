"""Seen: it answers what a set of all of them would, however they come."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.live.seen import Seen

IDENTITIES = st.integers(0, 30).map(lambda n: n if n < 28 else 2**64 - 31 + n)  # few, so that they meet; also large


@given(st.lists(st.lists(IDENTITIES)))
def test_what_is_new_is_what_a_set_does_not_hold(batches):
    seen, known = Seen(), set()
    for batch in batches:
        identities = np.array(batch, dtype=np.uint64)
        is_new = seen.unseen(identities)
        expected = [one not in known and one not in batch[:place] for place, one in enumerate(batch)]
        assert is_new.tolist() == expected
        seen.add(identities[is_new])
        known |= set(batch)
        assert len(seen) == len(known)


def test_a_million_that_come_one_after_another_are_looked_up_in_few_runs():
    seen = Seen()
    numbers = np.random.default_rng(1).permutation(np.arange(1_000_000, dtype=np.uint64))
    for batch in np.array_split(numbers, 300):
        assert seen.unseen(batch).all()
        seen.add(batch)
        assert not seen.unseen(batch).any()
    assert not seen.unseen(numbers).any()
