"""Erase: nothing in any file names the person any more, and whoever looks at the money sees what was there before."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.failures import BadInput
from pipelines.jobs import erase as module
from pipelines.jobs.erase import erase, find_person
from pipelines.jobs.restate import restate
from pipelines.stages.revisions import digests
from pipelines.stores.heartbeat import Heartbeat, write_heartbeat
from pipelines.testing import CLOCK, assert_money_adds_up, current_attributions, drain, world_of, write_topic
from tests.jobs.planted import ANA, CUSTOMER, OTHER_WORDS, PERSON, VISITOR, click, order, places_of, plant

KNOWN = ("claims", "credits", "net_minor", "winner_claim_id", "winner_influencer_id", "flags", "is_new_customer")
MODES = ["none", "customers", "all"]


def world(root, **options):
    return world_of(root, now=CLOCK + timedelta(hours=1), **options)


def money(root):
    """Everything of the orders but whose they are."""
    rows = current_attributions(world(root).workspace.lake).select("order_id", *KNOWN).to_dicts()
    return {row.pop("order_id"): row for row in rows}


def rows(root, table, **where):
    return world(root).workspace.lake.read(table).filter(**where).to_dicts()


def test_until_somebody_asks_no_address_and_no_customer_is_in_the_lake(shop):
    assert places_of(shop, PERSON[2:3] + PERSON[-1:], but=("topics/",)) == set()
    in_clear = places_of(shop, (CUSTOMER, ANA), but=("topics/", "reference/"))
    # a rejected payload keeps its bytes, and an address names whom it names
    assert {place.split("/")[1] for place in in_clear} <= {"rejected_events", "clicks"}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_names_the_person_and_the_money_stays(planted, tmp_path, mode):
    root = tmp_path / "shop"
    plant(root)
    (root / "codetrail.toml").write_text(f'pseudonymise = "{mode}"\n')
    drain(root)
    before = money(root)
    assert before == money(planted)  # whatever is hashed
    held = {row["customer_id"] for row in rows(root, "orders", order_id="order-1") if row["customer_id"]}
    named = (*PERSON, *held, *(row["visitor_id"] for row in rows(root, "clicks", event_id="click-1")))
    assert (held == {CUSTOMER}) is (mode == "none")
    done = erase(world(root), CUSTOMER, OTHER_WORDS)
    assert places_of(root, named) == set()
    assert money(root) == before
    assert restate(world(root)).plan.revisions.height == 0
    assert drain(root, now=CLOCK + timedelta(hours=2)).counters.get("commit/out", 0) == 0
    assert money(root) == before
    assert_money_adds_up(world(root).workspace.lake)
    told = json.loads(done.receipt.read_text())
    assert told["rewritten"] == done.found
    assert told["ids"] == {"customer": 1, "visitor": 2}
    shutil.rmtree(root / "lake")
    drain(root)
    assert money(root) == before  # what is read anew out of the topic files


def test_a_self_purchase_stays_one(shop):
    before = money(shop)
    assert [c["reason"] for c in before["order-6"]["claims"] if c["influencer_id"] == "ana"] == ["self_purchase"]
    done = erase(world(shop), ANA)
    assert done.found["reference/influencers"] == 1
    assert places_of(shop, (ANA,)) == set()
    restate(world(shop))
    assert money(shop) == before


def test_without_consent_to_it_nothing_is_written(shop):
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    found = find_person(world(shop), CUSTOMER).found
    assert found["lake/orders"] == len(
        [
            r
            for r in rows(shop, "orders")
            if r["order_id"] in {"order-1", "order-2", "order-3"} and (r["customer_id"] or r["visitor_id"])
        ]
    )
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == before


def test_what_comes_later_of_an_erased_person_comes_without_them(shop):
    before = money(shop)
    erase(world(shop), CUSTOMER, OTHER_WORDS)
    write_topic(
        shop, "clicks", [click(9, VISITOR), click(10, "visit-new", customer_id=CUSTOMER), click(11, "visit-new")]
    )
    late = {"customer_id": CUSTOMER, "visitor_id": VISITOR, "survey_answer": "me again"}
    write_topic(shop, "orders", [order(1, "refunded", event_id="late", refund_amount="10.00", **late)])
    redeemed = {"event_id": "r9", "occurred_at": "2026-03-10T12:00:00Z", "order_id": "order-9", "code": "LINK"}
    write_topic(shop, "redemptions", [redeemed | late])
    assert drain(shop, now=CLOCK + timedelta(hours=2)).counters["decode/unconsented"] == 2
    assert {row["event_id"] for row in rows(shop, "clicks", visitor_id="visit-new")} == {"click-11"}
    assert [rows(shop, "orders", event_id="late")[0][name] for name in late] == [None] * 3
    assert rows(shop, "redemptions", event_id="r9")[0]["customer_id"] is None
    assert money(shop)["order-1"]["net_minor"] == before["order-1"]["net_minor"] - 1000
    assert money(shop)["order-1"]["winner_claim_id"] == before["order-1"]["winner_claim_id"]
    assert places_of(shop, (CUSTOMER, VISITOR), but=("topics/",)) == set()


@pytest.mark.parametrize("killed_at", ["rewrite", "replace_lines", "remember_erased"])
def test_killed_on_the_way_it_is_ended_by_the_same_command(shop, monkeypatch, killed_at):
    before, calls = money(shop), []
    real = getattr(module, killed_at)

    def killed(*arguments, **options):
        calls.append(1)
        if len(calls) == 3 or killed_at == "remember_erased":
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(module, killed_at, killed)
        with pytest.raises(KeyboardInterrupt):
            erase(world(shop), CUSTOMER, OTHER_WORDS)
    with pytest.raises(BadInput, match="was not finished"):
        drain(shop)
    with pytest.raises(BadInput, match="was not finished"):
        restate(world(shop))
    with pytest.raises(BadInput, match="end that one first"):
        erase(world(shop), "cust-other")
    erase(world(shop), CUSTOMER, OTHER_WORDS)
    assert places_of(shop, PERSON) == set()
    assert restate(world(shop)).plan.revisions.height == 0
    assert money(shop) == before
    drain(shop, now=CLOCK + timedelta(hours=2))


def test_digests_are_those_that_a_run_would_store(shop):
    erase(world(shop), CUSTOMER)
    stored = world(shop).workspace.lake.read("order_attributions")
    assert digests(stored).to_list() == stored["digest"].to_list()


def test_a_run_that_follows_is_to_stop_first(shop):
    lake = world(shop).workspace.lake
    now = CLOCK + timedelta(hours=1)
    write_heartbeat(lake.root, Heartbeat(9, 1, "host", "prism", now, now, "running"))
    with pytest.raises(BadInput, match="stop it, erase"):
        erase(world(shop), CUSTOMER)


def test_who_is_unknown_is_not_erased_and_who_was_is_told_of(shop):
    with pytest.raises(BadInput, match="names the customer 'cust-nobody'"):
        erase(world(shop), "cust-nobody")
    erase(world(shop), CUSTOMER, OTHER_WORDS)
    again = erase(world(shop), CUSTOMER)
    assert (again.found, again.receipt) == ({}, None)
    assert again.former == CLOCK + timedelta(hours=1)


def test_a_lake_that_is_older_than_hashed_ids_keeps_them_as_they_are(shop):
    (shop / "lake" / "_names.json").unlink()
    with pytest.raises(BadInput, match="before ids were hashed"):
        drain(shop)
    (shop / "codetrail.toml").write_text('pseudonymise = "none"\n')
    drain(shop)
    assert json.loads((shop / "lake" / "_names.json").read_text())["pseudonymise"] == "none"


def test_another_key_is_no_key(shop):
    with pytest.raises(BadInput, match="another hash key"):
        erase(replace(world(shop), hash_key=b"another key of sixteen bytes"), CUSTOMER)
    with pytest.raises(BadInput, match="another hash key"):
        restate(replace(world(shop), hash_key=b"another key of sixteen bytes"))
    with pytest.raises(BadInput, match="pseudonymise = 'customers', but it is now 'none'"):
        restate(world(shop, pseudonymise="none"))
