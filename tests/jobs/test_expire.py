"""Expire: what is older than its retention tells of nobody any more; what it earned, and for whom, stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from pipelines.columnar.expired import BLANK, RENAMED
from pipelines.failures import BadInput
from pipelines.jobs import expire as module
from pipelines.jobs.expire import Expired, expire
from pipelines.jobs.restate import restate
from pipelines.schema_store import lake_schema
from pipelines.stores.heartbeat import Heartbeat, write_heartbeat
from pipelines.stores.tables import LANDING, TABLES
from pipelines.testing import assert_money_adds_up, current_attributions, drain, world_of, write_topic
from tests.jobs.planted import VISITOR, click, order

KNOWN = ("claims", "credits", "net_minor", "winner_claim_id", "flags")
LATER = datetime(2027, 6, 1, 12, tzinfo=UTC)  # when clicks of the planted spring have had their 395 days
MUCH_LATER = datetime(2033, 6, 1, 12, tzinfo=UTC)  # and its orders their seven years
LOYAL = "visit-other2"  # is seen again


def time_passes(root, to):
    write_topic(root, "clicks", [click(90, LOYAL, event_id=f"late-{to}", occurred_at=f"{to:%Y-%m-%dT%H:%M:%SZ}")])
    for topic, event in (("orders", order(9, customer_id="cust-new")), ("redemptions", {"order_id": "o", "code": "X"})):
        sent = event | {"event_id": f"late-{to}", "occurred_at": f"{to:%Y-%m-%dT%H:%M:%SZ}", "order_id": f"of-{to}"}
        write_topic(root, topic, [sent])
    drain(root, now=to)


def expired(root, now):
    world, tokens = world_of(root, now=now), count()
    return expire(world.workspace.lake, world.settings, now, lambda: f"nonce {next(tokens)} of {now}")


def rows(root, table):
    return world_of(root).workspace.lake.read(table)


def money(root):
    attributed = current_attributions(world_of(root).workspace.lake)
    return {
        row.pop("order_id"): row
        for row in attributed.select("order_id", *KNOWN).to_dicts()
        if "of-" not in row["order_id"]
    }


def test_all_that_a_landing_table_tells_of_people_goes_one_day():
    told = {
        (table, column)
        for table in (*LANDING, "rejected_events", "order_attributions")
        for column, spec in lake_schema(table)["properties"].items()
        if spec["x-personal"]
    }
    blank = {(table, column) for table, columns in BLANK.items() for column in columns}
    renamed = {(table, column) for column, of in RENAMED.items() for table in of["stands_in"]}
    assert blank | renamed == told
    assert all(
        TABLES[table].field(column).nullable or value is not None
        for table, c in BLANK.items()
        for column, value in c.items()
    )


def test_before_its_time_nothing_goes(shop):
    assert expired(shop, LATER) == Expired()


def test_clicks_and_visitors_go_first_and_every_claim_stays(shop):
    before = money(shop)
    time_passes(shop, LATER)
    done = expired(shop, LATER)
    assert done.rows == {"clicks": 6, "rejected_events": 5}
    assert set(done.ids) == {"visitor_id"}
    old = rows(shop, "clicks").sort("occurred_at").head(6)
    assert old.select("url", "referrer", "user_agent", "customer_id").unique().rows() == [("", None, None, None)]
    names = {
        frame: set(rows(shop, frame)["visitor_id"].drop_nulls()) for frame in ("clicks", "orders", "order_attributions")
    }
    assert all({name for name in held if not name.startswith("past:")} == {LOYAL} for held in names.values())
    assert names["order_attributions"] <= names["clicks"]
    assert restate(world_of(shop, now=LATER)).plan.revisions.height == 0
    write_topic(shop, "orders", [order(1, "refunded", event_id="late refund", refund_amount="1.00")])
    drain(shop, now=LATER + timedelta(hours=1))
    after = money(shop)
    assert after["order-1"]["winner_claim_id"] == before["order-1"]["winner_claim_id"]
    assert {key: row for key, row in after.items() if key != "order-1"} == {
        k: r for k, r in before.items() if k != "order-1"
    }
    assert_money_adds_up(world_of(shop).workspace.lake)
    assert expired(shop, LATER + timedelta(hours=2)) == Expired()


def test_customers_go_after_seven_years(shop):
    before = money(shop)
    time_passes(shop, MUCH_LATER)
    done = expired(shop, MUCH_LATER)
    assert (done.rows["redemptions"], done.rows["orders"], done.ids["customer_id"]) == (1, 3, 3)
    held = rows(shop, "order_attributions")["customer_id"].drop_nulls().to_list()
    assert sum(name.startswith("past:") for name in held) == len(held) - 1
    assert money(shop) == before
    assert restate(world_of(shop, now=MUCH_LATER)).plan.revisions.height == 0


def test_no_window_is_so_long_that_an_open_order_loses_its_clicks(shop):
    (shop / "codetrail.toml").write_text("window_days = 30\nlateness_days = 3000\n")
    time_passes(shop, LATER)
    assert expired(shop, LATER) == Expired()


def test_beside_a_run_that_follows_the_ids_wait(shop):
    time_passes(shop, LATER)
    lake = world_of(shop).workspace.lake
    running = Heartbeat(9, 1, "host", "prism", LATER, LATER, "running")
    write_heartbeat(lake.root, running)
    assert (expired(shop, LATER).waits, VISITOR in set(rows(shop, "clicks")["visitor_id"])) == (True, True)
    write_heartbeat(lake.root, replace(running, state="ended"))
    done = expired(shop, LATER)
    assert (done.rows, set(done.ids), done.waits) == ({}, {"visitor_id"}, False)


@pytest.mark.parametrize("survived", [3, 4])
def test_killed_between_two_tables_it_is_ended_by_the_next(shop, monkeypatch, survived):
    before, calls, real = money(shop), count(), module.rewrite

    def killed(*arguments):
        if next(calls) == survived:
            raise KeyboardInterrupt
        return real(*arguments)

    time_passes(shop, LATER)
    with monkeypatch.context() as patched:
        patched.setattr(module, "rewrite", killed)
        with pytest.raises(KeyboardInterrupt):
            expired(shop, LATER)
    with pytest.raises(BadInput, match="codetrail compact"):
        drain(shop, now=LATER)
    expired(shop, LATER + timedelta(hours=1))
    assert money(shop) == before
    assert restate(world_of(shop, now=LATER)).plan.revisions.height == 0
