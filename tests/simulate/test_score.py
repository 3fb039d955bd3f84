"""The score on small lakes, row by row: what is right, what is wrong, what is missed and why."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipelines.failures import BadInput
from pipelines.simulate.score import Miss, score
from pipelines.simulate.truth import write_truth
from pipelines.stores.lake import Lake
from pipelines.stores.tables import TABLES

THEN = datetime(2026, 3, 1, tzinfo=UTC)


def claim(influencer, reason="won", kind="code"):
    valid = reason in {"won", "outranked", "not_involved"}
    return {"claim_id": "c1", "kind": kind, "influencer_id": influencer, "valid": valid, "reason": reason}


def order(order_id, winner=None, *claims, kind="code", net=1000, revision=1):
    """An attribution as far as the score reads it; without claims given, the winner's own."""
    told = list(claims) or ([claim(winner, kind=kind)] if winner else [])
    return {
        "order_id": order_id,
        "revision_key": revision,
        "winner_influencer_id": winner,
        "winner_kind": kind if winner else None,
        "net_reporting_minor": net,
        "claims": told,
    }


def value_of(field):
    if field.nullable:
        return None
    return THEN if pa.types.is_timestamp(field.type) else 0 if pa.types.is_integer(field.type) else ""


@pytest.fixture
def scored(tmp_path):
    """Scores a lake with the attributions given against the truth given, order -> influencer."""

    def scored(truth, *attributions):
        write_truth(tmp_path, truth.items())
        schema = TABLES["order_attributions"]
        needed = {field.name: value_of(field) for field in schema}
        lake = Lake(tmp_path / "lake")
        lake.create()
        rows = pa.Table.from_pylist([needed | row for row in attributions], schema=schema)
        lake.append("order_attributions", rows, {}, lake.take_over())
        return score(tmp_path)

    return scored


def test_everything_right(scored):
    result = scored({"o1": "ana", "o2": None}, order("o1", "ana"), order("o2"))
    assert (result.precision, result.recall, result.precision_by_money, result.recall_by_money) == (1, 1, 1, 1)
    assert (result.orders, result.paid, result.brought, result.right) == (2, 1, 1, 1)
    assert (result.missed, result.wrong, result.examples) == ({}, {}, [])


def test_ratios_by_number_and_by_money(scored):
    result = scored(
        {"o1": "ana", "o2": "ana", "o3": "ana", "o4": None},
        order("o1", "ana", net=7000),
        order("o2", "ben", net=2000),
        order("o3", net=500),
        order("o4", "ben", net=1000),
    )
    assert (result.precision, result.recall) == (1 / 3, 1 / 3)
    assert (result.precision_by_money, result.recall_by_money) == (0.7, 7000 / 9500)


def test_nobody_paid_and_nobody_to_pay_has_no_ratio(scored):
    result = scored({"o1": None}, order("o1"))
    assert (result.precision, result.recall, result.precision_by_money, result.recall_by_money) == (None,) * 4


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param([], "no_claim", id="only spoken of"),
        pytest.param([claim("ben", "bot", "link")], "no_claim", id="only others left a trace"),
        pytest.param([claim("ana", "bot", "link")], "bot", id="taken for a crawler"),
        pytest.param([claim("ana", "code_compromised")], "code_compromised", id="the code had leaked"),
        pytest.param([claim("ana", "self_purchase")], "self_purchase", id="bought it herself"),
        pytest.param([claim(None, "code_expired")], "code_expired", id="the code belongs to nobody any more"),
        pytest.param([claim(None, "unknown_code"), claim("ben", "bot")], "unknown_code", id="a mistyped code"),
        pytest.param(
            [claim(None, "unknown_code"), claim("ana", "bot", "link")], "bot", id="her own claim before nobody's"
        ),
        pytest.param(
            [claim("ana", "bot", "link"), claim("ana", "outranked")], "outranked", id="her valid claim before her void"
        ),
    ],
)
def test_why_an_order_was_missed(scored, claims, reason):
    result = scored({"o1": "ana"}, order("o1", None, *claims) | {"claims": claims})
    assert (result.missed, result.wrong) == ({reason: 1}, {})
    assert result.examples == [Miss("o1", "ana", None, reason)]


@pytest.mark.parametrize(
    ("truth", "kind", "why"),
    [
        pytest.param({"o1": None}, "code", "code won an order that nobody brought", id="a leaked code"),
        pytest.param({"o1": None}, "link", "link won an order that nobody brought", id="an idle click"),
        pytest.param({"o1": "ana"}, "link", "link won another influencer's order", id="the last click is another's"),
        pytest.param({}, "code", "code won an order that the truth does not know", id="an order out of nowhere"),
    ],
)
def test_why_a_credit_is_wrong(scored, truth, kind, why):
    result = scored(truth, order("o1", "ben", kind=kind))
    assert result.wrong == {why: 1}
    assert (result.right, result.precision) == (0, 0)


def test_orders_on_one_side_only_are_counted(scored):
    result = scored({"o1": "ana", "o2": None}, order("o3"), order("o4", "ana"))
    assert (result.not_in_lake, result.not_in_truth) == (2, 2)
    assert result.missed == {"not_in_lake": 1}
    assert (result.precision, result.recall) == (0, 0)


def test_an_order_without_a_rate_counts_but_weighs_nothing(scored):
    result = scored({"o1": "ana", "o2": "ben"}, order("o1", "ana", net=None), order("o2"))
    assert (result.recall, result.recall_by_money, result.without_money) == (0.5, 0, 1)


def test_only_the_latest_revision_counts(scored):
    result = scored({"o1": "ana"}, order("o1", "ana", revision=2), order("o1", "ben", revision=1))
    assert (result.paid, result.right) == (1, 1)


def test_a_few_examples_stand_for_many(scored):
    result = scored({f"o{n}": "ana" for n in range(9)}, *(order(f"o{n}") for n in range(9)))
    assert result.missed == {"no_claim": 9}
    assert [miss.order_id for miss in result.examples] == ["o0", "o1", "o2"]


def test_a_workspace_that_was_not_simulated_cannot_be_scored(tmp_path):
    with pytest.raises(BadInput, match="only simulated workspaces"):
        score(tmp_path)


def test_a_workspace_without_a_run_cannot_be_scored(tmp_path):
    write_truth(tmp_path, [("o1", None)])
    with pytest.raises(BadInput, match="codetrail run"):
        score(tmp_path)
