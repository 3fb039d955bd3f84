"""Every kind of damage is caught by the expectation that is there for it, with the keys of the rows."""

import shutil
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from pipelines.failures import BadInput, CheckFailed
from pipelines.stores.tables import LANDING
from pipelines.warehouse.check import check
from pipelines.warehouse.data_tests import read_data_tests
from pipelines.warehouse.dbt_runner import scratch_of
from pipelines.warehouse.findings import Finding, read_result
from pipelines.warehouse.publish import publish
from pipelines.warehouse.suites import expectations_dir, load_suites
from tests.warehouse.broken import open_to_damage

NOW = datetime(2026, 3, 11, tzinfo=UTC)
LAKE_TABLES = (*LANDING, "rejected_events", "order_attributions")
SUITES = load_suites(expectations_dir())


def no_dbt(root):
    """Leaves dbt's own tests out, which run for seconds and are tested elsewhere."""
    return []


def just(table):
    """The suites of one table alone: the whole round takes many seconds, and is made by other tests."""
    return lambda *_: [suite for suite in SUITES if suite.table == table]


def damage(build, *statements):
    """Changes a build; the lake's views over Parquet files become tables first."""
    with open_to_damage(build) as connection:
        for table in LAKE_TABLES:
            connection.execute(f"create table lake.copied as from lake.{table}")
            connection.execute(
                f"drop view if exists lake.{table}" if view(connection, table) else f"drop table lake.{table}"
            )
            connection.execute(f"alter table lake.copied rename to {table}")
        for statement in statements:
            connection.execute(statement)


def view(connection, table):
    known = "select 1 from duckdb_views() where schema_name = 'lake' and view_name = ?"
    return connection.execute(known, [table]).fetchone() is not None


def credits_with(change):
    """The credits of o1 with `change` made to the second credit of the model linear."""
    return (
        "update lake.order_attributions set credits = list_transform(credits, lambda c: "
        f"if(c.model = 'linear' and c.claim_id = 'r1', {change}, c)) where order_id = 'o1'"
    )


DAMAGES = {
    "a click that is stored twice": (
        'insert into lake.clicks from lake.clicks where "offset" = 0',
        ("clicks", "a message is stored once", {"topic": "clicks", "partition": 0, "offset": 0}),
    ),
    "a click before 2000": (
        "update lake.clicks set occurred_at = '1970-01-01 00:00:00+00', day = '1970-01-01' where \"offset\" = 90",
        ("clicks", "events happened between 2000 and 2100", {"offset": 90}),
    ),
    "a negative discount": (
        "update lake.orders set discount_minor = -1 where order_id = 'o2'",
        ("orders", "amounts are never negative", {"topic": "orders", "offset": 200}),
    ),
    "a placed order without currency": (
        "update lake.orders set currency = null where order_id = 'o3'",
        ("orders", "placed and amended events have amounts", {"offset": 400}),
    ),
    "a redemption of no order": (
        "update lake.redemptions set order_id = null",
        ("redemptions", "every redemption names its order", {"topic": "redemptions", "offset": 0}),
    ),
    "a running total below zero": (
        "update lake.post_metrics set likes = -3",
        ("post_metrics", "running totals are never negative", {"topic": "post_metrics", "offset": 0}),
    ),
    "a message that is stored and rejected": (
        """insert into lake.rejected_events
        select topic, partition, "offset", ingested_at, 'x'::blob, 'decode', 'bad_json', 'x' from lake.orders
        where order_id = 'o1'""",
        ("rejected_events", "a message is stored or rejected, never both", {"topic": "orders", "offset": 0}),
    ),
    "a reject of an unknown reason": (
        """insert into lake.rejected_events
        select topic, partition, 7, ingested_at, 'x'::blob, 'decode', 'bad_mood', 'x' from lake.clicks limit 1""",
        ("rejected_events", "rejects have a known reason", {"topic": "clicks", "offset": 7}),
    ),
    "a credit off by a minor unit in the lake": (
        credits_with("struct_update(c, amount_minor := c.amount_minor + 1)"),
        ("order_attributions", "credits sum to the order's net", {"order_id": "o1", "model": "linear"}),
    ),
    "a wrong weight in the lake": (
        credits_with("struct_update(c, weight := c.weight + 0.000001)"),
        ("order_attributions", "weights of an order sum to one", {"order_id": "o1", "model": "linear"}),
    ),
    "a winner whose claim is void": (
        """update lake.order_attributions set claims = [struct_update(c, valid := false) for c in claims]
        where order_id = 'o2'""",
        ("order_attributions", "the winner has a valid claim that won", {"order_id": "o2", "revision_key": 1}),
    ),
    "an order without a rate in the lake": (
        "update lake.order_attributions set net_reporting_minor = null where order_id = 'o3'",
        (
            "order_attributions",
            "every order has an exchange rate",
            {"order_id": "o3", "currency": "USD", "day": "2026-03-10"},
        ),
    ),
    "two winners": (
        "update fct_claims set reason = 'won' where order_id = 'o1'",
        ("fct_claims", "an order has at most one winner", {"order_id": "o1"}),
    ),
    "a claim with a reason that nobody knows": (
        "update fct_claims set reason = 'because' where order_id = 'o2'",
        ("fct_claims", "claims have a known reason", {"order_id": "o2", "claim_id": "v2-click"}),
    ),
    "a credit off by a cent": (
        "update fct_credits set net_revenue = net_revenue + 0.01 where order_id = 'o2' and model = 'first'",
        ("fct_credits", "credits sum to the net in the reporting currency", {"order_id": "o2", "model": "first"}),
    ),
    "a model that forgets an order": (
        "delete from fct_credits where order_id = 'o3' and model = 'last'",
        ("fct_credits", "each model covers every order", {"model": "last"}),
    ),
    "an order without a rate": (
        "update fct_orders set net_revenue = null where order_id = 'o3'",
        (
            "fct_orders",
            "every order has an exchange rate",
            {"order_id": "o3", "currency": "USD", "day": "2026-03-10"},
        ),
    ),
    "a negative net": (
        "update fct_orders set net_minor = -5 where order_id = 'o1'",
        ("fct_orders", "net is never negative", {"order_id": "o1", "net_minor": -5}),
    ),
    "an order in a status of its own": (
        "update fct_orders set status = 'done' where order_id = 'o2'",
        ("fct_orders", "orders are provisional or settled", {"order_id": "o2", "status": "done"}),
    ),
    "a dropped influencer": (
        "delete from dim_influencer where influencer_id = 'cy'",
        ("dim_influencer", "every influencer of the reference data is shown", {"influencer_id": "cy"}),
    ),
    "an influencer with cost and without a row": (
        "delete from fct_influencer_roi where influencer_id = 'cy' and model = 'policy'",
        ("fct_influencer_roi", "every influencer of a campaign has a row", {"influencer_id": "cy"}),
    ),
    "an ROI off by a point": (
        "update fct_influencer_roi set roi_pct = roi_pct + 1 where influencer_id = 'ben' and model = 'linear'",
        ("fct_influencer_roi", "ROI is profit over cost", {"influencer_id": "ben", "model": "linear"}),
    ),
    "a CPA of 0 without an order": (
        "update fct_influencer_roi set cpa = 0 where influencer_id = 'cy' and model = 'first'",
        (
            "fct_influencer_roi",
            "a ratio is empty exactly where its base is 0",
            {"influencer_id": "cy", "model": "first"},
        ),
    ),
    "a cost that no category holds": (
        "update fct_campaign_roi set cost_total = cost_total + 1 where model = 'position'",
        ("fct_campaign_roi", "cost is the sum of its categories and commission", {"model": "position"}),
    ),
    "a day that is lost": (
        "delete from fct_influencer_day where influencer_id = 'ana' and model = 'last' and day = '2026-03-01'",
        ("fct_influencer_day", "days sum to the influencer's cost", {"influencer_id": "ana", "model": "last"}),
    ),
    "a code of a stranger": (
        "update dim_code set influencer_id = 'zoe'",
        ("dim_code", "every code belongs to a known influencer and campaign", {"code": "ana10"}),
    ),
}
WARNINGS = {
    "a repeat that says something else": (
        """insert into lake.clicks select * replace (500 as "offset", 'https://other.example' as url)
        from lake.clicks where "offset" = 90""",
        ("clicks", "repeats of an event say the same", {"event_id": "v2-click", "visitor_id": "v2"}),
    ),
    "many rejects of one topic": (
        """insert into lake.rejected_events
        select topic, partition, 900, ingested_at, 'x'::blob, 'decode', 'bad_json', 'x' from lake.redemptions""",
        ("rejected_events", "at most five per cent of a topic are rejected", {"topic": "redemptions", "rejected": 1}),
    ),
    "orders that are old news": (
        "update lake.orders set ingested_at = ingested_at + interval 9 days where order_id = 'o3'",
        ("orders", "the newest order is at most three days old", {"newest_order_at": "2026-03-10 12:00:00+00:00"}),
    ),
    "a net that its events do not give": (
        "update lake.orders set subtotal_minor = 4000 where order_id = 'o2'",
        ("fct_orders", "net is what the order's own events say", {"order_id": "o2"}),
    ),
}


@pytest.fixture(scope="module")
def damaged(small_workspace, tmp_path_factory):
    """A workspace with every damage at once, and what its check found."""
    root = tmp_path_factory.mktemp("damaged")
    (root / "warehouse").mkdir()
    build = shutil.copy(small_workspace / "warehouse" / "build.duckdb", root / "warehouse")
    damage(build, *(statement for statement, _ in (DAMAGES | WARNINGS).values()))
    return root, check(root, NOW, no_dbt)


def test_a_sound_build_passes(checked_workspace):
    sound = read_result(checked_workspace / "warehouse" / "check.json")
    assert sound.passed
    assert sound.failures == ()
    assert sound.warnings == ()


def test_the_verdict_is_written_and_read_back(damaged):
    root, result = damaged
    assert read_result(root / "warehouse" / "check.json") == result


def test_the_data_docs_show_every_batch(checked_workspace):
    page = (checked_workspace / "warehouse" / "data_docs" / "index.html").read_text(encoding="utf-8")
    names = [quote(f"validations/{suite.table}/{batch.name}/") for suite in SUITES for batch in suite.batches]
    assert [name for name in names if name not in page] == []


def test_the_data_docs_show_every_data_test_that_dbt_ran(checked_workspace):
    page = (checked_workspace / "warehouse" / "data_docs" / "index.html").read_text(encoding="utf-8")
    ran = read_data_tests(scratch_of(checked_workspace) / "target")
    assert len(ran) > 100
    assert [test for test in ran if not test.holds or test.name not in page] == []
    assert f"{len(ran)} of {len(ran)} hold" in page


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_blocks_and_names_the_rows(kind, damaged):
    assert_found(damaged[1].failures, DAMAGES[kind][1])


@pytest.mark.parametrize("kind", WARNINGS)
def test_doubt_warns_and_names_the_rows(kind, damaged):
    assert_found(damaged[1].warnings, WARNINGS[kind][1])


def assert_found(findings: tuple[Finding, ...], expected):
    table, expectation, keys = expected
    found = [finding for finding in findings if (finding.table, finding.expectation) == (table, expectation)]
    assert len(found) == 1, [finding.sentence() for finding in findings]
    assert any(keys.items() <= row.items() for row in found[0].rows), found[0].rows


def test_a_damaged_build_is_not_published(damaged):
    root, result = damaged
    with pytest.raises(CheckFailed, match=r"fct_|clicks: a message is stored once \(1 row: .*offset 0"):
        publish(root, NOW)
    assert not result.passed
    assert not (root / "published" / "current").exists()


def test_a_failing_dbt_test_blocks(workspace):
    broken = Finding(
        "fct_orders", "unique_fct_orders_order_id", "One row per order.", "block", 1, ({"order_id": "o1"},)
    )
    result = check(workspace, NOW, lambda root: [broken], just("fct_orders"))
    assert (result.passed, result.failures[0]) == (False, broken)


def test_more_broken_rows_than_a_batch_holds_are_counted_and_no_other_damage_is_hidden(workspace):
    many = """insert into lake.clicks
    select clicks.* replace (1000 + range * 2 + "offset" // 90 as "offset", null as visitor_id)
    from lake.clicks, range(3000)"""
    damage(workspace / "warehouse" / "build.duckdb", many, 'update lake.clicks set url = null where "offset" = 90')
    found = {finding.expectation: finding for finding in check(workspace, NOW, no_dbt, just("clicks")).failures}
    assert found["every click has a visitor"].broken == 6_000
    assert [row["offset"] for row in found["every click has its address"].rows] == [90]


def test_a_mart_that_nobody_checks_blocks(workspace):
    damage(workspace / "warehouse" / "build.duckdb", "create table fct_rumours as select 1 as rumour")
    found = [(one.table, one.expectation) for one in check(workspace, NOW, no_dbt, just("fct_orders")).failures]
    assert ("fct_rumours", "the mart has a suite") in found
    assert "fct_orders" not in {table for table, _ in found}


def test_a_missing_column_blocks(workspace):
    damage(workspace / "warehouse" / "build.duckdb", "alter table dim_influencer drop column tier")
    result = check(workspace, NOW, no_dbt, just("dim_influencer"))
    assert ("dim_influencer", "the table has the columns that its checks read") in {
        (finding.table, finding.expectation) for finding in result.failures
    }


def test_without_a_build_there_is_nothing_to_check(tmp_path):
    with pytest.raises(BadInput, match="run `codetrail build` first"):
        check(tmp_path, NOW, no_dbt)
