"""The marts of a workspace that is worked out by hand, exactly; and what a build does when it cannot succeed."""

import shutil
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from pipelines.failures import BadInput, CheckFailed, LakeUnavailable
from pipelines.warehouse.build import build
from pipelines.warehouse.build import test as data_tests
from pipelines.warehouse.sources import BuildSettings
from tests.warehouse.broken import open_to_damage
from tests.warehouse.tokyo_world import (
    BUILT_AT,
    REFERENCE_ROWS,
    SETTINGS,
    build_world,
    reference_tables,
    resolved_clicks,
)

LISTED = (
    "influencer_id campaign_id model orders new_customer_orders gross_revenue net_revenue cost_fee cost_product "
    "cost_shipping cost_agency cost_platform cost_labour cost_boost cost_other commission cost_total profit "
    "roi_pct roas cpa cpc cpm cpe aov clicks valid_clicks ctr conversion_rate assisted_orders impressions reach "
    "engagements engagement_rate engagement_rate_by_reach engagement_rate_by_views emv tier platform status"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("a workspace's folder")
    result = build_world(root)
    assert result.rows["fct_orders"] == 4
    return root


@pytest.fixture(scope="module")
def rows(built):
    """A query's rows as tuples, amounts as texts."""

    def of(query: str) -> list[tuple]:
        with duckdb.connect(str(built / "warehouse" / "build.duckdb"), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            found = connection.execute(query).fetchall()
        return [tuple(str(v.quantize(Decimal("0.01"))) if isinstance(v, Decimal) else v for v in row) for row in found]

    return of


def test_an_order_is_its_greatest_revision_and_a_tombstone_is_none(rows):
    assert rows(
        "select order_id, day, gross_revenue, net_revenue, winner_influencer_id, status from fct_orders order by 1"
    ) == [
        ("o1", date(2026, 3, 2), "100.00", "90.00", "ana", "settled"),
        ("o2", date(2026, 3, 2), "55.00", "55.00", "ben", "settled"),
        ("o3", date(2026, 3, 3), "20.00", "20.00", None, "settled"),
        ("o4", date(2026, 3, 9), "30.00", "0.00", "ana", "provisional"),
    ]


def test_each_claim_keeps_its_reason(rows):
    assert rows("select order_id, kind, claim_id, influencer_id, is_valid, reason from fct_claims order by all") == [
        ("o1", "code", "o1#0", "ana", True, "won"),
        ("o1", "link", "c1", "ben", True, "outranked"),
        ("o2", "link", "c2", "ben", True, "won"),
        ("o3", "code", "r3", None, False, "unknown_code"),
        ("o4", "code", "o4#0", "ana", True, "won"),
    ]


def test_every_model_sums_to_all_orders(rows):
    every = ("first", "last", "linear", "markov", "policy", "position", "shapley", "time_decay")
    assert rows(
        "select model, sum(gross_revenue), sum(net_revenue), sum(weight) from fct_credits group by 1 order by 1"
    ) == [(model, "205.00", "165.00", 4.0) for model in every]


def test_what_no_model_credits_is_one_row_of_nobody_a_model(rows):
    assert rows(
        "select order_id, net_revenue, count(*) from fct_credits where influencer_id is null group by 1, 2"
    ) == [("o3", "20.00", 8)]


def test_the_return_of_each_influencer_under_two_models(rows):
    assert rows(
        "select model, influencer_id, orders, new_customer_orders, gross_revenue, net_revenue, cost_total, profit, "
        "assisted_orders, status from fct_influencer_roi where model in ('policy', 'time_decay') order by 1, 2"
    ) == [
        ("policy", "ana", 2.0, 1.0, "130.00", "90.00", "31.69", "58.31", 0, "provisional"),
        ("policy", "ben", 1.0, 0.0, "55.00", "55.00", "28.34", "26.66", 1, "settled"),
        ("policy", "cora", 0.0, 0.0, "0.00", "0.00", "728.33", "-728.33", 0, "settled"),
        ("policy", "dan", 0.0, 0.0, "0.00", "0.00", "28.33", "-28.33", 0, "settled"),
        ("time_decay", "ana", 1.75, 0.75, "105.00", "67.50", "31.69", "35.81", 0, "provisional"),
        ("time_decay", "ben", 1.25, 0.25, "80.00", "77.50", "28.34", "49.16", 1, "settled"),
        ("time_decay", "cora", 0.0, 0.0, "0.00", "0.00", "728.33", "-728.33", 0, "settled"),
        ("time_decay", "dan", 0.0, 0.0, "0.00", "0.00", "28.33", "-28.33", 0, "settled"),
    ]


def test_who_cost_and_sold_nothing_is_at_minus_100_in_every_model(rows):
    assert rows("select distinct roi_pct, roas, cpa, aov from fct_influencer_roi where influencer_id = 'cora'") == [
        (-100.0, 0.0, None, None)
    ]
    assert rows("select count(*) from fct_influencer_roi where influencer_id = 'cora'") == [(8,)]


def test_reach_and_clicks_stand_beside_the_money(rows):
    assert rows(
        "select influencer_id, clicks, valid_clicks, impressions, reach, views, engagements, emv, tier, followers, "
        "round(engagement_rate, 6), engagement_rate_by_views, conversion_rate, ctr "
        "from fct_influencer_roi where model = 'policy' order by 1"
    ) == [
        ("ana", 0, 0, 1000, 800, 500, 20, "22.00", "mid", 200_000, 0.0001, 0.04, None, 0.0),
        ("ben", 3, 2, None, None, None, 0, "0.00", "nano", 4000, 0.0, None, 0.5, None),
        ("cora", 0, 0, None, None, None, 0, "0.00", "macro", None, None, None, None, None),
        ("dan", 0, 0, None, None, None, 0, "0.00", None, None, None, None, None, None),
    ]


def test_a_period_is_split_by_day_in_the_rates_of_its_days(rows):
    assert rows(
        "select day, cost_agency, cost_product, net_revenue from fct_influencer_day "
        "where influencer_id = 'ana' and model = 'policy' and (cost_total > 0 or orders > 0) order by 1"
    ) == [
        (date(2026, 3, 1), "9.17", "0.00", "0.00"),
        (date(2026, 3, 2), "9.17", "3.35", "90.00"),
        (date(2026, 3, 3), "10.00", "0.00", "0.00"),
        (date(2026, 3, 9), "0.00", "0.00", "0.00"),
    ]


def test_a_campaign_bears_the_costs_that_nobody_shares(rows):
    assert rows(
        "select campaign_id, orders, net_revenue, cost_agency, cost_platform, cost_total, roi_pct = -100, "
        "assisted_orders from fct_campaign_roi where model = 'linear' order by 1"
    ) == [
        ("bare", 0.0, "0.00", "0.00", "10.00", "10.00", True, 0),
        ("spring", 3.0, "145.00", "113.34", "0.00", "816.69", False, 0),
    ]


def test_the_columns_of_a_return_begin_as_the_contract_lists_them(rows):
    listed = LISTED.split()
    of_influencer = [name for name, *_ in rows("describe fct_influencer_roi")]
    assert of_influencer[: len(listed)] == listed
    of_campaign = [name for name, *_ in rows("describe fct_campaign_roi")]
    shared = [name for name in listed if name not in ("influencer_id", "tier", "platform")]
    assert of_campaign[: len(shared)] == shared


def test_the_data_tests_hold_on_a_sound_build(built):
    assert data_tests(built) == []


def test_a_missing_rate_is_named_and_leaves_the_return_unknown(tmp_path):
    build_world(tmp_path, {"fx_rates": REFERENCE_ROWS["fx_rates"][:2]})
    (finding,) = data_tests(tmp_path)
    assert (finding.expectation, finding.severity, finding.broken) == ("costs_have_a_rate", "block", 1)
    assert finding.rows[0] == {
        "cost_id": "k4",
        "currency": "JPY",
        "first_day": "2026-03-02",
        "last_day": "2026-03-02",
    }
    with duckdb.connect(str(tmp_path / "warehouse" / "build.duckdb"), read_only=True) as connection:
        unknown = connection.execute(
            "select influencer_id from fct_influencer_roi where model = 'policy' and profit is null"
        ).fetchall()
    assert unknown == [("ana",)]


@pytest.fixture
def copied(built, tmp_path):
    """A copy to spoil; its views still read the lake of the original."""
    return shutil.copytree(built, tmp_path / "copy")


def test_a_tampered_mart_fails_with_its_rows(copied):
    with open_to_damage(copied / "warehouse" / "build.duckdb") as connection:
        connection.execute("update intermediate.int_posts set influencer_id = 'stranger' where post_id = 'p2'")
        connection.execute("update fct_credits set net_revenue = 89 where order_id = 'o1' and model = 'policy'")
        connection.execute("update fct_orders set currency = null, status = null where order_id = 'o2'")
    found = {finding.expectation: finding for finding in data_tests(copied)}
    assert found["every_model_credits_every_order"].rows[0]["order_id"] == "o1"
    assert any(name.startswith("sums_to_fct_credits_net_revenue") for name in found)
    [incomplete] = [one.rows for name, one in found.items() if name.startswith("grain_fct_orders")]
    assert [(row["order_id"], row["null_columns"]) for row in incomplete] == [("o2", "currency, status")]
    stranger = found["posts_are_of_known_influencers_and_campaigns"]
    assert (stranger.severity, stranger.rows) == (
        "warn",
        ({"post_id": "p2", "influencer_id": "stranger", "campaign_id": None},),
    )


def test_a_failed_build_names_the_model_and_keeps_the_old_file(copied):
    file = copied / "warehouse" / "build.duckdb"
    before = file.read_bytes()
    tables = reference_tables(REFERENCE_ROWS)
    broken = tables | {"influencers": tables["influencers"].drop_columns(["handle"])}
    with pytest.raises(CheckFailed, match=r'dbt could not run stg_influencers: [^;]*"handle"'):
        build(copied, broken, resolved_clicks([]), SETTINGS, BUILT_AT)
    assert file.read_bytes() == before


def test_a_warehouse_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "warehouse").write_text("a file where a folder belongs")
    with pytest.raises(LakeUnavailable, match=r"warehouse cannot be built: .*run `codetrail build` again"):
        build(tmp_path, reference_tables({}), resolved_clicks([]), SETTINGS, BUILT_AT)


def test_a_table_whose_log_is_damaged_is_named(tmp_path):
    log = tmp_path / "lake" / "clicks" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("no JSON\n")
    with pytest.raises(LakeUnavailable, match="clicks cannot be read"):
        build(tmp_path, reference_tables({}), resolved_clicks([]), SETTINGS, BUILT_AT)


def test_a_reporting_currency_that_is_none_is_refused():
    with pytest.raises(BadInput, match="'XYZ' is no ISO 4217 currency"):
        BuildSettings("XYZ", lateness_days=7)


def test_without_a_build_there_is_nothing_to_test(tmp_path):
    with pytest.raises(BadInput, match="run `codetrail build` first"):
        data_tests(tmp_path)
