"""Rejected events: counted, listed, shown, and harmless to the terminal."""

import re
from datetime import UTC, datetime

import pytest

from pipelines.failures import BadInput, Reason
from pipelines.reports.quarantine import list_rejected, meaning, rendered_event, rendered_list, show_rejected
from pipelines.reports.quarantine_figures import MEANINGS
from pipelines.stores.lake import Lake


@pytest.fixture
def lake(world) -> Lake:
    return world.workspace.lake


@pytest.fixture
def by_hand(lake) -> str:
    """The place of the event whose bytes would command a terminal."""
    rows = lake.read("rejected_events").to_dicts()
    return next("{topic}/{partition}/{offset}".format(**row) for row in rows if b"HAND-BROKEN" in row["payload"])


def test_every_reason_of_decode_has_a_meaning():
    assert set(MEANINGS) == set(Reason)
    assert meaning("too_late_for_its_step") == "too late for its step"


def test_all_are_counted_by_reason(lake):
    found = list_rejected(lake)
    rows = lake.read("rejected_events")
    assert found.total == rows.height == sum(count.events for count in found.reasons)
    assert {count.reason: count.events for count in found.reasons} == dict(rows["reason"].value_counts().iter_rows())
    assert len(found.newest) == 20


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"reason": "bad_time"}, id="by reason"),
        pytest.param({"topic": "orders"}, id="by topic"),
        pytest.param({"step": "decode"}, id="by step"),
        pytest.param({"topic": "orders", "reason": "bad_money"}, id="by topic and reason"),
    ],
)
def test_a_filter_keeps_what_it_names(lake, asked):
    found = list_rejected(lake, **asked, limit=1000)
    rows = [row for row in lake.read("rejected_events").to_dicts() if all(row[k] == v for k, v in asked.items())]
    places = {(row["topic"], row["partition"], row["offset"]) for row in rows}
    assert {(line.topic, line.partition, line.offset) for line in found.newest} == places
    assert found.total == len(rows) > 0


def test_since_is_included_and_what_was_before_is_not(lake):
    ingested_at = list_rejected(lake).newest[0].ingested_at
    assert list_rejected(lake, since=ingested_at).total > 0
    assert list_rejected(lake, since=datetime(2027, 1, 1, tzinfo=UTC)).total == 0


def test_the_newest_come_first(lake):
    found = list_rejected(lake, limit=1000).newest
    assert [line.ingested_at for line in found] == sorted((line.ingested_at for line in found), reverse=True)


@pytest.mark.parametrize("asked", [{"reason": "bad_tiem"}, {"topic": "order"}, {"step": "guess"}])
def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(lake, asked):
    (column,) = asked
    with pytest.raises(BadInput, match=f"no {column} is called .* there are: "):
        list_rejected(lake, **asked)


def test_an_event_is_shown_whole(lake, by_hand):
    found = show_rejected(lake, by_hand)
    assert (
        found.payload
        == b'{"event_id": "x\x1b]0;owned\x07", "order_id": "HAND-BROKEN", "note": "[blink]no[/blink]\xff"}'
    )
    assert found.size == len(found.payload)
    assert found.text == (
        '{"event_id": "x\\x1b]0;owned\\x07", "order_id": "HAND-BROKEN", "note": "[blink]no[/blink]\\xff"}'
    )
    assert (found.reason, found.meaning) == ("bad_utf8", "the bytes are no UTF-8 text")


def test_its_page_commands_no_terminal(lake, by_hand, printed, unharmed):
    for page in (
        rendered_event(show_rejected(lake, by_hand)),
        rendered_event(show_rejected(lake, by_hand), as_hex=True),
    ):
        unharmed(printed(page))
    assert "[blink]no[/blink]" in printed(rendered_event(show_rejected(lake, by_hand)))


def test_hexadecimal_is_every_byte(lake, by_hand, printed):
    found = show_rejected(lake, by_hand)
    lines = re.findall(r"^[0-9a-f]{6}  ((?:[0-9a-f]{2} )+)", printed(rendered_event(found, as_hex=True)), re.MULTILINE)
    assert bytes.fromhex("".join(lines)) == found.payload


def test_a_long_message_is_cut_and_says_so(lake, printed):
    (large,) = list_rejected(lake, reason="too_large").newest
    found = show_rejected(lake, f"{large.topic}/{large.partition}/{large.offset}")
    assert (len(found.payload), found.size) == (8192, large.size)
    assert large.size > 1_048_576
    assert f"the first 8,192 of {large.size:,} bytes" in printed(rendered_event(found))


def test_the_list_fits_100_columns_and_commands_no_terminal(lake, printed, unharmed):
    page = printed(rendered_list(list_rejected(lake, limit=1000)))
    unharmed(page)
    assert max(map(len, page.splitlines())) <= 100
    assert "HAND-BROKEN" in page


def test_nothing_rejected_is_said(tmp_path, printed):
    assert "No rejected event matches" in printed(rendered_list(list_rejected(Lake(tmp_path))))


@pytest.mark.parametrize("place", ["orders", "orders/0", "orders/0/x", "orders/0/1/2", "\x1b[31m/0/1", "orders/-1/2"])
def test_what_is_no_place_is_refused(lake, place):
    with pytest.raises(BadInput, match=r"is no place: give topic/partition/offset") as refused:
        show_rejected(lake, place)
    assert str(refused.value).isprintable()


def test_a_place_without_a_reject_names_the_next_step(lake):
    with pytest.raises(BadInput, match="no event was rejected at orders/0/0: `codetrail quarantine list --all` shows"):
        show_rejected(lake, "orders/0/0")
