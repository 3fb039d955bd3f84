"""Tables to download: columns with types, made of the very fields that the page shows."""

from datetime import datetime
from decimal import Decimal

import pytest

from pipelines.monitor.files import PARQUET_TYPES
from pipelines.monitor.tables import NAMES, order_table, table_of
from pipelines.monitor.view import View
from tests.monitor.snapshots import order, snapshot

EVERY, SPRING, _ = snapshot().campaigns


@pytest.mark.parametrize("name", [name for name in NAMES if name != "orders"])
def test_every_row_has_every_column_of_a_type_that_a_file_may_have(name):
    table = table_of(name, snapshot(), SPRING, View("spring"))
    assert set(table.columns.values()) <= PARQUET_TYPES.keys()
    for row in table.rows:
        assert row.keys() == table.columns.keys()
        assert all(value is None or isinstance(value, (table.columns[key], int)) for key, value in row.items())


def test_a_campaign_s_headline_stands_among_its_own_columns():
    table = table_of("campaigns", snapshot(), EVERY, View())
    assert [row["campaign_id"] for row in table.rows] == [None, "spring", "run"]
    assert table.columns["starts_at"] is datetime
    assert table.columns["unattributed_net_revenue"] is Decimal


def test_the_course_is_that_of_the_view():
    assert len(table_of("course", snapshot(), EVERY, View(by="minute")).rows) == 60
    assert len(table_of("course", snapshot(), EVERY, View(by="day")).rows) == 30


def test_orders_are_a_table_too():
    assert order_table([order(7)]).rows[0]["net_reporting"] is None


def test_another_name_is_none():
    with pytest.raises(KeyError):
        table_of("people", snapshot(), EVERY, View())
