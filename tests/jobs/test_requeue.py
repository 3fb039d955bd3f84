"""Requeue with files: each message once, however often it is asked for and wherever an earlier try was killed."""

import json
import shutil
from datetime import datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.failures import BadInput
from pipelines.jobs import requeue as requeue_module
from pipelines.jobs.quarantine import LOST, Selection, corrections, tried
from pipelines.jobs.requeue import drop, requeue
from pipelines.rules.mending import mending
from pipelines.rules.privacy import Pseudonyms
from pipelines.stores import topic_append
from pipelines.stores.lake import Lake
from pipelines.stores.releases import Action, releases, standing
from pipelines.testing import CLOCK, HASH_KEY, assert_equal_lakes, drain, world_of, write_topic
from tests.jobs.worlds import write_reference

COMMA = mending('if .subtotal then .subtotal |= sub(","; ".") else . end')
MAIL = "ana@example.com"


def placed(number, subtotal, **more):
    event = {"event_id": f"e{number}", "occurred_at": f"2026-03-10T12:00:0{number}Z", "order_id": f"o{number}"}
    return event | {"kind": "placed", "currency": "USD", "subtotal": subtotal, "codes": ["LINK"]} | more


BAD = [placed(1, "19,90"), placed(2, "29,90"), placed(2, "29,90"), placed(3, "7,00", customer_id=MAIL), placed(4, "x")]
GOOD = [placed(1, "19.90"), placed(2, "29.90"), placed(2, "29.90"), placed(3, "7.00", customer_id=MAIL)]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A drained workspace in which every order but one was rejected; tests copy it."""
    root = tmp_path_factory.mktemp("broken")
    write_reference(root)
    write_topic(root, "orders", [placed(9, "1.00"), *BAD])
    write_topic(root, "clicks", [{"event_id": "c", "occurred_at": "no time", "visitor_id": "v", "url": "u"}])
    drain(root)
    return root


@pytest.fixture
def root(broken, tmp_path):
    return shutil.copytree(broken, tmp_path / "shop")


BAD_MONEY = Selection(reason="bad_money")


def attempt(root, wanted=BAD_MONEY, mend=COMMA, corrected=None):
    world = world_of(root)
    return requeue(world, tried(world, wanted, mend, corrected), "a mend", "a note")


def lines(root):
    return [json.loads(line) for line in (root / "topics" / "orders.ndjson").read_bytes().splitlines()]


def added(root):
    """What stands in the file beyond what was there before, by event and subtotal."""
    return [(line["event_id"], line["subtotal"]) for line in lines(root)[len(BAD) + 1 :]]


def test_what_passes_is_appended_once_and_attributed_like_any_message(root, tmp_path):
    done = attempt(root)
    assert added(root) == [("e1", "19.90"), ("e2", "29.90"), ("e2", "29.90")]
    assert [(one.mend, one.note, one.action) for one in done.sent] == [("a mend", "a note", Action.REQUEUED)] * 3
    assert [json.loads(_line_at(root, one.new_offset))["event_id"] for one in done.sent] == ["e1", "e2", "e2"]
    assert attempt(root).sent == ()
    assert attempt(root, Selection(places=(done.sent[0].place,))).before == 1
    assert len(added(root)) == 3
    drain(root)
    expected = tmp_path / "expected"
    write_reference(expected)
    shutil.copytree(root / "topics", expected / "topics")
    drain(expected)
    assert_equal_lakes(Lake(root / "lake"), Lake(expected / "lake"))


def _line_at(root, offset):
    return (root / "topics" / "orders.ndjson").read_bytes()[offset:].split(b"\n")[0]


def test_a_dry_run_writes_nothing_and_says_what_is_left(root, listing):
    before = listing(root)
    trials = tried(world_of(root), Selection(), COMMA)
    assert {(one.topic, one.left) for one in trials} == {
        ("orders", None),
        ("orders", LOST),
        ("orders", "bad_money"),
        ("clicks", "bad_time"),
    }
    assert all("--file" in one.detail for one in trials if one.left == LOST)
    assert listing(root) == before


def test_a_correction_brings_back_the_pseudonym_that_redaction_would_have_lost(root, tmp_path):
    place = next(one.place for one in tried(world_of(root), Selection(), COMMA) if one.left == LOST)
    file = tmp_path / "corrected.ndjson"
    told = dict(zip(("topic", "partition", "offset"), place, strict=True))
    file.write_text(json.dumps(told | {"payload": GOOD[3]}, indent=None) + "\n\n")
    corrected = corrections(file)
    attempt(root, Selection(places=tuple(corrected)), mending(None), corrected)
    write_topic(root, "orders", [placed(5, "1.00", customer_id=MAIL), placed(6, "1.00", customer_id=_pseudonym())])
    drain(root)
    rows = Lake(root / "lake").read("orders", ["order_id", "customer_id"]).sort("order_id").rows()
    assert dict(rows) == {"o3": _pseudonym(), "o5": _pseudonym(), "o6": _pseudonym(), "o9": None}
    assert MAIL not in str(Lake(root / "lake").read("quarantine_releases").rows())


def _pseudonym():
    return Pseudonyms(HASH_KEY).redact_id(MAIL)


def test_the_text_of_a_correction_may_be_a_text_of_several_lines(root, tmp_path):
    wanted = tried(world_of(root), Selection(), COMMA)[1]
    file = tmp_path / "corrected.ndjson"
    told = dict(zip(("topic", "partition", "offset"), wanted.place, strict=True))
    file.write_text(json.dumps(told | {"payload": json.dumps(GOOD[0], indent=2)}))
    corrected = corrections(file)
    attempt(root, Selection(places=tuple(corrected)), mending(None), corrected)
    assert added(root) == [("e1", "19.90")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "truncated"),
        ('{"topic": "orders", "partition": 0, "offset": 1e30, "payload": {}}', "offset"),
        ('{"topic": "orders", "partition": 0, "offset": 1, "payload": "\\ud800"}', "truncated"),
        ('{"topic": "orders", "partition": 0, "offset": 1}', "payload"),
        ('{"topic": "orders", "partition": 0, "offset": 1, "payload": {}, "reason": "x"}', "reason"),
        ('{"topic": "orders", "partition": 0, "offset": 1, "payload": {}}\n' * 2, "twice"),
    ],
)
def test_a_wrong_line_of_corrections_is_named(tmp_path, content, why):
    file = tmp_path / "corrected.ndjson"
    file.write_text(content)
    with pytest.raises(BadInput, match=rf"corrected.ndjson:\d: .*{why}"):
        corrections(file)


def test_a_place_at_which_nothing_was_rejected_is_named(root):
    with pytest.raises(BadInput, match="no message was rejected at orders/0/0"):
        tried(world_of(root), Selection(places=(("orders", 0, 0),)), COMMA)


def test_what_is_dropped_is_open_no_more_and_can_be_sent_by_its_place_all_the_same(root):
    world = world_of(root)
    places = [one.place for one in tried(world, BAD_MONEY, COMMA)]
    assert [one.place for one in drop(world, places, "a load test")] == places
    assert drop(world, places, "again") == []
    assert tried(world, BAD_MONEY, COMMA) == []
    assert [one.place for one in attempt(root, Selection(places=(places[0],))).sent] == [places[0]]
    assert drop(world, places[:1], "again") == []
    assert Lake(root / "lake").rows("rejected_events") == len(BAD) + 1
    assert standing(releases(Lake(root / "lake")))[places[0]] is Action.REQUEUED


def test_since_and_until_are_the_times_of_rejection(root):
    count = partial(lambda **asked: len(tried(world_of(root), Selection(**asked), COMMA)))
    assert count(since=CLOCK) == count(until=datetime.max.replace(tzinfo=CLOCK.tzinfo)) == len(BAD) + 1
    assert count(until=CLOCK) == 0
    assert count(topic="clicks", step="decode") == 1


class Killed(BaseException):
    """Instead of SIGKILL, so that many can be tried; real ones are in end_to_end."""


def kill_at(patched, moment, cut=0):
    """Has the next requeue die: before or after its first record, its append, or its second record."""
    record, append = requeue_module.record, topic_append._append
    told = []

    def dying_record(lake, done):
        done = list(done)
        actions = {one.action for one in done}
        if moment == "unsaid" and Action.REQUEUED in actions:
            raise Killed
        record(lake, done)
        told.append(actions)
        if moment == "said" and Action.SENDING in actions:
            raise Killed

    def dying_append(file, content):
        append(file, content[:cut] if moment == "half" else content)
        if moment == "half":
            raise Killed

    patched.setattr(requeue_module, "record", dying_record)
    patched.setattr(topic_append, "_append", dying_append)


TRIES = st.tuples(
    st.sets(st.integers(0, 2)), st.sampled_from(["never", "said", "half", "unsaid"]), st.integers(0, 400), st.booleans()
)


@settings(max_examples=15)
@given(st.lists(TRIES, max_size=5))
def test_any_of_them_any_number_of_times_killed_anywhere_is_once(broken, tmp_path_factory, tries):
    """Also beside somebody else who appends the same bytes, who is then taken for the message at worst once."""
    root = shutil.copytree(broken, tmp_path_factory.mktemp("tries") / "shop")
    places = [one.place for one in tried(world_of(root), BAD_MONEY, COMMA)][:3]
    asked = set()
    for chosen, moment, cut, other in tries:
        if not chosen:
            continue
        asked |= chosen
        with pytest.MonkeyPatch.context() as patched:
            kill_at(patched, moment, cut)
            try:
                attempt(root, Selection(places=tuple(places[i] for i in sorted(chosen))))
            except Killed:
                pass
            except BadInput:  # half a line of a message that this try does not send
                assert "middle of a line" in str(_failure(root, places, chosen))
        if other and (root / "topics" / "orders.ndjson").read_bytes().endswith(b"\n"):
            write_topic(root, "orders", [placed(8, "1.00")])
    if asked:
        attempt(root, Selection(places=tuple(places[i] for i in range(3))))
    found = [line for line in added(root) if line[0] != "e8"]
    assert sorted(found) == (sorted([("e1", "19.90"), ("e2", "29.90"), ("e2", "29.90")]) if asked else [])
    done = standing(releases(Lake(root / "lake")))
    assert {done[place] for place in places} == {Action.REQUEUED} if asked else done == {}
    offsets = [one.new_offset for one in releases(Lake(root / "lake")) if one.action is Action.REQUEUED]
    assert len(offsets) == len(set(offsets)) == (3 if asked else 0)


def _failure(root, places, chosen):
    with pytest.raises(BadInput) as raised:
        attempt(root, Selection(places=tuple(places[i] for i in sorted(chosen))))
    return raised.value


def test_the_last_file_of_a_topic_takes_them(broken, tmp_path):
    root = tmp_path / "shop"
    write_reference(root)
    folder = root / "topics" / "orders"
    folder.mkdir(parents=True)
    (folder / "a.ndjson").write_text("".join(json.dumps(event) + "\n" for event in BAD))
    drain(root)
    (folder / "b.ndjson").write_text("")
    (sent, *_) = attempt(root).sent
    assert (sent.partition, sent.new_partition, sent.new_offset) == (0, 1, 0)
    assert len((folder / "b.ndjson").read_bytes().splitlines()) == 3
