"""Every suite reads well: a table of its own, names that are unique, a reason and a severity for each expectation."""

from collections import Counter

import pytest

from pipelines.failures import BadInput, Reason
from pipelines.stages.decode import OFFSET_GAP
from pipelines.stores.tables import LANDING
from pipelines.warehouse.suites import Bounds, Expectation, Reading, expectations_dir, load_suites

SUITES = load_suites(expectations_dir())
LAKE_TABLES = {*LANDING, "rejected_events", "order_attributions"}
WHY = Reading("Because it matters.", "block")


@pytest.mark.parametrize("suite", [pytest.param(suite, id=suite.table) for suite in SUITES])
def test_every_expectation_says_why_in_a_sentence_and_what_it_stops(suite):
    for batch in suite.batches:
        for expectation in batch.expectations:
            assert expectation.meta.why.endswith("."), expectation.name
            assert expectation.meta.severity in ("block", "warn"), expectation.name


@pytest.mark.parametrize("suite", [pytest.param(suite, id=suite.table) for suite in SUITES])
def test_names_of_expectations_are_unique_in_their_table(suite):
    names = Counter(expectation.name for batch in suite.batches for expectation in batch.expectations)
    assert [name for name, times in names.items() if times > 1] == []


def test_every_lake_table_has_a_suite():
    assert {suite.table for suite in SUITES} >= LAKE_TABLES


def test_the_suite_knows_every_reason_of_a_reject():
    known = {
        value
        for suite in SUITES
        for batch in suite.batches
        for expectation in batch.expectations
        if suite.table == "rejected_events" and expectation.kwargs.column == "reason"
        for value in expectation.kwargs.value_set
    }
    assert known == {*Reason, OFFSET_GAP}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param('{"table": "orders"}', "missing required field", id="a field is missing"),
        pytest.param("{", "truncated", id="no JSON"),
        pytest.param(
            '{"table": "clicks", "grain": "One row per click.", "batches": []}', "clicks.json", id="another name"
        ),
    ],
)
def test_a_broken_suite_stops_the_check(text, complaint, tmp_path):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "orders.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=complaint):
        load_suites(tmp_path)


@pytest.mark.parametrize(
    ("type_", "bounds", "condition"),
    [
        pytest.param("be_between", Bounds("net", min_value=0), 'coalesce("net" < 0, false)', id="at least"),
        pytest.param("be_between", Bounds("net", 0, 9), 'coalesce("net" < 0 or "net" > 9, false)', id="within"),
        pytest.param("not_be_null", Bounds("net"), '"net" is null', id="given"),
        pytest.param(
            "be_in_set",
            Bounds("kind", value_set=("it's", True)),
            "coalesce(\"kind\" not in ('it''s', true), false)",
            id="known",
        ),
    ],
)
def test_an_expectation_as_the_condition_that_breaks_it(type_, bounds, condition):
    assert Expectation("it holds", f"expect_column_values_to_{type_}", bounds, WHY).broken_by() == condition
