"""Backlog: in order an order meets its clicks, none is lost or overtaken, and nobody waits for ever."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Messages
from pipelines.stages.backlog import PATIENCE, Backlog

SOURCES = [(topic, partition) for topic in ("clicks", "orders", "redemptions") for partition in range(2)]


def block(topic, sent_at, partition=0, start=0):
    offsets = list(range(start, start + len(sent_at)))
    return Messages(topic, partition, start, start + len(sent_at), offsets, [b"{}"] * len(sent_at), sent_at)


def taken(backlog, *blocks, in_order=True):
    for one in blocks:
        backlog.add(one)
    return [(one.source, one.start) for one in backlog.take(in_order=in_order)]


def test_orders_wait_until_the_clicks_before_them_have_gone_on():
    backlog = Backlog()
    assert taken(backlog, block("orders", [1, 9]), block("clicks", [1, 5])) == [("clicks/0", 0)]
    assert backlog.sources == {"orders/0"}
    assert taken(backlog, block("clicks", [6, 12], start=2)) == [("clicks/0", 2), ("orders/0", 0)]
    assert len(backlog) == 0


def test_a_partition_that_has_nothing_holds_nobody():
    backlog = Backlog()
    taken(backlog, block("clicks", [1, 5]), block("orders", [1, 9]))
    assert taken(backlog) == [("orders/0", 0)]


def test_a_reader_that_is_not_behind_gives_all_that_it_has():
    backlog = Backlog()
    blocks = [block("orders", [1, 9]), block("clicks", [1, 5]), block("redemptions", [1, 20])]
    assert len(taken(backlog, *blocks, in_order=False)) == len(blocks)


def test_a_block_that_only_tells_a_gap_goes_on_at_once():
    backlog = Backlog()
    gap = Messages("orders", 0, 0, 7, [], [], [], gone_before=7)
    assert taken(backlog, gap, block("clicks", [1, 5])) == [("orders/0", 0), ("clicks/0", 0)]


def test_a_clock_that_is_wrong_delays_and_starves_nobody():
    backlog = Backlog()
    backlog.add(block("orders", [10**15]))
    turns = (taken(backlog, block("clicks", [turn, turn], start=2 * turn)) for turn in count())
    gone_on = next(turn for turn, given in enumerate(turns) if ("orders/0", 0) in given)
    assert gone_on == PATIENCE


@given(
    st.dictionaries(
        st.sampled_from(SOURCES),
        st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=4), min_size=1, max_size=5),
        min_size=1,
    )
)
def test_every_block_goes_on_once_and_each_partition_s_in_order(of_partitions):
    partitions = {}
    for (topic, partition), blocks in of_partitions.items():
        starts = count(step=10)
        partitions[f"{topic}/{partition}"] = [block(topic, at, partition, next(starts)) for at in blocks]
    wanted = {source: [one.start for one in blocks] for source, blocks in partitions.items()}
    waiting = {source: list(blocks) for source, blocks in partitions.items()}
    backlog, found = Backlog(), {source: [] for source in partitions}
    while any(waiting.values()) or len(backlog):
        for source in waiting.keys() - backlog.sources:
            if waiting[source]:
                backlog.add(waiting[source].pop(0))
        turn = list(backlog.take(in_order=True))
        assert turn
        for one in turn:
            found[one.source].append(one.start)
    assert found == wanted


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=30, unique=True),
    st.lists(st.integers(0, 1000), min_size=1, max_size=30, unique=True),
    st.integers(1, 7),
)
def test_where_clocks_are_right_every_click_before_an_order_s_block_ends_is_before_it(clicks, orders, size):
    def blocks(topic, at):
        at = sorted(at)
        return [block(topic, at[place : place + size], start=place) for place in range(0, len(at), size)]

    waiting = {"clicks/0": blocks("clicks", clicks), "orders/0": blocks("orders", orders)}
    backlog, seen = Backlog(), set()
    for _ in range(PATIENCE):
        for source in waiting.keys() - backlog.sources:
            if waiting[source]:
                backlog.add(waiting[source].pop(0))
        for one in backlog.take(in_order=True):
            if one.topic == "clicks":
                seen.update(one.sent_at)
            else:
                assert {at for at in clicks if at < max(one.sent_at)} <= seen
