"""Attribute: each order that an arriving row touches is attributed anew, from all that is known of it."""

from itertools import count

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.columnar.links import LinkResolver
from pipelines.engines import run_direct
from pipelines.records import Rows
from pipelines.rules.attribution import DAY, Rules
from pipelines.rules.codes import CodeAssignment, CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.stages.attribute import Attribute
from pipelines.stages.decode import BlockDecoder, shard_of
from pipelines.stages.land import stored
from pipelines.stages.resolve import as_read
from pipelines.stores.lake import Landing, no_marks
from pipelines.stores.tables import LANDING
from pipelines.testing import CLOCK, HASH_KEY, messages_of
from tests.stages.landing import new_lake

SHARDS = 4
LINKS = [LinkAssignment("l-ana", "ana", "spring"), LinkAssignment("l-ben", "ben", "spring")]
RULES = Rules(
    codes=CodeRoster([CodeAssignment("cleo10", "cleo", "spring")]),
    exchange=Exchange("USD", {}),
    own_customer={},
    policy="code_wins",
    window=30 * DAY,
    half_life=7 * DAY,
    path_transform="none",
)
RESOLVER = LinkResolver(LINKS)
DECODERS = {topic: BlockDecoder(topic, HASH_KEY, SHARDS) for topic in ("clicks", "redemptions", "orders")}
OTHER = next(v for v in (f"v{n}" for n in count()) if shard_of(v, SHARDS) != shard_of("v", SHARDS))


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def click(event_id, link_id, visitor_id="v", minute=0):
    at = f"2026-03-10T11:{minute:02}:00Z"
    said = {"event_id": event_id, "occurred_at": at, "visitor_id": visitor_id}
    return said | {"url": "https://shop.example/", "link_id": link_id}


def placed(event_id="p", minute=0, **said):
    order = {"event_id": event_id, "occurred_at": f"2026-03-10T12:{minute:02}:00Z", "order_id": "o", "kind": "placed"}
    return order | {"currency": "USD", "subtotal": "10.00", "visitor_id": "v"} | said


def redeemed(event_id, code):
    return {"event_id": event_id, "occurred_at": "2026-03-10T12:00:00Z", "order_id": "o", "code": code}


def decoded(topic, *messages, start=0):
    return DECODERS[topic].decode(messages_of(topic, messages, start)).rows


def rows(topic, *messages, start=0):
    return Rows(topic, as_read(topic, decoded(topic, *messages, start=start), RESOLVER))


def land(lake, topic, *messages, start=0):
    found = stored(topic, decoded(topic, *messages, start=start), CLOCK)
    lake.land(topic, [Landing(f"{topic}/0", (start, start + len(messages)), found, no_marks)], epoch=1)


def attributed(lake, blocks, expected, landed_before=None):
    """Expects these (winner, claims) of order o, one for each time that it is attributed; None where it is no order."""
    tokens = count()

    def build(p):
        given = Attribute(lake, RULES, LINKS, SHARDS, lambda: str(next(tokens)), 40 * DAY, landed_before, lanes=2)
        told = p | beam.Create(blocks, reshuffle=False).with_output_types(Rows) | given | beam.FlatMap(said)
        assert_that(told, equal_to(expected))

    return run_direct(build)


def said(attributed):
    for row in [] if attributed.rows is None else attributed.rows.to_dicts():
        if row["ordered_at"] is None:
            yield row["order_id"], None, None
        else:
            yield row["order_id"], row["winner_influencer_id"], sorted(c["claim_id"] for c in row["claims"])


def test_a_click_before_its_order_counts(lake):
    blocks = [rows("clicks", click("c", "l-ana")), rows("orders", placed())]
    counters = attributed(lake, blocks, [("o", "ana", ["c"])])
    assert (counters["attribute/in"], counters["attribute/out"]) == (1, 1)


def test_a_late_click_attributes_its_order_again(lake):
    blocks = [rows("orders", placed()), rows("clicks", click("c", "l-ana"))]
    attributed(lake, blocks, [("o", None, []), ("o", "ana", ["c"])])


def test_a_code_before_its_order_waits_and_one_after_it_attributes_again(lake):
    early = [rows("redemptions", redeemed("r", "Cleo 10")), rows("orders", placed())]
    attributed(lake, early, [("o", "cleo", ["r"])])
    late = [rows("orders", placed()), rows("redemptions", redeemed("r", "Cleo 10"))]
    attributed(lake, late, [("o", None, []), ("o", "cleo", ["r"])])


def test_an_order_without_a_placed_event_is_none_yet(lake):
    cancelled = {"event_id": "x", "occurred_at": "2026-03-10T13:00:00Z", "order_id": "o", "kind": "cancelled"}
    attributed(lake, [rows("orders", cancelled)], [("o", None, None)])


def test_only_the_current_visitor_s_shard_attributes(lake):
    """The visitor that an amendment names takes the order along; the former one's clicks bring it nothing any more."""
    blocks = [
        rows("clicks", click("c", "l-ana"), click("d", "l-ben", OTHER)),
        rows("orders", placed()),
        rows("orders", placed("a", 5, kind="amended", visitor_id=OTHER), start=1),
        rows("clicks", click("late", "l-ana", minute=1), start=2),
    ]
    attributed(lake, blocks, [("o", "ana", ["c"]), ("o", "ben", ["d"])])


def test_a_repeat_brings_no_second_claim(lake):
    blocks = [
        rows("clicks", click("c", "l-ana")),
        rows("clicks", click("c", "l-ben"), start=1),
        rows("orders", placed(), placed()),
    ]
    attributed(lake, blocks, [("o", "ana", ["c"])])


def test_an_earlier_message_that_arrives_late_is_the_one_that_counts(lake):
    blocks = [
        rows("orders", placed()),
        rows("clicks", click("c", "l-ben"), start=7),
        rows("clicks", click("c", "l-ana"), start=3),
    ]
    attributed(lake, blocks, [("o", None, []), ("o", "ben", ["c"]), ("o", "ana", ["c"])])


def test_what_landed_before_fills_the_working_set(lake):
    land(lake, "clicks", click("c", "l-ana"))
    land(lake, "redemptions", redeemed("r", "cleo10"))
    attributed(lake, [rows("orders", placed())], [("o", "cleo", ["c", "r"])])
    land(lake, "orders", placed())
    late = rows("clicks", click("d", "l-ben", minute=9), start=1)
    attributed(lake, [late], [("o", "cleo", ["c", "d", "r"])])


def test_the_working_set_is_filled_from_the_version_that_is_asked_for(lake):
    before = {table: lake.open(table).version() for table in LANDING}
    land(lake, "clicks", click("c", "l-ana"))
    attributed(lake, [rows("orders", placed())], [("o", None, [])], before)
