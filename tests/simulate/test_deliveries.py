"""Deliveries merge by time, each topic's messages stay in the order in which its file has them."""

import numpy as np
import polars as pl

from pipelines.simulate.deliveries import Delivery, merged
from pipelines.simulate.writing import write_lines

ORDERS = Delivery("orders", pl.Series(["a", "b"]), np.array([1, 0, 1]), np.array([10, 20, 40]), [(0, b"x"), (2, b"y")])
CLICKS = Delivery("clicks", pl.Series(["k", "l"]), np.array([0, 1]), np.array([20, 30]), [])
NOTHING = Delivery("redemptions", pl.Series([], dtype=pl.String), np.array([], int), np.array([], int), [])


def test_the_messages_of_all_topics_come_by_time_and_an_insert_with_what_it_precedes():
    arrivals = list(merged([ORDERS, CLICKS, NOTHING]))
    assert [at for at, _, _ in arrivals] == [10, 10, 20, 20, 30, 40, 40]
    assert b"".join(payload for _, _, payload in arrivals) == b"xbaklyb"
    assert {topic for _, topic, _ in arrivals} == {"orders", "clicks"}


def test_a_topic_arrives_as_its_file_says(tmp_path):
    write_lines(tmp_path / "orders", ORDERS.lines, ORDERS.order, ORDERS.inserts)
    lines = (tmp_path / "orders").read_bytes().splitlines()
    assert [arrival.payload for arrival in ORDERS.arrivals()] == lines
