"""An order explained: its money, its claims with their reasons in words, its splits to the cent."""

import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import polars as pl
import pytest

from pipelines.failures import BadInput
from pipelines.reports.explain import explain, rendered
from pipelines.reports.reasons import SENTENCES
from pipelines.rules.models import MODELS
from pipelines.rules.suspicion import Suspicion
from pipelines.stores.workspace import Workspace


@pytest.fixture
def told(world):
    return lambda order_id: explain(world.workspace, world.settings, world.key, order_id)


@pytest.fixture(scope="session")
def current(world) -> pl.DataFrame:
    rows = world.workspace.lake.read("order_attributions")
    return rows.sort("revision_key").unique("order_id", keep="last").sort("order_id")


def with_reason(current: pl.DataFrame, reason: str) -> str:
    """The first order that has a claim of that reason."""
    claims = current.explode("claims").unnest("claims", separator=".")
    return claims.filter(pl.col("claims.reason") == reason)["order_id"][0]


@pytest.mark.parametrize("reason", sorted(set(SENTENCES) - set(Suspicion)))  # which are counted unless a setting says
def test_an_order_of_each_reason_says_it_in_words(world, told, current, printed, reason):
    explanation = told(with_reason(current, reason))
    claims = [claim for claim in explanation.claims if claim.reason == reason]
    assert claims
    for claim in claims:
        start = {"won": "won: ", "outranked": "outranked: ", "not_involved": "not involved: "}
        assert claim.because.startswith(start.get(reason, "not valid: "))
        assert claim.valid is (reason in start)
        assert set(claim.because.split()[:4]) <= set(printed(rendered(explanation)).split())


def test_every_model_of_every_order_sums_to_its_net(told, current):
    for order_id in current.sample(40, seed=1)["order_id"]:
        explanation = told(order_id)
        sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
        for share in explanation.credits:
            amounts = (share.amount, share.gross, share.amount_reporting)
            sums[share.model] = [total + amount for total, amount in zip(sums[share.model], amounts, strict=True)]
        for total in sums.values():
            assert total == [explanation.net, explanation.subtotal, explanation.net_reporting]
        assert set(sums) <= set(MODELS)


def test_discount_refunds_and_net_to_the_cent(told):
    explanation = told("HAND-1")
    assert (explanation.currency, explanation.reporting_currency, explanation.rate) == ("USD", "USD", 1)
    amounts = (explanation.subtotal, explanation.discount, explanation.refunded, explanation.net)
    assert [str(amount) for amount in amounts] == ["100.00", "10.00", "25.50", "64.50"]


def test_revisions_show_how_the_order_moved(told):
    first, second = told("HAND-1").revisions
    assert (first.revision_key, str(first.net), second.revision_key, str(second.net)) == (1, "90.00", 2, "64.50")
    assert (first.computed_at, second.computed_at) == (
        datetime(2026, 7, 1, tzinfo=UTC),
        datetime(2026, 7, 2, tzinfo=UTC),
    )


def test_an_id_with_an_address_is_found_as_the_lake_knows_it(told):
    explanation = told("buyer@shop.example-7")
    assert explanation.order_id.startswith("email:")
    assert str(explanation.net) == "7.00"


def test_flags_are_sentences(told, printed):
    explanation = told("HAND-2")
    assert explanation.flags == ("over_refunded", "refund_mismatch")
    page = printed(rendered(explanation))
    assert "More was refunded than the order was worth" in page
    assert "A refund was not counted" in page


def test_an_ended_link_and_an_unknown_code_are_explained_with_what_is_known(told, printed, unharmed):
    explanation = told("HAND-1")
    click, code = explanation.claims
    assert click.because.startswith("not valid: the link lnk-ended of @")
    assert click.because.endswith("had ended on 2026-04-01 00:00 UTC")
    assert click.url == "https://shop.example/"
    assert code.because == "not valid: the reference data knows no such code"
    assert explanation.winner is None
    page = printed(rendered(explanation))
    unharmed(page)
    assert "Earned by nobody" in page
    assert "[bold" in page  # rich would have taken it as a style


def test_another_currency_has_its_own_decimals_and_its_rate(told, current):
    foreign = current.filter(pl.col("currency") == "JPY")["order_id"][0]
    explanation = told(foreign)
    assert explanation.subtotal == int(explanation.subtotal)
    assert "." not in str(explanation.subtotal)
    assert round(explanation.subtotal * explanation.rate, 2) == explanation.subtotal_reporting


def test_settled_as_of_the_newest_watermark(world, told, current):
    lake = world.workspace.lake
    settles = current.with_columns(settles=pl.col("ordered_at") + timedelta(days=7)).sort("settles")
    last, first = settles.row(-1, named=True), settles.row(0, named=True)
    assert last["settles"] > lake.watermark() >= first["settles"]
    assert told(last["order_id"]).status == "provisional"
    assert told(first["order_id"]).status == "settled"
    assert told(last["order_id"]).settles_at == last["settles"]


def test_a_winner_is_named_with_handle_campaign_and_claim(told, current, printed):
    row = current.filter(pl.col("winner_kind") == "code").row(0, named=True)
    explanation = told(row["order_id"])
    assert explanation.winner.influencer_id == row["winner_influencer_id"]
    assert explanation.winner.handle.startswith("@")
    assert f"Earned by {explanation.winner.handle}" in printed(rendered(explanation))


def test_every_page_fits_100_columns_and_commands_no_terminal(told, current, printed, unharmed):
    for order_id in current["order_id"].head(25):
        page = printed(rendered(told(order_id)))
        unharmed(page)
        assert max(map(len, page.splitlines())) <= 100


def test_as_json_it_has_amounts_as_texts_and_instants(told):
    document = msgspec.to_builtins(told("HAND-1"))
    assert document["net"] == "64.50"
    assert document["ordered_at"] == "2026-05-02T10:00:00Z"
    assert document["claims"][0]["reason"] == "link_not_valid"


def test_without_reference_data_the_rest_is_told(world, told, tmp_path, printed):
    bare = Workspace(tmp_path)
    shutil.copytree(world.workspace.root / "lake", tmp_path / "lake")
    explanation = explain(bare, world.settings, world.key, "HAND-1")
    assert explanation.net == told("HAND-1").net
    assert explanation.claims[0].because == "not valid: the link was not in force at the time of the click"
    assert "Without handles and dates" in printed(rendered(explanation))


def test_other_settings_are_told_of_an_order_that_they_may_touch(world, printed):
    policy = world.settings.model_copy(update={"policy": "link_wins"})
    longer = world.settings.model_copy(update={"window_days": 31.0})
    assert not explain(world.workspace, longer, world.key, "HAND-1").is_outdated
    explanation = explain(world.workspace, policy, world.key, "HAND-1")
    assert explanation.is_outdated
    assert "`codetrail restate` applies them" in " ".join(printed(rendered(explanation)).split())


@pytest.mark.parametrize(
    ("order_id", "said"),
    [
        pytest.param(
            "HAND-NO-PLACED", "order HAND-NO-PLACED has events but no placed: refunded .orders/0/", id="no placed"
        ),
        pytest.param("HAND-BROKEN", "Rejected events mention it: orders/0/.* .bad_utf8.", id="rejected"),
        pytest.param("HAND-ONLY-CODE", "Redemptions name it .code X.", id="a redemption alone"),
        pytest.param("hand-1", "there is no order hand-1: .* though there is HAND-1", id="another case"),
        pytest.param("nowhere", "there is no order nowhere: no message names it", id="nowhere"),
        pytest.param("\x1b[31m", r"there is no order \\x1b\[31m", id="an id that would colour the terminal"),
    ],
)
def test_what_is_no_order_is_refused_with_where_it_might_be(told, order_id, said):
    with pytest.raises(BadInput, match=said):
        told(order_id)


def test_without_a_lake_the_next_step_is_named(world, tmp_path):
    with pytest.raises(BadInput, match=r"no lake .* run `codetrail run` first"):
        explain(Workspace(tmp_path), world.settings, world.key, "HAND-1")
