"""Every formula of the metric dictionary is an expectation of every mart that can be held to it."""

import shutil

import duckdb
import pytest

from pipelines.warehouse.formulas import formula_suite
from tests.warehouse.broken import broken
from tests.warehouse.mart_columns import promised

SUITE = formula_suite(promised())


@pytest.fixture
def build(small_workspace, tmp_path):
    copy = shutil.copy(small_workspace / "warehouse" / "build.duckdb", tmp_path / "build.duckdb")
    with duckdb.connect(str(copy)) as connection:
        yield connection


def test_each_roi_mart_is_held_to_the_formulas_that_it_can_answer():
    held = {batch.name: {rule.name for rule in batch.expectations} for batch in SUITE.batches}
    for mart in ("fct_influencer_roi", "fct_campaign_roi"):
        assert {f"{mart}: roas is net_revenue / cost_total", f"{mart}: ctr is clicks / impressions"} <= held[mart]


def test_a_sound_build_keeps_its_formulas(build):
    assert broken(build, [SUITE]) == {}


@pytest.mark.parametrize(
    ("change", "expectation"),
    [
        pytest.param("roas = roas + 0.001", "roas is net_revenue / cost_total", id="a quotient is off"),
        pytest.param("roas = 'infinity'", "roas is net_revenue / cost_total", id="a quotient is infinite"),
        pytest.param("ctr = 0", "ctr is clicks / impressions", id="a quotient is 0 where there is no base"),
        pytest.param("cpa = null", "cpa is cost_total / orders", id="a quotient is missing"),
        pytest.param("profit = profit + 0.01", "profit is net_revenue - cost_total", id="a cent"),
    ],
)
def test_a_measure_that_is_not_its_formula_is_named(change, expectation, build):
    build.execute(f"update fct_influencer_roi set {change} where influencer_id in ('ana', 'ben')")
    assert f"measures: fct_influencer_roi: {expectation}" in broken(build, [SUITE], "block")
