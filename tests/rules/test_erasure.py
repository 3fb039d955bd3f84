"""Erasure: which texts name a person, and what is left of a message without them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.erasure import Person, blanked, erased_line, mentions, payload_names, sent_ids
from pipelines.rules.fraud import is_bot
from pipelines.rules.links import utm_parameters
from pipelines.schema_store import EVENTS, event_schema

SAID = ("cust-100017", "Anna Muster")
ANNA = Person(
    customers={"cust-100017": "NEWNAME1"},
    visitors={"v-anna-55": "NEWNAME2"},
    orders=frozenset({"o1"}),
    said=SAID,
    dropped={"utm_content": frozenset({"anna's own"})},
)
SENT = {"event_id": "e", "occurred_at": "2026-03-10T10:00:00Z"}


def as_held(_, identifier):
    return identifier


def without(event, line):
    line = json.dumps(line).encode() if isinstance(line, dict) else line
    fields = frozenset(event_schema(event)["properties"])
    return erased_line(line, event, fields, ANNA, as_held, is_bot)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        pytest.param("cust-100017", True, id="as it is"),
        pytest.param("?id=CUST-100017&x", True, id="in an address, in capitals"),
        pytest.param("cust%2D100017", True, id="percent-encoded"),
        pytest.param("\\u0063ust-100017", True, id="in JSON's escapes"),
        pytest.param("by anna muster, twice", True, id="a name in a sentence"),
        pytest.param("cust-1000170", False, id="the beginning of another id"),
        pytest.param("xcust-100017", False, id="the end of another id"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_text_names_a_person_by_a_word_of_its_own(text, is_named):
    assert mentions(text, SAID) is is_named
    assert not mentions(text, ())
    assert not mentions(blanked(text, SAID), SAID)


def test_the_rest_of_a_text_stays_where_it_can():
    assert blanked("thanks, Anna Muster! #ad", SAID) == "thanks, [erased]! #ad"
    assert blanked("thanks, Anna%20Muster! #ad", SAID) == "[erased]"


def test_a_click_keeps_what_it_says_of_links_and_nothing_of_the_person():
    url = "https://shop.example/anna?utm_source=ig&utm_content=anna%27s+own&q=1#x"
    more = {"url": url, "referrer": "https://mail.example", "user_agent": "AnnaPhone", "ip": "::1", "phone": "1"}
    line = without("click", SENT | more | {"visitor_id": "v-anna-55", "customer_id": "cust-100017", "link_id": "l"})
    left = json.loads(line)
    assert left == SENT | {"visitor_id": "NEWNAME2", "link_id": "l", "url": "?utm_source=ig"}
    assert utm_parameters(left["url"]) == {"utm_source": "ig"}


def test_a_bot_stays_one():
    line = without("click", SENT | {"visitor_id": "v-anna-55", "url": "/" * 40, "user_agent": "Googlebot/2.1"})
    assert json.loads(line)["user_agent"] == "Googlebot/2.1"


def test_an_order_keeps_its_money():
    money = {"order_id": "o1", "kind": "placed", "currency": "USD", "subtotal": "9.00", "codes": ["A", None]}
    line = without("order", SENT | money | {"customer_id": "cust-100017", "survey_answer": "a friend", "name": "Anna"})
    assert json.loads(line) == SENT | money | {"customer_id": "NEWNAME1"}


def test_an_id_too_short_for_its_place_goes_with_the_line_or_without_it():
    short = Person({"c": "NEWNAME1"}, {"v": "NEWNAME2"}, frozenset(), ())
    order = {"order_id": "o", "kind": "cancelled", "customer_id": "c"}
    click = {"visitor_id": "v", "url": ""}
    for event, sent, left in (("order", order, {"order_id": "o", "kind": "cancelled"}), ("click", click, None)):
        line = json.dumps(SENT | sent, separators=(",", ":")).encode()
        found = erased_line(line, event, frozenset(event_schema(event)["properties"]), short, as_held, is_bot)
        assert len(found) == len(line)
        assert (json.loads(found) if found.strip() else None) == (None if left is None else SENT | left)


def test_what_cannot_be_read_becomes_no_message():
    assert without("click", b'{"visitor_id": "v-an') is None
    assert without("click", b'{"customer_id": "cust-100017", "ur') == b" " * 34
    assert payload_names(b'["cust%2D100017"]', ANNA, as_held)
    assert payload_names(b'{"visitor_id": "v-anna-55"}', ANNA, as_held)
    assert payload_names(b'\0\0\0\0\7{"visitor_id": "v-anna-55"}', ANNA, as_held)
    assert sent_ids(b'\0\0\0\0\7{"visitor_id": "v-anna-55"}', ANNA, as_held) == {"v-anna-55"}
    assert not payload_names(b'{"visitor_id": "v-anna-56", "x": "cust"}', ANNA, as_held)


@given(
    event=st.sampled_from(list(EVENTS)),
    ids=st.fixed_dictionaries(
        {},
        optional={
            "customer_id": st.sampled_from(["cust-100017", "other", "", None, 7]),
            "visitor_id": st.sampled_from(["v-anna-55", "other"]),
        },
    ),
    said=st.dictionaries(
        st.sampled_from(["url", "survey_answer", "caption", "note", "code"]),
        st.sampled_from([*SAID, "x cust-100017 y", "ä\u2028ö", "%41nna Muster", "", "other"]),
    ),
)
def test_a_line_keeps_its_length_and_is_not_changed_twice(event, ids, said):
    line = json.dumps(SENT | ids | said).encode()
    found = without(event, line)
    if found is not None:
        assert len(found) == len(line)
        assert b"\n" not in found
        assert not mentions(found.decode(), SAID)
        assert without(event, found) is None
