"""A world follows the contract where it means to, and is the same for the same seed."""

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from time import process_time

import jsonschema_rs
import pytest

from pipelines.failures import BadInput, Reason
from pipelines.records import EVENTS
from pipelines.rules.decoding import MessageDecoder, Rejection
from pipelines.rules.privacy import Pseudonyms, redact_text
from pipelines.schema_store import event_schema
from pipelines.simulate.malformed import ANY_TOPIC, ORDERS_ONLY
from pipelines.simulate.world import simulate

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
TOPICS = ("clicks", "redemptions", "orders", "post_metrics")  # that a simulated shop sends to
FAULTS_OF_THE_WORLD = (
    *("repeated", "altered", "out_of_order", "late", "skewed_clock", "bot_click", "refund_wave", "leaked_code"),
    *("mistyped_code", "foreign_refund", "silent_influencer", "address_as_id", "address_in_survey"),
)


def lines_of(workspace, topic):
    return (workspace / "topics" / f"{topic}.ndjson").read_bytes().splitlines()


def messages_of(workspace, topic):
    return [json.loads(line) for line in lines_of(workspace, topic)]


def rows_of(workspace, table):
    with (workspace / "reference" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(workspace):
    return {str(p.relative_to(workspace)): p.read_bytes() for p in sorted(workspace.rglob("*")) if p.is_file()}


def decoder(event):
    schema = event_schema(event)
    pseudonyms = Pseudonyms(b"sixteen bytes or")
    return MessageDecoder(schema, jsonschema_rs.validator_for(schema).iter_errors, pseudonyms.redact_id, redact_text)


@pytest.mark.parametrize("profile", ["none", "mild", "hostile"])
def test_the_same_arguments_make_the_same_bytes(tmp_path, profile):
    for name in ("once", "again"):
        simulate(tmp_path / name, seed=3, orders=150, faults=profile, until=UNTIL)
    once = contents(tmp_path / "once")
    assert len(once) == 4 + 12 + 1
    assert once == contents(tmp_path / "again")


def test_another_seed_makes_another_world(tmp_path):
    for seed in (3, 4):
        simulate(tmp_path / str(seed), seed=seed, orders=150, faults="none", until=UNTIL)
    one, other = contents(tmp_path / "3"), contents(tmp_path / "4")
    assert one.keys() == other.keys()
    unchanged = {name for name in one if one[name] == other[name]}
    assert unchanged <= {"reference/campaigns.csv", "reference/commission_plans.csv"}


@pytest.mark.parametrize("topic", TOPICS)
def test_every_line_without_faults_follows_its_schema(worlds, topic):
    workspace, simulated = worlds["none"]
    messages = messages_of(workspace, topic)
    validator = jsonschema_rs.validator_for(event_schema(EVENTS[topic]))
    assert len(messages) == simulated.messages[topic] > 0
    assert [message for message in messages if not validator.is_valid(message)] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_without_faults_nothing_is_rejected_and_time_goes_on(worlds, topic):
    decode = decoder(EVENTS[topic]).decode
    rows = [decode(line).columns for line in lines_of(worlds["none"][0], topic)]
    instants = [row["occurred_at"] for row in rows]
    assert instants == sorted(instants)
    assert len({row["event_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("profile", ["mild", "hostile"])
def test_each_broken_message_is_rejected_for_the_reason_it_was_made_for(worlds, profile):
    workspace, simulated = worlds[profile]
    rejected: Counter[str] = Counter()
    for topic in TOPICS:
        decode = decoder(EVENTS[topic]).decode
        for line in lines_of(workspace, topic):
            try:
                decode(line)
            except Rejection as rejection:
                rejected[rejection.reason.value] += 1
    assert rejected == {kind: n for kind, n in simulated.faults.items() if kind in list(Reason)}


@pytest.mark.parametrize("kind", [*FAULTS_OF_THE_WORLD, *(reason.value for reason in Reason)])
def test_a_hostile_world_has_every_fault(worlds, kind):
    assert worlds["hostile"][1].faults[kind] > 0


def test_a_world_without_faults_only_has_what_life_brings(worlds):
    assert worlds["none"][1].faults.keys() == {"leaked_code", "silent_influencer"}


def test_moulds_cover_every_reason_there_is():
    assert {*ANY_TOPIC, *ORDERS_ONLY, Reason.TOO_LARGE} == set(Reason)


def test_late_clicks_arrive_after_their_orders(worlds):
    """Clicks of January stand behind those of the world's last days."""
    months = [message["occurred_at"][:7] for message in messages_if_valid(worlds["hostile"][0], "clicks")]
    assert set(months[-20:]) >= {"2026-01", "2026-03"}
    assert set(months[-400:-350]) == {"2026-03"}


def messages_if_valid(workspace, topic):
    for line in lines_of(workspace, topic):
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if (
            isinstance(message, dict)
            and isinstance(message.get("event_id"), str)
            and "broken" not in message["event_id"]
        ):
            yield message


def test_every_order_is_in_the_truth_once(worlds):
    workspace, simulated = worlds["none"]
    with (workspace / "truth" / "credits.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    placed = [m["order_id"] for m in messages_of(workspace, "orders") if m["kind"] == "placed"]
    assert sorted(row["order_id"] for row in truth) == sorted(placed)
    assert len(placed) == simulated.orders == 1200
    influencers = {row["influencer_id"] for row in rows_of(workspace, "influencers")}
    brought_by = {row["influencer_id"] for row in truth}
    assert brought_by - {""} < influencers
    assert "" in brought_by


def test_orders_change_in_every_way(worlds):
    messages = messages_of(worlds["none"][0], "orders")
    assert {message["kind"] for message in messages} == {"placed", "amended", "cancelled", "refunded"}
    assert {"USD", "EUR", "JPY", "KWD"} <= {message["currency"] for message in messages if "currency" in message}
    assert any("customer_id" not in message for message in messages)
    assert any("visitor_id" not in message for message in messages if message["kind"] == "placed")


def test_about_ten_clicks_an_order(worlds):
    _, simulated = worlds["none"]
    assert 8 <= simulated.messages["clicks"] / simulated.orders <= 12


def test_the_smallest_world_works(tmp_path):
    assert simulate(tmp_path, seed=0, orders=1, faults="hostile", until=UNTIL).orders == 1


@pytest.mark.parametrize("taken", ["topics", "reference", "truth"])
def test_what_is_there_is_not_overwritten(tmp_path, taken):
    (tmp_path / taken).mkdir()
    with pytest.raises(BadInput, match=f"{taken} exists already: .* new folder"):
        simulate(tmp_path, seed=1, orders=10, faults="none", until=UNTIL)
    assert [p.name for p in tmp_path.iterdir()] == [taken]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"orders": 0}, "orders 0 make no world", id="no orders"),
        pytest.param({"seed": -1}, "seed -1", id="a seed below zero"),
        pytest.param({"until": UNTIL.replace(tzinfo=None)}, "has no time zone", id="an end without a time zone"),
    ],
)
def test_arguments_that_make_no_world_are_refused(tmp_path, arguments, says):
    with pytest.raises(BadInput, match=says):
        simulate(tmp_path / "w", **{"seed": 1, "orders": 10, "faults": "none", "until": UNTIL} | arguments)
    assert not (tmp_path / "w").exists()


@pytest.mark.slow
def test_a_hundred_thousand_events_take_two_seconds_of_cpu_at_most(tmp_path):
    before = process_time()
    simulated = simulate(tmp_path, seed=5, orders=8_000, faults="hostile", until=UNTIL)
    assert process_time() - before < 2
    assert sum(simulated.messages.values()) >= 100_000
