"""Which list of orders a request asks for."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from pipelines.live.watched import OrderQuery
from pipelines.monitor.ordering import PAGE, order_list, whole_order_list
from pipelines.monitor.view import WrongQuery

EVERYTHING = [
    ("campaign", "a&b"), ("influencer", "c d"), ("model", "linear"), ("since", "2026-03-01T00:00:00+01:00"),
    ("until", "2026-03-02T00:00:00Z"), ("status", "provisional"), ("only", "new"), ("page", "3"),
]  # fmt: skip


def test_the_address_of_a_list_asks_for_that_list():
    asked = order_list(EVERYTHING)
    assert asked.query == OrderQuery(
        "a&b", "c d", "linear", datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC),
        "provisional", "new", 2 * PAGE, PAGE,
    )  # fmt: skip
    assert order_list(parse_qsl(asked.href(3).partition("?")[2])) == asked
    assert asked.download("csv").startswith("/downloads/orders.csv?campaign=a%26b&")
    assert whole_order_list(parse_qsl(asked.download("csv").partition("?")[2]), 7).limit == 7


def test_without_parameters_it_is_all_orders():
    assert order_list([]).query == OrderQuery()
    assert order_list([]).href(1) == "/orders"


@pytest.mark.parametrize(
    "parameter",
    [("model", "markov"), ("status", "maybe"), ("only", "mine"), ("since", "2026-03-01"),
     ("until", "2026-03-01T00:00:00"), ("page", "-1"), ("page", "x"), ("page", "10001"), ("page", "9" * 200),
     ("sort", "net")],
)  # fmt: skip
def test_what_there_is_not_is_refused(parameter):
    with pytest.raises(WrongQuery, match=parameter[0]):
        order_list([parameter])
