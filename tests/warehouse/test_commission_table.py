"""The commissions of a terminal: every influencer's entries by state, and the sum of all."""

from io import StringIO

import pytest
from rich.console import Console

from pipelines.warehouse.commission_table import commission_table
from pipelines.warehouse.publish import publish
from tests.warehouse.broken import open_to_damage
from tests.warehouse.conftest import ARRIVED

ENTRIES = [
    ("ana", "o1", "10.00", "payable", False),
    ("ana", "o2", "5.00", "pending", False),
    ("ana", "o1", "-2.50", "payable", True),
    ("ben", "o3", "1.25", "locked", False),
    ("cy", "o4", "4.00", "reversed", False),
    ("cy", "o4", "-4.00", "reversed", False),
]


@pytest.fixture
def published(workspace, approve):
    """A workspace whose published ledger has these entries alone."""
    with open_to_damage(workspace / "warehouse" / "build.duckdb") as build:
        build.execute("delete from fct_commissions")
        for influencer, order, commission, state, is_clawback in ENTRIES:
            build.execute(
                "insert into fct_commissions (influencer_id, order_id, commission, state, is_clawback) "
                "values (?, ?, ?, ?, ?)",
                [influencer, order, commission, state, is_clawback],
            )
    approve(workspace)
    publish(workspace, ARRIVED)
    return workspace


def shown(table):
    console = Console(file=StringIO(), width=100)
    console.print(table)
    return [line.split() for line in console.file.getvalue().splitlines() if line.strip()]


def test_who_is_owed_most_comes_first_and_all_are_summed(published):
    lines = shown(commission_table(published))
    assert ["@ana", "2", "5.00", "0.00", "7.50", "-2.50", "12.50"] in lines
    assert ["@ben", "1", "0.00", "1.25", "0.00", "0.00", "1.25"] in lines
    assert ["@cy", "0", "0.00", "0.00", "0.00", "0.00", "0.00"] in lines
    assert ["All", "commissions", "3", "5.00", "1.25", "7.50", "-2.50", "13.75"] in lines


def test_the_rest_is_one_line(published):
    lines = shown(commission_table(published, shown=1))
    assert ["…", "2", "others", "1", "0.00", "1.25", "0.00", "0.00", "1.25"] in lines


def test_no_entry_is_nothing_owed(workspace, approve):
    approve(workspace)
    publish(workspace, ARRIVED)
    nothing = ["0.00"] * 5
    assert ["All", "commissions", "0", *nothing] in shown(commission_table(workspace))
