"""dbt's own unit tests, literal rows in the models' .yml files, over a workspace in which nothing ever happened."""

import pytest

from pipelines.warehouse.build import build
from pipelines.warehouse.dbt_runner import run_dbt, scratch_of
from tests.warehouse.tokyo_world import BUILT_AT, SETTINGS, reference_tables, resolved_clicks


@pytest.fixture(scope="module")
def empty_workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("empty")
    result = build(root, reference_tables({}), resolved_clicks([]), SETTINGS, BUILT_AT)
    assert set(result.rows.values()) == {0}
    return root


def test_every_unit_test_of_the_models_passes(empty_workspace):
    file = empty_workspace / "warehouse" / "build.duckdb"
    results = run_dbt("test", file, scratch_of(empty_workspace), 2, "--resource-type", "unit_test").results
    assert len(results) >= 6
    assert {result.node.name: result.message for result in results if result.status != "pass"} == {}
