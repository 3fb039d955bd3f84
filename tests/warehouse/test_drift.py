"""What drifted since the last version warns, what cannot be blocks, and what grew as a shop grows is left in peace."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.failures import CheckFailed
from pipelines.warehouse.check import check, fingerprint_of, open_build, suites_for
from pipelines.warehouse.findings import CheckResult
from pipelines.warehouse.publish import publish
from pipelines.warehouse.versions import current_version
from tests.warehouse.broken import broken, open_to_damage

NOW = datetime(2026, 3, 11, tzinfo=UTC)
COPIES = 100
MANY = f"""insert into fct_orders
select fct_orders.* replace (
    order_id || '-' || range as order_id, ordered_at - to_minutes(cast(range as int)) as ordered_at,
    net_revenue + range as net_revenue)
from fct_orders, range({COPIES})"""
SETTLED = "update fct_orders set status = 'settled' where order_id like 'o1%'"

DRIFTS = {
    "a settled order vanishes": (["delete from fct_orders where order_id = 'o1'"], "drift: settled orders stay"),
    "a settled order is provisional again": (
        ["update fct_orders set status = 'provisional' where order_id = 'o1'"],
        "drift: settled orders stay settled",
    ),
    "settled money moves": (
        ["update fct_orders set net_revenue = net_revenue * 0.9 where status = 'settled'"],
        "drift: settled net revenue moves by at most five per cent",
    ),
    "an influencer takes over": (
        ["update fct_influencer_roi set net_revenue = net_revenue * 3 where influencer_id = 'ben'"],
        "drift: an influencer's share of net revenue moves by at most ten points",
    ),
    "new orders come in another unit": (
        [
            """insert into fct_orders select fct_orders.* replace (
            order_id || '-new' as order_id, ordered_at + interval 9 days as ordered_at,
            net_revenue * 100 as net_revenue, 'provisional' as status) from fct_orders"""
        ],
        "drift: new orders are worth what earlier ones were",
    ),
    "a join multiplies": (
        ["insert into fct_orders select f.* replace (order_id || range as order_id) from fct_orders f, range(2)"],
        "drift: a mart's rows neither halve nor double",
    ),
    "a mart is empty": (["delete from fct_claims"], "drift: a mart that had rows has some"),
    "a cost is mistyped": (
        ["update fct_influencer_roi set cost_fee = cost_fee * 10"],
        "drift: sums neither halve nor double",
    ),
    "a column is renamed": (
        ["alter table dim_campaign rename column name to title"],
        "drift: published columns keep name and type",
    ),
    "a column has another type": (
        ["alter table fct_orders alter net_minor type double"],
        "drift: published columns keep name and type",
    ),
    "the lake is older": (
        ["update lake.run_settings set built_at = built_at"],  # and the published version says that it knew more
        "drift: the build knows of every message that the published version knows of",
    ),
}


def approve(root):
    CheckResult(True, NOW, fingerprint_of(root / "warehouse" / "build.duckdb"), 1, 1, (), ()).write(
        root / "warehouse" / "check.json"
    )


def change(root, *statements):
    with open_to_damage(root / "warehouse" / "build.duckdb") as connection:
        for statement in statements:
            connection.execute(statement)


def of_drift(connection, root):
    return [suite for suite in suites_for(connection, root) if suite.table == "drift"]


def drifted(root, *severities):
    with open_build(root / "warehouse" / "build.duckdb", NOW) as connection:
        suites = of_drift(connection, root)
        assert suites
        return broken(connection, suites, *severities)


@pytest.fixture(scope="module")
def published(small_workspace, tmp_path_factory):
    """A workspace of some hundred orders, some of them settled, with a published version of its build."""
    root = tmp_path_factory.mktemp("drift")
    (root / "warehouse").mkdir()
    shutil.copy(small_workspace / "warehouse" / "build.duckdb", root / "warehouse")
    change(root, MANY, SETTLED)
    approve(root)
    publish(root, NOW)
    return root


@pytest.fixture
def shop(published, tmp_path):
    return shutil.copytree(published, tmp_path / "shop", symlinks=True)


def test_what_is_as_it_was_has_not_drifted(published):
    assert drifted(published) == {}


@pytest.mark.parametrize("kind", DRIFTS)
def test_drift_is_found_by_the_expectation_that_is_there_for_it(kind, shop):
    statements, expectation = DRIFTS[kind]
    if kind == "the lake is older":
        remember_more(shop)
    change(shop, *statements)
    assert expectation in drifted(shop)


def remember_more(root):
    import msgspec

    folder, version = current_version(root)
    later = replace(version, as_of=version.as_of + timedelta(days=1))
    (folder / "version.json").write_bytes(msgspec.json.encode(later))


def test_only_what_cannot_be_blocks(shop):
    for statements, _ in DRIFTS.values():
        if not any("delete from fct_orders" in statement for statement in statements):
            change(shop, *statements)
    assert drifted(shop, "block") == {}
    change(shop, *DRIFTS["a settled order vanishes"][0])
    assert drifted(shop, "block") == {"drift: settled orders stay": 1}


def test_growth_and_small_corrections_are_no_drift(shop):
    change(
        shop,
        """insert into fct_orders select fct_orders.* replace (
        order_id || '-new' as order_id, ordered_at + interval 9 days as ordered_at, 'provisional' as status)
        from fct_orders using sample reservoir(40 percent) repeatable (1)""",
        "update fct_orders set net_revenue = 0 where order_id = 'o1-7'",
        "update fct_influencer_roi set cost_fee = cost_fee * 1.2, net_revenue = net_revenue * 1.2",
    )
    assert drifted(shop) == {}


def test_of_few_orders_nothing_is_said_but_what_holds_for_one(small_workspace, tmp_path):
    (tmp_path / "warehouse").mkdir()
    shutil.copy(small_workspace / "warehouse" / "build.duckdb", tmp_path / "warehouse")
    change(tmp_path, SETTLED)
    approve(tmp_path)
    publish(tmp_path, NOW)
    change(tmp_path, "update fct_influencer_roi set cost_fee = cost_fee * 10", "delete from fct_claims")
    assert drifted(tmp_path) == {}
    change(tmp_path, "delete from fct_orders where order_id = 'o1'")
    assert drifted(tmp_path) == {"drift: settled orders stay": 1}


def test_a_build_that_lost_a_settled_order_is_not_published(shop):
    change(shop, "delete from fct_orders where order_id = 'o1'")
    result = check(shop, NOW, lambda root: [], of_drift)
    found = [finding for finding in result.failures if finding.expectation == "settled orders stay"]
    assert [row["order_id"] for finding in found for row in finding.rows] == ["o1"]
    with pytest.raises(CheckFailed, match="not published"):
        publish(shop, NOW)
    assert current_version(shop)[1].version == 1


def test_without_a_published_version_there_is_no_drift(small_workspace):
    with open_build(small_workspace / "warehouse" / "build.duckdb", NOW) as connection:
        tables = {suite.table for suite in suites_for(connection, small_workspace)}
    assert "drift" not in tables
    assert "run_settings" in tables
