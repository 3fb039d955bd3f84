"""Framing: what is a frame and what is not, and that nothing is read otherwise for standing in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.framing import all_unframed, framed_as, is_foreign, schema_id, unframed
from tests.rules import serialized

TEXT = b'{"a":1}'


@pytest.mark.parametrize(
    ("payload", "schema", "text", "foreign"),
    [
        pytest.param(TEXT, None, TEXT, False, id="plain JSON"),
        pytest.param(b"", None, b"", False, id="nothing"),
        pytest.param(b"\0", None, b"\0", False, id="a zero byte alone"),
        pytest.param(b"\0\0\0\1", None, b"\0\0\0\1", False, id="a byte short of a frame"),
        pytest.param(b"\1" + TEXT, None, b"\1" + TEXT, False, id="another magic byte"),
        pytest.param(b"\0\0\0\1\2" + TEXT, 258, TEXT, False, id="a frame, its id big-endian"),
        pytest.param(b"\0\xff\xff\xff\xff" + TEXT, 2**32 - 1, TEXT, False, id="the largest id"),
        pytest.param(b"\0{}{}" + TEXT, 0x7B7D7B7D, TEXT, False, id="an id that looks like JSON"),
        pytest.param(b"\0\0\0\0\7\r\n\t {", 7, b"\r\n\t {", False, id="space before the JSON"),
        pytest.param(b"\0\0\0\0\7[1]", 7, b"[1]", False, id="an array, which the decoder refuses"),
        pytest.param(b"\0\0\0\0\7", 7, b"", True, id="a frame around nothing"),
        pytest.param(b"\0\0\0\0\7\x04e1", 7, b"\x04e1", True, id="something else"),
        pytest.param(serialized.AVRO, 5, serialized.AVRO[5:], True, id="Avro by its own serializer"),
        pytest.param(serialized.PROTOBUF, 6, serialized.PROTOBUF[5:], True, id="Protobuf by its own serializer"),
    ],
)
def test_what_a_frame_is(payload, schema, text, foreign):
    assert (schema_id(payload), unframed(payload), is_foreign(payload)) == (schema, text, foreign)


@pytest.mark.parametrize(
    ("replaced", "sent"),
    [
        pytest.param(b"\0\0\0\0\7" + TEXT, b"\0\0\0\0\7{}", id="a frame goes out as it came"),
        pytest.param(TEXT, b"{}", id="none where none was"),
        pytest.param(serialized.AVRO, b"{}", id="none of Avro's, whose schema it is not"),
    ],
)
def test_what_takes_a_framed_message_s_place_is_framed_as_it_was(replaced, sent):
    assert framed_as(replaced, b"{}") == sent


@given(st.lists(st.binary(max_size=8) | st.binary(max_size=8).map(lambda rest: b"\0" + rest)))
def test_many_are_unframed_as_one_by_one(payloads):
    assert list(all_unframed(payloads)) == [unframed(payload) for payload in payloads]


def test_the_two_strategies_of_the_serializer_say_the_same():
    assert {topic: unframed(value) for topic, value in serialized.BY_PREFIX.items()} == {
        topic: value for topic, (value, _) in serialized.BY_HEADER.items()
    }
