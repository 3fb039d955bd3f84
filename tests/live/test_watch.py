"""Watch: a page's numbers are those of the marts, follow the lake, and are the same however they came about."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest

from pipelines.live.watched import OrderQuery
from pipelines.rules.models import MODELS
from pipelines.warehouse.versions import current_version

SIMILAR = {"number": 0, "taken_at": None, "workspace": ""}

RETURNS = """
select
    influencer_id, campaign_id, orders, gross_revenue, net_revenue, provisional_orders, provisional_net_revenue,
    clicks, valid_clicks, engagements, emv, conversion_rate
from read_parquet($folder || '/fct_influencer_roi.parquet')
where model = $model and (orders > 0 or clicks > 0)
"""
CAMPAIGNS = """
select campaign_id, orders, net_revenue, gross_revenue from read_parquet($folder || '/fct_campaign_roi.parquet')
where model = 'policy' and campaign_id is not null and orders > 0
"""


def of_marts(root, query, **given):
    folder, _ = current_version(root)
    with duckdb.connect() as marts:
        return marts.execute(query, given | {"folder": str(folder)}).fetchall()


def content(snapshot):
    """A snapshot without when and which it is."""
    return replace(snapshot, **SIMILAR)


@pytest.fixture
def demo_watch(demo, watching):
    return watching(demo.root)


@pytest.mark.parametrize("model", MODELS)
def test_influencers_are_those_of_the_marts(demo, demo_watch, model):
    views = {view.campaign_id: view for view in demo_watch.snapshot.campaigns}
    rows = of_marts(demo.root, RETURNS, model=model)
    assert len(rows) > 20
    for influencer, campaign, *expected in rows:
        [row] = [row for row in views[campaign].influencers[model] if row.influencer_id == influencer]
        shown = [row.orders, row.gross_revenue, row.net_revenue, row.provisional_orders, row.provisional_net_revenue]
        shown += [row.clicks, row.valid_clicks, row.engagements, row.emv, row.conversion_rate]
        assert shown == pytest.approx(expected)


def test_campaigns_and_all_orders_are_those_of_the_marts(demo, demo_watch):
    everything, *campaigns = demo_watch.snapshot.campaigns
    shown = {view.campaign_id: view.headline for view in campaigns}
    for campaign, orders, net, gross in of_marts(demo.root, CAMPAIGNS):
        headline = shown[campaign]
        assert (headline.orders, headline.net_revenue, headline.gross_revenue) == (orders, net, gross)
    counted = "select count(*), sum(net_revenue), count(*) filter (where status = 'provisional') "
    [(orders, net, provisional)] = of_marts(demo.root, counted + "from read_parquet($folder || '/fct_orders.parquet')")
    whole = everything.headline
    assert (whole.orders, whole.net_revenue, whole.provisional_orders) == (orders, net, provisional)
    parts = sum(view.headline.orders for view in campaigns)
    assert parts + whole.unattributed_orders == orders


def test_what_every_model_credits_and_leaves_adds_up_to_all_orders(demo_watch):
    sums = demo_watch.snapshot.honesty.sums
    assert set(sums) == set(MODELS)
    assert {model: one.adds_up for model, one in sums.items()} == dict.fromkeys(MODELS, True)
    assert {one.total for one in sums.values()} == {demo_watch.snapshot.campaigns[0].headline.net_revenue}
    assert all(one.credited > 0 and one.unattributed > 0 for one in sums.values())


def test_all_campaigns_show_each_influencer_once_with_the_sum(demo_watch):
    everything, *campaigns = demo_watch.snapshot.campaigns
    for model in MODELS:
        shown = {row.influencer_id: row for row in everything.influencers[model]}
        assert len(shown) == len(everything.influencers[model])
        parts = [row for view in campaigns for row in view.influencers[model]]
        for influencer, row in shown.items():
            mine = [part for part in parts if part.influencer_id == influencer]
            assert row.net_revenue == sum((part.net_revenue for part in mine), Decimal(0))
            assert row.orders == pytest.approx(sum(part.orders for part in mine))
            assert row.clicks == sum(part.clicks for part in mine)


def test_the_course_holds_what_the_list_of_orders_holds(demo_watch):
    for view in demo_watch.snapshot.campaigns[:3]:
        days = view.course.days
        since, until = days[3].at, days[-1].at
        query = OrderQuery(campaign_id=view.campaign_id, since=since, until=until, limit=10_000)
        listed = demo_watch.orders(query)
        assert sum(day.orders for day in days[3:-1]) == listed.total == len(listed.rows)
        assert sum(day.net_revenue for day in days[3:-1]) == sum(
            row.credited or row.net_reporting for row in listed.rows
        )


def test_the_orders_behind_an_influencer_sum_to_the_row(demo_watch):
    view = demo_watch.snapshot.campaigns[1]
    for model in ("policy", "linear"):
        row = view.influencers[model][0]
        listed = demo_watch.orders(OrderQuery(view.campaign_id, row.influencer_id, model, limit=10_000))
        assert sum(order.credited for order in listed.rows) == row.net_revenue
        provisional = demo_watch.orders(
            OrderQuery(view.campaign_id, row.influencer_id, model, status="provisional", limit=10_000)
        )
        assert sum(order.credited for order in provisional.rows) == row.provisional_net_revenue


def test_what_nobody_earned_is_listed(demo_watch):
    headline = demo_watch.snapshot.campaigns[0].headline
    nobodys = demo_watch.orders(OrderQuery(only="unattributed", limit=10_000))
    assert nobodys.total == headline.unattributed_orders
    assert sum(row.net_reporting for row in nobodys.rows) == headline.unattributed_net_revenue
    assert {row.winner for row in nobodys.rows} == {None}


def test_a_list_is_counted_whole_on_each_of_its_pages_and_behind_the_last(demo_watch):
    whole = demo_watch.orders(OrderQuery(limit=10_000))
    pages = [
        demo_watch.orders(OrderQuery(limit=1_000, offset=offset)) for offset in range(0, whole.total + 1_000, 1_000)
    ]
    assert {page.total for page in pages} == {whole.total}
    assert [row for page in pages for row in page.rows] == list(whole.rows)
    assert pages[-1].rows == ()


def test_lists_that_are_asked_for_meanwhile_disturb_no_snapshot(demo_watch, clock):
    expected = demo_watch.orders(OrderQuery(limit=50))
    with ThreadPoolExecutor(3) as askers:
        asked = [askers.submit(demo_watch.orders, OrderQuery(limit=50)) for _ in range(60)]
        for _ in range(8):
            clock.pass_by(seconds=6)
            before = content(demo_watch.snapshot)
            demo_watch.look()
            assert content(demo_watch.snapshot) == before
            assert demo_watch.problem is None
    assert all(one.result() == expected for one in asked)


def cut(root, share):
    """Leaves the first lines of each topic file in place, and gives what puts the rest back."""
    whole = {path: path.read_bytes() for path in (root / "topics").rglob("*.ndjson")}
    for path, text in whole.items():
        lines = text.splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: int(share * len(lines))]))
    return lambda: [path.write_bytes(text) for path, text in whole.items()]


def look_later(watch, clock):
    """Looks until what costs more, and is counted less often and by turns, is counted anew."""
    clock.pass_by(seconds=5)
    for _ in range(4):  # one that counts what is new, then a part in each
        watch.look()


def test_a_growing_lake_is_followed_to_the_same_numbers(inputs, codetrail_here, watching, clock):
    put_back = cut(inputs, 0.4)
    assert codetrail_here("--workspace", inputs, "run").code == 0
    watch = watching(inputs)
    first = watch.snapshot
    watch.look()
    assert watch.snapshot is first
    put_back()
    assert codetrail_here("--workspace", inputs, "run").code == 0
    look_later(watch, clock)
    assert watch.snapshot.number > first.number
    assert watch.snapshot.campaigns[0].headline.orders > first.campaigns[0].headline.orders
    assert content(watch.snapshot) == content(watching(inputs).snapshot)


def test_a_compaction_changes_nothing(inputs, codetrail_here, watching, clock):
    put_back = cut(inputs, 0.5)
    codetrail_here("--workspace", inputs, "run")
    watch = watching(inputs)
    put_back()
    codetrail_here("--workspace", inputs, "run")
    assert codetrail_here("--workspace", inputs, "compact").code == 0
    look_later(watch, clock)
    assert content(watch.snapshot) == content(watching(inputs).snapshot)
    before = watch.snapshot
    clock.pass_by(minutes=6)  # equal counts are put together
    watch.look()
    assert content(watch.snapshot) == content(before)


def test_a_lake_that_is_made_anew_is_counted_anew(inputs, codetrail_here, watching):
    codetrail_here("--workspace", inputs, "run")
    watch = watching(inputs)
    cut(inputs, 0.3)
    shutil.rmtree(inputs / "lake")
    codetrail_here("--workspace", inputs, "run")
    watch.look()
    assert content(watch.snapshot) == content(watching(inputs).snapshot)


def test_other_reference_data_are_seen_and_broken_ones_told(inputs, codetrail_here, watching, clock):
    codetrail_here("--workspace", inputs, "run")
    watch = watching(inputs)
    campaigns = inputs / "reference" / "campaigns.csv"
    text = campaigns.read_text(encoding="utf-8")
    name = watch.snapshot.campaigns[1].name
    campaigns.write_text(text.replace(name, "Another name"), encoding="utf-8")
    look_later(watch, clock)
    assert watch.snapshot.campaigns[1].name == "Another name"
    campaigns.write_text(text.replace(name, ""), encoding="utf-8")
    look_later(watch, clock)
    assert "campaigns.csv" in watch.problem
    assert watch.snapshot.campaigns[1].name == "Another name"


def test_a_workspace_without_a_lake_shows_nothing_yet(inputs, watching, clock):
    snapshot = watching(inputs).snapshot
    assert snapshot.campaigns[0].headline.orders == 0
    assert snapshot.honesty.as_of is None
    assert snapshot.honesty.watermark is None
    assert watching(inputs).stream(clock()).state == "none"


def test_who_waits_is_woken_by_another_snapshot(inputs, codetrail_here, watching):
    watch = watching(inputs)
    codetrail_here("--workspace", inputs, "run")

    async def wait():
        waiting = asyncio.ensure_future(watch.changed(watch.snapshot.number))
        await asyncio.sleep(0)
        assert not waiting.done()
        await asyncio.to_thread(watch.look)
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(wait()).campaigns[0].headline.orders > 0


def test_each_snapshot_s_signals_are_told(inputs, codetrail_here, watching):
    told = []
    watch = watching(inputs, tell=told.append)
    codetrail_here("--workspace", inputs, "run")
    watch.look()
    assert told == [watch.snapshot]
