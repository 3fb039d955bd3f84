"""Revisions: an attribution as a row, and a hash of what it says."""

import polars as pl
import pytest

from pipelines.rules.attribution import DAY, Rules
from pipelines.rules.claims import Click
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, Redemption, order_state
from pipelines.stages.revisions import AT_COMMIT, CONTENT, digests, revision_rows
from pipelines.stores.tables import ORDER_ATTRIBUTIONS

NOON = 1_773_144_000_000_000  # 2026-03-10T12:00:00Z
RULES = Rules(
    CodeRoster([CodeAssignment("ana10", "ana", "spring")]),
    Exchange("USD", {}),
    {},
    "code_wins",
    30 * DAY,
    7 * DAY,
    "none",
)
CLICK = Click("c", NOON - 1, LinkAssignment("l-ben", "ben", "spring"), None, False)


def attribution(order_id="o", clicks=(CLICK,), **said):
    event = {"kind": "placed", "currency": "USD", "subtotal_minor": 1001, "visitor_id": "v"} | said
    order = order_state([OrderEvent(order_id, "e", NOON, **event)])
    return RULES.attribute(order, [Redemption("r", NOON, "ana10")], clicks)


def rows(*attributions, gone=()):
    return revision_rows(attributions, gone, {})


def test_a_row_has_the_table_s_columns_but_those_of_the_commit():
    assert rows(attribution()).columns == [*CONTENT, "evidence"]
    assert {*CONTENT, *AT_COMMIT} == set(ORDER_ATTRIBUTIONS.names)
    schema = pl.Schema(ORDER_ATTRIBUTIONS)
    assert dict(rows(attribution()).schema) == {name: schema[name] for name in CONTENT} | {"evidence": pl.Int64}


def test_claims_and_credits_stay_with_their_order():
    found = rows(attribution("a"), attribution("b", clicks=()), attribution("c"))
    assert found["order_id"].to_list() == ["a", "b", "c"]
    assert [[claim["claim_id"] for claim in claims] for claims in found["claims"].to_list()] == [
        ["c", "r"],
        ["r"],
        ["c", "r"],
    ]
    linear = [[c["amount_minor"] for c in its if c["model"] == "linear"] for its in found["credits"].to_list()]
    assert linear == [[501, 500], [1001], [501, 500]]


def test_a_set_of_events_that_is_no_order_is_its_id_alone():
    [row] = rows(gone=["x"]).to_dicts()
    assert {name for name, value in row.items() if value is not None} == {"order_id", "evidence"}


def test_no_attributions_are_no_rows():
    assert rows().height == 0
    assert rows().columns == [*CONTENT, "evidence"]


def test_equal_attributions_have_equal_digests_whatever_stands_beside_them():
    alone = digests(rows(attribution()))[0]
    assert digests(rows(attribution("other"), attribution()))[1] == alone
    assert len(alone) == 32


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"subtotal_minor": 1002}, id="money"),
        pytest.param({"visitor_id": "w"}, id="visitor"),
        pytest.param({"customer_id": "k"}, id="customer"),
        pytest.param({"is_new_customer": False}, id="an answer where there was none"),
        pytest.param({"clicks": ()}, id="a claim less"),
        pytest.param({"order_id": "p"}, id="order"),
    ],
)
def test_what_differs_has_another_digest(other):
    assert digests(rows(attribution(**other)))[0] != digests(rows(attribution()))[0]
