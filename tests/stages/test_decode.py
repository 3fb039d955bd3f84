"""Decode: what leaves the stage for each message that enters it."""

import apache_beam as beam
import polars as pl
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from pipelines.records import EVENTS, Messages
from pipelines.rules.decoding import A_DAY_AHEAD, LARGEST_MESSAGE
from pipelines.rules.privacy import Pseudonyms
from pipelines.stages.decode import BlockDecoder, Decode, shard_of
from pipelines.stores.tables import LANDING, REJECTED_EVENTS
from tests.rules import serialized

NOON = 1_772_366_400_000_000  # 2026-03-01T12:00Z
PHONE = "Mozilla/5.0 (iPhone)"


def click(**said):
    fields = {"event_id": '"e"', "occurred_at": '"2026-03-01T12:00:00Z"', "visitor_id": '"v"', "url": '"https://s/"'}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in (fields | said).items()) + "}").encode()


def order(**said):
    fields = {"event_id": '"e"', "occurred_at": '"2026-03-01T12:00:00Z"', "order_id": '"o"', "kind": '"placed"'}
    fields |= {"currency": '"USD"', "subtotal": '"1"', "visitor_id": '"v"', "customer_id": '"c"'}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in (fields | said).items()) + "}").encode()


@pytest.mark.parametrize("topic", EVENTS)
def test_rows_and_rejects_have_their_table_s_columns_and_types(topic, decoding):
    decoded = decoding.decode(topic, b"{}")
    for frame, table in ((decoded.rows, LANDING[topic]), (decoded.rejected, REJECTED_EVENTS)):
        expected = pl.DataFrame(table.empty_table()).drop("ingested_at").schema
        assert dict(frame.schema) == dict(expected)


def test_unknown_fields_are_counted_by_their_offsets(decoding):
    decoded = decoding.decode("clicks", click(), click(colour='"red"'), click(ip='"203.0.113.9"'), click(size="1"))
    assert decoded.with_unknown_fields.tolist() == [13, 19]
    assert decoded.rows.height == 4


def test_a_click_without_consent_is_counted_and_not_stored(decoding):
    decoded = decoding.decode("clicks", click(consent="false"), click(consent="true"), click(consent="null"), click())
    assert decoded.unconsented.tolist() == [10]
    assert decoded.rows["offset"].to_list() == [13, 16, 19]
    assert decoded.rejected.height == 0


@pytest.mark.parametrize("extra", [{}, {"new": "1"}], ids=["read by columns", "read by itself"])
def test_an_order_without_consent_is_stored_without_the_person(decoding, extra):
    decoded = decoding.decode("orders", order(consent="false", survey_answer='"a friend"', **extra))
    [row] = decoded.rows.to_dicts()
    assert (row["visitor_id"], row["customer_id"], row["survey_answer"]) == (None, None, None)
    assert (row["subtotal_minor"], row["consent"]) == (100, False)
    assert decoded.unconsented.tolist() == []


def test_an_id_with_an_address_is_hashed_alike_in_every_topic(decoding):
    clicked = decoding.decode("clicks", click(visitor_id='"anna@example.com"')).rows
    ordered = decoding.decode("orders", order(visitor_id='"anna@example.com"')).rows
    assert clicked["visitor_id"][0].startswith("email:")
    assert clicked["visitor_id"][0] == ordered["visitor_id"][0]
    assert clicked["shard"][0] == shard_of(clicked["visitor_id"][0], 4)


@pytest.mark.parametrize(
    ("said", "bot"),
    [
        pytest.param({"user_agent": f'"{PHONE}"'}, False, id="a phone"),
        pytest.param({"user_agent": '"Googlebot/2.1"'}, True, id="a crawler"),
        pytest.param({"user_agent": '"Twitterbot@example.com"'}, True, id="one whose name is redacted"),
        pytest.param({"user_agent": f'"{PHONE}"', "http_method": '"HEAD"'}, True, id="a HEAD request"),
        pytest.param({"http_method": '"head"'}, False, id="another method"),
        pytest.param({"user_agent": '""'}, False, id="an empty agent"),
    ],
)
def test_bots_are_told_by_the_agent_as_sent(decoding, said, bot):
    assert decoding.decode("clicks", click(**said)).rows["is_bot"].to_list() == [bot]


def test_what_is_redacted_never_leaves_the_stage(decoding):
    secrets = click(ip='"203.0.113.9"', referrer='"https://s/?m=anna@example.com"', customer_id='"anna@example.com"')
    decoded = decoding.decode("clicks", secrets, secrets[:-1], secrets.replace(b'"url"', b'"uri"'))
    stored = repr(decoded.rows.to_dicts()) + repr(decoded.rejected.to_dicts())
    assert decoded.rejected["reason"].to_list() == ["bad_json", "missing_field"]
    assert "203.0.113.9" not in stored
    assert "anna" not in stored


@pytest.mark.parametrize(
    ("size", "reasons"),
    [
        pytest.param(LARGEST_MESSAGE, [], id="1,048,576 bytes are accepted"),
        pytest.param(LARGEST_MESSAGE + 1, ["too_large"], id="one more is rejected"),
    ],
)
def test_the_largest_message(decoding, size, reasons):
    short = click(referrer='""')
    payload = click(referrer=f'"{"x" * (size - len(short))}"')
    assert len(payload) == size
    assert decoding.decode("clicks", payload).rejected["reason"].to_list() == reasons


def test_the_largest_message_is_as_large_in_a_frame(decoding):
    payload = click(referrer=f'"{"x" * (LARGEST_MESSAGE - len(click(referrer=chr(34) * 2)))}"')
    decoded = decoding.decode("clicks", b"\0\0\0\0\7" + payload, b"\0\0\0\0\7 " + payload)
    assert (decoded.rows.height, decoded.rejected["reason"].to_list()) == (1, ["too_large"])


@pytest.mark.parametrize("payload", [serialized.AVRO, serialized.PROTOBUF], ids=["Avro", "Protobuf"])
def test_what_another_serializer_wrote_is_rejected_with_its_bytes_and_what_to_do(decoding, payload):
    [row] = decoding.decode("orders", order(), payload).rejected.to_dicts()
    assert (row["reason"], row["payload"]) == ("bad_json", payload)
    assert f"schema {int.from_bytes(payload[1:5])}" in row["detail"]
    assert "serialize with JSON Schema" in row["detail"]


@pytest.mark.parametrize(
    ("ahead", "reasons"),
    [
        pytest.param(A_DAY_AHEAD, [], id="a day ahead of the broker"),
        pytest.param(A_DAY_AHEAD + 1, ["absurd_time"], id="a microsecond more"),
    ],
)
@pytest.mark.parametrize("extra", [{}, {"event_id": '"a@b.c"'}], ids=["read by columns", "read by itself"])
def test_how_far_ahead_of_the_broker_s_clock_an_event_may_be(decoding, ahead, reasons, extra):
    """The second message's own time counts for it, not the first one's."""
    decoded = decoding.decode("clicks", click(), click(**extra), sent_at=[NOON, NOON - ahead])
    assert decoded.rejected["reason"].to_list() == reasons


def test_utm_parameters_and_codes_are_read_at_once(decoding):
    [clicked] = decoding.decode("clicks", click(url='"https://s/?u%74m_source=%20IG&utm_term="')).rows.to_dicts()
    [ordered] = decoding.decode("orders", order(codes='["Al ex",null,""]')).rows.to_dicts()
    assert (clicked["utm_source"], clicked["utm_term"], clicked["utm_medium"]) == ("ig", "", None)
    assert (ordered["codes"], ordered["normalised_codes"]) == (["Al ex", None, None], ["alex", None, None])


@pytest.mark.parametrize(
    ("key", "shards", "shard"),
    [
        pytest.param("123456789", 1_000, 0xCBF43926 % 1_000, id="CRC-32, by the standard's own example"),
        pytest.param("", 8, 0, id="of nothing"),
        pytest.param("é", 1, 0, id="one shard holds all"),
    ],
)
def test_shards(key, shards, shard):
    assert shard_of(key, shards) == shard


def test_blocks_pass_through_beam_one_for_one_and_are_counted():
    blocks = [
        Messages("clicks", 0, 0, 500, [0, 200], [click(new="1"), b"{"]),
        Messages("clicks", 0, 500, 600, [], []),
        Messages("orders", 3, 0, 300, [0], [order()]),
    ]
    pipeline = beam.Pipeline(FnApiRunner())
    decoded = pipeline | beam.Create(blocks) | "Decode" >> Decode(b"sixteen bytes or more", shards=4)
    shapes = decoded | beam.Map(lambda d: (d.source, d.start, d.end, d.rows.height, d.rejected.height))
    assert_that(
        shapes, equal_to([("clicks/0", 0, 500, 1, 1), ("clicks/0", 500, 600, 0, 0), ("orders/3", 0, 300, 1, 0)])
    )
    result = pipeline.run()
    result.wait_until_finish()
    counted = {c.key.metric.name: c.committed for c in result.metrics().query()["counters"]}
    assert counted == {"in": 3, "out": 2, "failed": 1, "unconsented": 0, "with_unknown_fields": 1}


@pytest.mark.parametrize("shards", [0, -1])
def test_a_number_of_shards_that_is_none_is_refused(shards):
    with pytest.raises(ValueError, match=f"shards is {shards}"):
        Decode(b"sixteen bytes or more", shards)


HASH_KEY = b"sixteen bytes, or more than that"


def decoded_for_people(topic, *payloads, hashed=(), erased=frozenset()):
    messages = Messages(topic, 0, 0, len(payloads), list(range(len(payloads))), list(payloads))
    return BlockDecoder(topic, HASH_KEY, 4, hashed, erased).decode(messages)


@pytest.mark.parametrize("extra", [{}, {"new": "1"}], ids=["read by columns", "read by itself"])
def test_ids_of_people_are_hashed_where_that_is_asked_for(extra):
    sent = order(customer_id='"c"', **extra), order(customer_id="null"), order(customer_id='"c@x.example"')
    names = Pseudonyms(HASH_KEY, ["customer_id"])
    rows = decoded_for_people("orders", *sent, hashed=["customer_id"]).rows
    assert rows["customer_id"].to_list() == [
        names.of_sent("customer_id", "c"),
        None,
        names.redact_id("c@x.example"),
    ]
    assert set(rows["visitor_id"]) == {"v"}
    clicked = decoded_for_people("clicks", click(), hashed=["customer_id", "visitor_id"]).rows
    assert clicked["shard"].to_list() == [shard_of(clicked["visitor_id"][0], 4)]
    assert clicked["visitor_id"][0].startswith("visitor:")


def test_what_an_erased_person_sends_counts_as_sent_without_consent():
    names = Pseudonyms(HASH_KEY)
    gone = frozenset({names.tombstone("customer_id", "gone"), names.tombstone("visitor_id", "v-gone")})
    clicks = [click(visitor_id='"v-gone"'), click(customer_id='"gone"'), click(), click(consent="false")]
    decoded = decoded_for_people("clicks", *clicks, erased=gone)
    assert (decoded.unconsented.tolist(), decoded.rows["offset"].to_list()) == ([0, 1, 3], [2])
    ordered = decoded_for_people(
        "orders", order(customer_id='"gone"', survey_answer='"me"'), order(visitor_id='"v-gone"'), order(), erased=gone
    ).rows.select("visitor_id", "customer_id", "survey_answer", "subtotal_minor")
    assert ordered.rows() == [(None, None, None, 100), (None, None, None, 100), ("v", "c", None, 100)]
