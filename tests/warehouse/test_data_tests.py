"""What dbt's own files say about its data tests; that a real run writes such files, test_check shows."""

import json

import pytest

from pipelines.warehouse.data_tests import DataTest, read_data_tests

UNIQUE = {
    "name": "unique_fct_orders_order_id",
    "description": "",
    "attached_node": "model.codetrail.fct_orders",
    "test_metadata": {"name": "unique"},
    "config": {"severity": "ERROR"},
    "depends_on": {"nodes": ["model.codetrail.fct_orders"]},
}
OF_ITS_OWN = {
    "name": "costs_have_a_rate",
    "description": "A cost without a rate is missing from every total.",
    "config": {"severity": "warn"},
    "depends_on": {"nodes": ["model.codetrail.fct_costs", "model.codetrail.dim_campaign"]},
}


@pytest.fixture
def leave(tmp_path):
    """Leaves the files of a dbt run of `command` in which the two tests ended as said."""

    def files(command, unique="pass", of_its_own="pass"):
        results = [{"unique_id": "test.1", "status": unique}, {"unique_id": "test.2", "status": of_its_own}]
        ran = {"args": {"which": command}, "results": results}
        (tmp_path / "run_results.json").write_text(json.dumps(ran), encoding="utf-8")
        nodes = {"test.1": UNIQUE, "test.2": OF_ITS_OWN}
        (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
        return tmp_path

    return files


def test_each_test_stands_with_its_model_and_says_why(leave):
    assert read_data_tests(leave("test", of_its_own="warn")) == [
        DataTest("fct_costs", "costs_have_a_rate", OF_ITS_OWN["description"], "warn", holds=False),
        DataTest(
            "fct_orders",
            "unique_fct_orders_order_id",
            "A row twice doubles every sum that it is in.",
            "block",
            holds=True,
        ),
    ]


def test_a_failed_test_does_not_hold(leave):
    assert [test.holds for test in read_data_tests(leave("test", unique="fail"))] == [True, False]


def test_a_build_is_no_run_of_the_tests(leave):
    assert read_data_tests(leave("build")) == []


def test_without_a_run_there_are_none(tmp_path):
    assert read_data_tests(tmp_path) == []
