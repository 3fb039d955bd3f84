"""Decoding: what one message says, typed and redacted, or why it says nothing that counts.

Verdicts and reasons by example are `schemas/examples`; here stands what a verdict alone does not show.
"""

import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.failures import Reason
from pipelines.rules.decoding import (
    A_DAY_AHEAD,
    DEEPEST,
    EARLIEST,
    EPOCH,
    LARGEST_MESSAGE,
    LATEST_IN_FILES,
    LONGEST_DETAIL,
    MICROSECOND,
    MessageDecoder,
    Rejection,
    is_too_deep,
)
from pipelines.rules.privacy import Pseudonyms, redact_text
from pipelines.schema_store import event_schema

AT = "2026-03-01T12:00:00Z"
CLICK = {"event_id": "e", "occurred_at": AT, "visitor_id": "v", "url": "https://s/"}
ORDER = {"event_id": "e", "occurred_at": AT, "order_id": "o", "kind": "placed", "currency": "USD", "subtotal": "1"}
REFUND = {"event_id": "e", "occurred_at": AT, "order_id": "o", "kind": "refunded", "refund_amount": "1"}
POST = {
    "event_id": "e",
    "occurred_at": AT,
    "post_id": "p",
    "influencer_id": "i",
    "platform": "instagram",
    "content_type": "reel",
}


def decoder(event):
    schema = event_schema(event)
    find_errors = jsonschema_rs.Draft202012Validator(schema).iter_errors
    return MessageDecoder(schema, find_errors, Pseudonyms(b"sixteen bytes or more").redact_id, redact_text)


DECODERS = {event: decoder(event) for event in ("click", "redemption", "order", "post_metrics")}


def decode(event, message, latest=LATEST_IN_FILES):
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return DECODERS[event].decode(payload, latest)


def rejection(event, message, latest=LATEST_IN_FILES):
    with pytest.raises(Rejection) as refused:
        decode(event, message, latest)
    return refused.value


def micros(instant):
    return (instant - EPOCH) // MICROSECOND


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC), id="the earliest"),
        pytest.param("1999-12-31T20:00:00-04:00", datetime(2000, 1, 1, tzinfo=UTC), id="the earliest, elsewhere"),
        pytest.param("2026-03-01T12:00:00.5Z", datetime(2026, 3, 1, 12, 0, 0, 500_000, UTC), id="one decimal"),
        pytest.param("2026-03-01T12:00:00.000001Z", datetime(2026, 3, 1, 12, 0, 0, 1, UTC), id="a microsecond"),
        pytest.param("2026-03-01T12:00:00+05:45", datetime(2026, 3, 1, 6, 15, tzinfo=UTC), id="an offset"),
        pytest.param("2024-02-29T23:59:59-23:59", datetime(2024, 3, 1, 23, 58, 59, tzinfo=UTC), id="a leap day"),
        pytest.param(
            "2100-12-31T23:59:59.999999Z", datetime(2100, 12, 31, 23, 59, 59, 999_999, UTC), id="the latest in a file"
        ),
    ],
)
def test_instants(text, instant):
    assert decode("click", {**CLICK, "occurred_at": text}).columns["occurred_at"] == micros(instant)


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2100, 12, 30)),  # noqa: DTZ001 (its zone is drawn beside it)
    st.integers(-1439, 1439),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_an_instant_written_out_is_read_back(local, minutes, precision):
    text = local.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(timespec=precision)
    assert decode("click", {**CLICK, "occurred_at": text}).columns["occurred_at"] == micros(
        datetime.fromisoformat(text)
    )


@pytest.mark.parametrize(
    ("text", "latest", "accepted"),
    [
        pytest.param("1999-12-31T23:59:59.999999Z", LATEST_IN_FILES, False, id="a microsecond before 2000"),
        pytest.param("2101-01-01T00:00:00Z", LATEST_IN_FILES, False, id="the first instant of 2101 in a file"),
        pytest.param(AT, micros(datetime(2026, 3, 1, 12, tzinfo=UTC)), True, id="as late as it may be"),
        pytest.param(AT, micros(datetime(2026, 3, 1, 12, tzinfo=UTC)) - 1, False, id="a microsecond later"),
    ],
)
def test_how_early_and_how_late_an_instant_may_be(text, latest, accepted):
    if accepted:
        assert decode("click", {**CLICK, "occurred_at": text}, latest).columns["occurred_at"] == latest
    else:
        assert rejection("click", {**CLICK, "occurred_at": text}, latest).reason is Reason.ABSURD_TIME


def test_a_day_and_the_year_2000_are_what_they_say():
    assert timedelta(days=1) == A_DAY_AHEAD * MICROSECOND
    assert datetime(2000, 1, 1, tzinfo=UTC) == EPOCH + EARLIEST * MICROSECOND


@pytest.mark.parametrize("absent", [None, ""])
def test_null_and_empty_optional_texts_are_absent(absent):
    said = {**CLICK, "link_id": absent, "referrer": absent, "ip": absent, "http_method": absent}
    assert decode("click", said) == decode("click", CLICK)


def test_an_absent_element_of_codes_keeps_its_place():
    assert decode("order", {**ORDER, "codes": ["", "A", None]}).columns["codes"] == [None, "A", None]


def test_missing_amounts_are_nothing_and_money_is_in_minor_units():
    columns = decode("order", {**ORDER, "subtotal": "19.9", "discount": "", "tax": None}).columns
    assert [columns[f"{n}_minor"] for n in ("subtotal", "discount", "shipping", "tax")] == [1990, 0, 0, 0]


def test_a_refund_stays_as_sent_for_the_order_s_currency_to_judge():
    columns = decode("order", {**REFUND, "refund_amount": "1.2345", "currency": "JPY"}).columns
    assert (columns["refund_amount"], columns["subtotal_minor"]) == ("1.2345", None)


def test_a_count_written_as_a_fraction_is_a_count():
    columns = decode("post_metrics", {**POST, "likes": 7.0, "views": 0}).columns
    assert (columns["likes"], type(columns["likes"]), columns["views"]) == (7, int, 0)


@pytest.mark.parametrize(
    ("column", "sent", "stored"),
    [
        pytest.param("url", "https://s/?m=a@b.c", "https://s/?m=[email]", id="in a text"),
        pytest.param("referrer", "https://s/?m=a%40b.c&x", "https://s/?m=[email]&x", id="percent-encoded"),
        pytest.param("user_agent", "x a@b.c", "x [email]", id="in the agent"),
        pytest.param("http_method", "a@b.c", "[email]", id="in any text"),
    ],
)
def test_addresses_are_taken_out_of_texts(column, sent, stored):
    assert decode("click", {**CLICK, column: sent}).columns[column] == stored


def test_an_id_with_an_address_is_hashed_whole_and_a_code_loses_it():
    click = decode("click", {**CLICK, "event_id": "a@b.c", "visitor_id": "x-a@b.c", "customer_id": "7"}).columns
    assert click["event_id"].startswith("email:")
    assert click["visitor_id"].startswith("email:")
    assert click["visitor_id"] != click["event_id"]
    assert click["customer_id"] == "7"
    assert decode("order", {**ORDER, "codes": ["a@b.c", "X"]}).columns["codes"] == ["[email]", "X"]


def test_the_bot_is_told_by_the_agent_as_sent():
    """The address in a crawler's agent is what gives it away, and what is redacted."""
    sent = {**CLICK, "user_agent": "Mozilla/5.0 Twitterbot@example.com"}
    assert decode("click", sent).columns["is_bot"] is True


def test_a_network_address_is_in_no_row_and_in_no_detail():
    assert "ip" not in decode("click", {**CLICK, "ip": "203.0.113.9"}).columns
    for fault in ({"ip": ["203.0.113.9"]}, {"ip": "203.0.113.9", "consent": {"from": "203.0.113.9"}}):
        assert "203.0.113" not in rejection("click", {**CLICK, **fault}).detail


def test_an_e_mail_address_is_in_no_detail_wherever_it_is_cut():
    for before in range(200, 300, 7):
        detail = rejection("click", {**CLICK, "visitor_id": ["x" * before + " anna@example.com"]}).detail
        assert "anna" not in detail
        assert len(detail) <= LONGEST_DETAIL


@pytest.mark.parametrize(
    ("event", "message", "reason", "field"),
    [
        pytest.param("click", {**CLICK, "url": None}, Reason.MISSING_FIELD, "url", id="a missing field"),
        pytest.param("click", {**CLICK, "url": 1}, Reason.WRONG_TYPE, "url", id="a wrong type"),
        pytest.param("click", {**CLICK, "visitor_id": ""}, Reason.BAD_LENGTH, "visitor_id", id="an empty id"),
        pytest.param("order", {**ORDER, "codes": ["x" * 129]}, Reason.BAD_LENGTH, "codes", id="a long code"),
        pytest.param("order", {**ORDER, "tax": "-1"}, Reason.BAD_MONEY, "tax", id="negative money"),
        pytest.param(
            "order",
            {**ORDER, "currency": "CLF", "subtotal": "922337203685477.5808"},
            Reason.BAD_MONEY,
            "subtotal",
            id="an amount beyond 64 bits of minor units",
        ),
        pytest.param("order", {**ORDER, "tax": "0.001"}, Reason.TOO_MANY_DECIMALS, "tax", id="too many decimals"),
        pytest.param("order", {**ORDER, "currency": "XYZ"}, Reason.UNKNOWN_CURRENCY, "currency", id="a currency"),
        pytest.param("order", {**ORDER, "currency": ""}, Reason.MISSING_FIELD, "currency", id="no currency"),
        pytest.param("post_metrics", {**POST, "likes": -1}, Reason.BAD_VALUE, "likes", id="a negative count"),
        pytest.param("post_metrics", {**POST, "posted_at": "x"}, Reason.BAD_TIME, "posted_at", id="a second instant"),
    ],
)
def test_a_detail_names_the_field(event, message, reason, field):
    refused = rejection(event, message)
    assert refused.reason is reason
    assert refused.detail.startswith(f"{field}: ")


def test_of_several_faults_the_same_one_is_named_whatever_the_order_of_the_fields():
    faults = {"url": 1, "consent": "yes", "visitor_id": ""}
    one = rejection("click", {**CLICK, **faults})
    other = rejection("click", dict(reversed({**CLICK, **faults}.items())))
    assert (one.reason, one.detail) == (other.reason, other.detail)


def test_of_a_repeated_name_the_last_counts():
    twice = json.dumps(CLICK).encode()[:-1] + b',"visitor_id":"w"}'
    assert decode("click", twice).columns["visitor_id"] == "w"


def test_unknown_fields_are_noticed_and_not_kept():
    row = decode("click", {**CLICK, "colour": "red"})
    assert row.has_unknown_fields
    assert row.columns == decode("click", CLICK).columns
    assert not decode("click", {**CLICK, "ip": "203.0.113.9"}).has_unknown_fields


def test_without_consent_an_order_has_no_person():
    said = {**ORDER, "visitor_id": "v", "customer_id": "c", "survey_answer": "a friend", "consent": False}
    columns = decode("order", said).columns
    assert [columns[name] for name in ("visitor_id", "customer_id", "survey_answer")] == [None] * 3
    assert (columns["order_id"], columns["subtotal_minor"], columns["consent"]) == ("o", 100, False)


@pytest.mark.parametrize(
    ("consent", "consented"), [pytest.param(False, False, id="refused"), (True, True), pytest.param(None, True)]
)
def test_consent(consent, consented):
    assert decode("click", {**CLICK, "consent": consent}).is_consented is consented


@pytest.mark.parametrize("size", [LARGEST_MESSAGE, LARGEST_MESSAGE + 1])
def test_the_largest_message(size):
    message = json.dumps({**CLICK, "referrer": "x"}).encode()
    message = message.replace(b'"x"', b'"' + b"x" * (size - len(message) + 1) + b'"')
    assert len(message) == size
    if size > LARGEST_MESSAGE:
        assert rejection("click", message).reason is Reason.TOO_LARGE
    else:
        assert len(decode("click", message).columns["referrer"]) > 1_000_000


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(b"", Reason.BAD_JSON, id="nothing"),
        pytest.param(b"\xef\xbb\xbf{}", Reason.BAD_JSON, id="a byte order mark"),
        pytest.param(b'{"a":"\n"}', Reason.BAD_JSON, id="a raw line feed in a text"),
        pytest.param(b"{} {}", Reason.BAD_JSON, id="two documents"),
        pytest.param(b'{"a":1,}', Reason.BAD_JSON, id="a comma too many"),
        pytest.param(b"[" * 100_000, Reason.BAD_JSON, id="nested beyond all measure"),
        pytest.param(b'{"a":' * 200 + b"1" + b"}" * 200, Reason.MISSING_FIELD, id="nested deeply"),
        pytest.param(b'{"a":"\\udc00\\ud800"}', Reason.BAD_JSON, id="surrogates the wrong way round"),
        pytest.param(b'{"\\ud800":1}', Reason.BAD_JSON, id="a surrogate in a name"),
        pytest.param(b'{"a":' + b"9" * 10_000 + b"}", Reason.MISSING_FIELD, id="a number of ten thousand digits"),
        pytest.param(b'{"a":1e999999}', Reason.MISSING_FIELD, id="a number beyond all measure"),
        pytest.param(b'{"a":-Infinity}', Reason.BAD_JSON, id="minus infinity"),
        pytest.param("{}".encode("utf-16"), Reason.BAD_UTF8, id="UTF-16"),
        pytest.param(b"null", Reason.NOT_AN_OBJECT, id="null"),
        pytest.param(b'"{}"', Reason.NOT_AN_OBJECT, id="JSON in a text"),
    ],
)
def test_what_is_no_message(message, reason):
    assert rejection("click", message).reason is reason


def nested(depth):
    return b'{"event_id": "e", "beside": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("payload", "too_deep"),
    [
        pytest.param(nested(DEEPEST), False, id="as deep as allowed"),
        pytest.param(nested(DEEPEST + 1), True, id="one deeper"),
        pytest.param(b'{"caption": "' + b"[" * 500 + b'"}', False, id="brackets in a text"),
        pytest.param(b'{"caption": "\\"' + b"{[" * 500 + b'"}', False, id="brackets behind an escaped quote"),
        pytest.param(b"[" * 100_000, True, id="never closed"),
        pytest.param(b"{}" * 500, False, id="many beside each other"),
    ],
)
def test_how_deep_a_message_may_nest_depends_on_it_alone(payload, too_deep):
    assert is_too_deep(payload) is too_deep
