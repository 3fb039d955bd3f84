"""The drain: what the topic files hold and the lake does not; orders are attributed anew where something is new."""

import gzip
import json
import shutil

import pytest

from pipelines.failures import BadInput
from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING, TABLES
from pipelines.testing import HASH_KEY, assert_money_adds_up, current_attributions, drain, write_topic
from tests.jobs import golden, oracle


def lake_of(root):
    return Lake(root / "lake")


def revisions(root, order_id):
    """(revision_key, winner's claim, net) of an order, in order."""
    rows = lake_of(root).read("order_attributions").filter(order_id=order_id).sort("revision_key")
    return rows.select("revision_key", "winner_claim_id", "net_minor").rows()


def later(root, topic, **event):
    """Appends an event and runs again; the number of orders that are revised."""
    write_topic(root, topic, [event])
    return drain(root).counters.get("commit/out", 0)


@pytest.fixture
def tiny(golden_world):
    root = golden_world("tiny")
    drain(root)
    return root


@pytest.mark.parametrize("name", ["tiny", "real_excerpt"])
def test_a_golden_world_ends_as_worked_out(golden_world, name):
    root = golden_world(name)
    drain(root)
    assert golden.attributions(lake_of(root)) == golden.read(root / "expected.json", HASH_KEY)
    assert_money_adds_up(lake_of(root))


def test_the_tiny_world_has_every_reason_and_every_flag(golden_world):
    orders = golden.read(golden_world("tiny") / "expected.json", HASH_KEY)
    assert {claim["reason"] for order in orders for claim in order["claims"]} == {
        *("unknown_code", "ambiguous_link", "code_not_started", "code_expired", "link_not_valid"),
        *("code_compromised", "bot", "self_purchase", "won", "not_involved", "outranked"),
    }
    assert {flag for order in orders for flag in order["flags"]} == {
        *("over_refunded", "refund_mismatch", "amount_overflow"),
    }
    assert {order["policy"] for order in orders} == {"code_wins", "link_wins", "if_involved", "if_winner"}


def test_what_is_rejected_has_a_place_and_a_reason(tiny):
    rows = lake_of(tiny).read("rejected_events").sort("topic", "offset")
    assert rows.select("topic", "reason").rows() == [
        ("clicks", "bad_time"),
        ("clicks", "bad_json"),
        ("orders", "too_many_decimals"),
    ]
    for topic, offset, payload in rows.select("topic", "offset", "payload").rows():
        assert (tiny / "topics" / f"{topic}.ndjson").read_bytes()[offset:].startswith(payload)


def test_a_second_run_adds_no_row_anywhere(tiny):
    lake = lake_of(tiny)
    before = {table: (lake.rows(table), lake.open(table).version()) for table in TABLES}
    done = drain(tiny)
    after = {table: (lake.rows(table), lake.open(table).version()) for table in TABLES}
    takeover_and_end = {table: 2 if table == "order_attributions" else 1 for table in TABLES}
    assert after == {table: (rows, version + takeover_and_end[table]) for table, (rows, version) in before.items()}
    assert (done.epoch, done.counters) == (2, {})


@pytest.mark.parametrize(
    ("topic", "event", "order_id", "winner", "net"),
    [
        pytest.param(
            "clicks",
            {"event_id": "late", "occurred_at": "2026-03-10T09:59:00Z", "visitor_id": "s01", "url": "?utm_source=tt"},
            *("o01", "late", 10000),
            id="a late click",
        ),
        pytest.param(
            "redemptions",
            {"event_id": "late", "occurred_at": "2026-03-10T10:00:00Z", "order_id": "o01", "code": "ANA10"},
            *("o01", "late", 10000),
            id="a late redemption",
        ),
        pytest.param(
            "orders",
            {"event_id": "r", "occurred_at": "2026-03-30T10:00:00Z", "order_id": "o01", "kind": "refunded"}
            | {"refund_amount": "30.00"},
            *("o01", "c01", 7000),
            id="a refund",
        ),
        pytest.param(
            "orders",
            {"event_id": "a", "occurred_at": "2026-03-10T11:00:00Z", "order_id": "o01", "kind": "amended"}
            | {"currency": "USD", "subtotal": "90.00", "visitor_id": "s12"},
            *("o01", "c12", 9000),
            id="an amendment that names another visitor",
        ),
        pytest.param(
            "orders",
            {"event_id": "e", "occurred_at": "2026-03-10T08:00:00Z", "order_id": "o01", "kind": "placed"}
            | {"currency": "USD", "subtotal": "1.00"},
            *("o01", None, 10000),
            id="an earlier placed event, before the click",
        ),
        pytest.param(
            "orders",
            {"event_id": "o14-p", "occurred_at": "2026-03-10T10:00:00Z", "order_id": "o14", "kind": "placed"}
            | {"currency": "USD", "subtotal": "8.00"},
            *("o14", "c01", 300),
            id="the placed event of a refund that waited",
        ),
    ],
)
def test_a_line_that_arrives_later_revises_the_order_that_it_touches(tiny, topic, event, order_id, winner, net):
    before = revisions(tiny, order_id)
    assert later(tiny, topic, **event) == 1
    assert revisions(tiny, order_id) == [*before, (len(before) + 1, winner, net)]
    assert current_attributions(lake_of(tiny)).height == len(oracle.attributed(tiny))


def test_a_line_that_says_nothing_new_revises_nothing(tiny):
    again = json.loads((tiny / "topics" / "clicks.ndjson").open().readline())
    assert later(tiny, "clicks", **again) == 0
    nobodys = {"event_id": "n", "occurred_at": "2026-03-10T09:59:00Z", "visitor_id": "s01", "url": "https://shop/"}
    assert later(tiny, "clicks", **nobodys) == 0


def in_folder(root, topic):
    """The topic as a folder of files, the first of them as long as the single file was."""
    single = root / "topics" / f"{topic}.ndjson"
    folder = root / "topics" / topic
    folder.mkdir()
    return single.rename(folder / "2026-03-10.ndjson").parent


def test_a_new_file_is_a_new_partition(golden_world):
    root = golden_world("tiny")
    folder = in_folder(root, "clicks")
    drain(root)
    late = {"event_id": "late", "occurred_at": "2026-03-10T09:59:00Z", "visitor_id": "s01", "url": "?utm_source=tt"}
    with gzip.open(folder / "2026-03-11.ndjson.gz", "wt") as stream:
        stream.write(json.dumps(late) + "\n")
    drain(root)
    assert [winner for _, winner, _ in revisions(root, "o01")] == ["c01", "late"]
    landed = lake_of(root).read("clicks").filter(event_id="late")
    assert landed.select("partition", "offset").rows() == [(1, 0)]


def test_gzipped_files_say_what_plain_ones_say(golden_world):
    root = golden_world("tiny")
    for topic in ("clicks", "redemptions", "orders"):
        [plain] = in_folder(root, topic).iterdir()
        (plain.parent / f"{plain.name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    drain(root)
    assert golden.attributions(lake_of(root)) == golden.read(root / "expected.json", HASH_KEY)


def test_an_empty_workspace_makes_an_empty_lake(golden_world):
    root = golden_world("tiny")
    for file in (root / "topics").iterdir():
        file.unlink()
    assert drain(root).counters == {}
    assert all(lake_of(root).rows(table) == 0 for table in (*LANDING, "rejected_events", "order_attributions"))
    assert lake_of(root).watermark() is None


def test_bad_reference_data_stops_before_anything_is_written(golden_world):
    root = golden_world("tiny")
    codes = root / "reference" / "codes.csv"
    codes.write_text(codes.read_text() + "ana 10,ben,spring,,,,\n")
    with pytest.raises(BadInput, match="codes"):
        drain(root)
    assert not lake_of(root).root.exists()


def test_a_topic_file_that_changed_stops_the_run(tiny):
    file = tiny / "topics" / "clicks.ndjson"
    file.write_bytes(file.read_bytes().replace(b"c01", b"c00", 1))
    with pytest.raises(BadInput, match="only grows"):
        drain(tiny)


def test_other_settings_name_restate(tiny):
    (tiny / "codetrail.toml").write_text("window_days = 7\n")
    with pytest.raises(BadInput, match="codetrail restate"):
        drain(tiny)


def test_a_lake_without_attributions_is_replayed(tiny):
    """What a lake holds is enough: its attributions come back from the landing tables, whose cause is then a replay."""
    shutil.rmtree(tiny / "lake" / "order_attributions")
    done = drain(tiny)
    assert done.cause == "replay"
    assert golden.attributions(lake_of(tiny)) == golden.read(tiny / "expected.json", HASH_KEY)
    assert set(lake_of(tiny).read("order_attributions")["cause"].to_list()) == {"replay"}
