"""Every measure is told from one place, and its formula and break-even are true of every mart."""

import re

import duckdb
import pytest

from pipelines.schema_store import REFERENCE_TABLES, columns
from pipelines.stores.tables import TABLES
from pipelines.warehouse.metrics_dictionary import measures, operands, sql_of, words_of
from tests.warehouse.mart_columns import promised

MARTS = promised()
MEASURES = measures(MARTS)
NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT")
RECKONED = [
    pytest.param(mart, measure, id=f"{mart}.{measure.name}")
    for measure in MEASURES
    for mart in measure.marts
    if measure.formula and {*operands(measure.formula)} <= MARTS[mart].keys()
]
JUDGED = [
    pytest.param(mart, measure, id=f"{mart}.{measure.name}")
    for measure in MEASURES
    for mart in measure.marts
    if measure.break_even and {*operands(measure.break_even), "net_revenue", "cost_total"} <= MARTS[mart].keys()
]


@pytest.fixture(scope="module")
def build(small_workspace):
    with duckdb.connect(str(small_workspace / "warehouse" / "build.duckdb"), read_only=True) as connection:
        yield connection


def test_every_number_that_the_warehouse_derives_has_a_unit():
    own = {name for table, name, spec in columns() if table == "warehouse" or table in MARTS}
    bare = [
        f"{mart}.{name}"
        for mart, kinds in MARTS.items()
        for name, kind in kinds.items()
        if kind.startswith(NUMBERS) and name in own and "x-unit" not in (words_of(mart, name) or {})
    ]
    assert bare == [], 'say "x-unit", and "x-formula" or "x-source", in schemas/warehouse'


def test_a_measure_is_reckoned_or_counted_from_tables_that_exist():
    assert [measure.name for measure in MEASURES if not measure.formula and not measure.source] == []
    named = {table for measure in MEASURES for table in measure.source}
    assert named <= {*TABLES, *REFERENCE_TABLES}


def test_words_and_keys_say_the_same():
    unsaid = [
        measure.name
        for measure in MEASURES
        if measure.formula and "/" in measure.formula and measure.formula not in measure.meaning
    ]
    assert unsaid == []


def test_each_measure_of_the_roi_marts_has_a_break_even_if_it_has_a_price():
    of_roi = [measure for measure in MEASURES if "fct_influencer_roi" in measure.marts]
    priced = [measure for measure in of_roi if re.fullmatch(r"cp[acme]|roi_pct|roas|profit", measure.name)]
    assert {measure.name for measure in priced} == {"cpa", "cpc", "cpm", "cpe", "roi_pct", "roas", "profit"}
    assert [measure.name for measure in priced if not measure.break_even] == []


@pytest.mark.parametrize(("mart", "measure"), RECKONED)
def test_a_formula_is_true_of_every_row(mart, measure, build):
    reckoned = f"cast({sql_of(measure.formula)} as double)"
    wrong = build.sql(
        f"select {measure.name}, {reckoned} from {mart} "
        f"where cast({measure.name} as double) is distinct from {reckoned} "
        f"and coalesce(abs({measure.name} - {reckoned}) > 1e-9 * greatest(1, abs({reckoned})), true)"
    )
    assert wrong.fetchall() == []


@pytest.mark.parametrize(("mart", "measure"), JUDGED)
def test_beyond_its_break_even_there_is_profit(mart, measure, build):
    """Either on one side of it for every profitable row or on the other: more return, or less cost."""
    rows = build.sql(
        f"select sign(cast(net_revenue - cost_total as double)), "
        f"sign(round(cast({measure.name} as double) - cast({sql_of(measure.break_even)} as double), 9)) "
        f"from {mart} where {measure.name} is not null and {sql_of(measure.break_even)} is not null"
    ).fetchall()
    sides = {profit * side for profit, side in rows if profit}
    assert sides <= {1.0} or sides <= {-1.0}
    assert all(side == 0 for profit, side in rows if not profit)
