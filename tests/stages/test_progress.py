"""Progress: a partition is through as far as every block below is whole, in whatever order the pieces come."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Share
from pipelines.stages.progress import Progress, furthest


def whole(block, start, end, source="clicks/0"):
    return Share(source, block, start, end, Share.WHOLE)


def test_a_block_is_through_with_its_last_piece():
    progress = Progress({})
    first, second, third = whole("a", 0, 10).split(3)
    assert progress.add([first, third]) == {}
    assert progress.add([second]) == {"clicks/0": 10}


def test_a_later_block_waits_for_the_earlier_one():
    progress = Progress({"clicks/0": 10})
    assert progress.add([whole("c", 20, 30)]) == {}
    assert progress.add([whole("b", 10, 20)]) == {"clicks/0": 30}


def test_partitions_do_not_wait_for_each_other():
    progress = Progress({"clicks/0": 10})
    moved = progress.add([whole("a", 0, 5, "orders/1"), whole("b", 12, 20)])
    assert moved == {"orders/1": 5}


def test_another_try_at_a_block_counts_by_itself():
    progress = Progress({})
    lost, _ = whole("first try", 0, 10).split(2)
    again, rest = whole("second try", 0, 8).split(2)
    assert progress.add([lost, again]) == {}
    assert progress.add([rest]) == {"clicks/0": 8}


def test_a_block_that_reaches_below_the_mark_moves_it():
    assert Progress({"clicks/0": 7}).add([whole("a", 0, 10)]) == {"clicks/0": 10}
    assert Progress({"clicks/0": 10}).add([whole("a", 0, 10)]) == {}


@given(st.data())
def test_whatever_the_order_the_mark_is_never_beyond_a_piece_that_is_missing(data):
    ends = sorted(data.draw(st.sets(st.integers(1, 50), min_size=1, max_size=6)))
    blocks = [whole(str(end), start, end) for start, end in zip([0, *ends], ends, strict=False)]
    pieces = [
        piece
        for block in blocks
        for first in block.split(data.draw(st.integers(1, 3)))
        for piece in first.split(data.draw(st.integers(1, 3)))
    ]
    progress, waiting, mark = Progress({}), data.draw(st.permutations(pieces)), 0
    while waiting:
        piece, *waiting = waiting
        mark = progress.add([piece]).get("clicks/0", mark)
        assert mark == min((left.start for left in waiting), default=ends[-1])


def test_a_checkpoint_that_knows_nothing_of_a_partition_leaves_no_gap():
    """It is read from where the lake stood at the run's beginning; what another had not read by then, from there."""
    progress = Progress(furthest({"clicks/0": 4, "clicks/1": 30}, {"clicks/0": 10, "clicks/1": 20}))
    assert progress.add([whole("a", 10, 15), whole("b", 20, 40, "clicks/1")]) == {"clicks/0": 15, "clicks/1": 40}
    assert furthest({"clicks/0": 4}, {"clicks/1": 3}) == {"clicks/0": 4, "clicks/1": 3}


def test_without_a_state_it_is_the_beginning_and_without_a_beginning_the_state():
    assert furthest(None, {"clicks/0": 10}) == {"clicks/0": 10}
    assert furthest({"clicks/0": 4}, None) == {"clicks/0": 4}
    assert furthest(None, None) is None
