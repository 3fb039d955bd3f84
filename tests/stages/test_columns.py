"""Reading by columns: whatever it reads is what the rules say of each message by itself."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.failures import Reason
from pipelines.records import EVENTS
from pipelines.rules.decoding import LARGEST_MESSAGE, LATEST_IN_FILES
from pipelines.rules.privacy import redact_payload
from pipelines.schema_store import event_schema, schema_folder
from pipelines.stages.columns import PlainMessages

PLAIN = {
    "clicks": b'{"event_id":"e","occurred_at":"2026-03-01T12:00:00Z","visitor_id":"v","url":"https://s/?utm_source=a"}',
    "redemptions": b'{"event_id":"e","occurred_at":"2026-03-01T12:00:00+01:00","code":"ALEX","order_id":"o"}',
    "orders": b'{"event_id":"e","occurred_at":"2026-03-01T12:00:00.5Z","order_id":"o","kind":"placed","currency":"USD",'
    b'"subtotal":"19.90","codes":["A"]}',
    "post_metrics": b'{"event_id":"e","occurred_at":"2026-03-01T12:00:00Z","post_id":"p","influencer_id":"i",'
    b'"platform":"instagram","content_type":"reel","likes":7}',
}
for new in EVENTS.keys() - PLAIN.keys():  # of a topic beside the contract's: the example with every field
    PLAIN[new] = (schema_folder() / "examples" / f"{EVENTS[new]}.1.every-field.pass.json").read_bytes()
SENT_AT = 1_772_366_400_000_000  # 2026-03-01T12:00Z


@pytest.mark.parametrize("topic", EVENTS)
def test_plain_messages_are_read_by_columns(topic):
    plain = PlainMessages(event_schema(EVENTS[topic]))
    rows, left = plain.read([PLAIN[topic]] * 3, LATEST_IN_FILES, LARGEST_MESSAGE)
    assert (rows["place"].to_list(), left) == ([0, 1, 2], [])


@pytest.mark.parametrize("topic", EVENTS)
def test_a_block_without_messages_has_no_rows(topic, decoding):
    both = decoding.both(topic, [])
    assert both[0] == both[1]


@pytest.mark.parametrize("topic", EVENTS)
@settings(max_examples=120)
@given(data=st.data())
def test_blocks_are_decoded_as_their_messages_one_by_one(topic, decoding, messages_of, data):
    payloads = data.draw(st.lists(messages_of(EVENTS[topic]), max_size=6))
    times = st.lists(st.integers(SENT_AT, SENT_AT + 10**12), min_size=len(payloads), max_size=len(payloads))
    by_columns, one_by_one = decoding.both(topic, payloads, data.draw(st.none() | times))
    assert by_columns == one_by_one


@pytest.mark.parametrize("topic", EVENTS)
@settings(max_examples=40)
@given(data=st.data())
def test_messages_in_a_frame_are_decoded_as_without_one(topic, decoding, messages_of, data):
    """All or some of a block's: only the stored bytes of what is rejected tell them apart."""
    payloads = data.draw(st.lists(messages_of(EVENTS[topic]).map(lambda payload: b"{" + payload[1:]), max_size=6))
    frames = st.integers(1, 2**24).map(lambda schema: b"\0" + schema.to_bytes(4)) | st.just(b"")
    framed = [data.draw(frames) + payload for payload in payloads]
    plain, _ = decoding.both(topic, payloads)
    by_columns, one_by_one = decoding.both(topic, framed)
    assert by_columns == one_by_one
    bytes_of = dict(zip((10 + 3 * place for place in range(len(framed))), framed, strict=True))
    assert all(redact_payload(bytes_of[at]) == stored for at, stored, *_ in by_columns["rejected"])
    for found in (plain, by_columns):
        found["rejected"] = [(at, *told) for at, _, *told in found["rejected"]]
    assert by_columns == plain


@pytest.mark.parametrize("topic", EVENTS)
def test_messages_in_a_frame_are_read_by_columns(topic):
    plain = PlainMessages(event_schema(EVENTS[topic]))
    rows, left = plain.read([b"\0\0\0\0\7" + PLAIN[topic], PLAIN[topic]], LATEST_IN_FILES, LARGEST_MESSAGE)
    assert (rows["place"].to_list(), left) == ([0, 1], [])


@pytest.mark.parametrize("topic", EVENTS)
def test_every_example_is_decoded_as_by_itself(topic, decoding):
    files = sorted((schema_folder() / "examples").glob(f"{EVENTS[topic]}.1.*"))
    by_columns, one_by_one = decoding.both(topic, [file.read_bytes() for file in files])
    verdicts = [file.name.split(".")[-2] for file in files]
    assert by_columns == one_by_one
    assert len(by_columns["rejected"]) == verdicts.count("fail")
    assert len(by_columns["rows"]) + len(by_columns["unconsented"]) == verdicts.count("pass")


def mangled(payload, rng):
    """One fault of those that a broken sender, a bad disk or a hostile mind would make."""
    raw = bytearray(payload)
    place = rng.randrange(len(raw))
    quotes = [i for i, byte in enumerate(raw) if byte == ord('"')]
    colons = [i for i, byte in enumerate(raw) if byte == ord(":")]
    cut = rng.choice(colons) + 1
    fault = rng.randrange(10)
    if fault == 0:
        raw[place] ^= 1 << rng.randrange(8)
    elif fault == 1:
        del raw[place : place + rng.randrange(1, 20)]
    elif fault == 2:
        raw[place:place] = rng.randbytes(rng.randrange(1, 6))
    elif fault == 3:
        raw[place:] = b""
    elif fault == 4:
        raw[cut:cut] = rng.choice([b"null,", b"[", b"-", b"0", b"{", b'"', b"1e5,", b'"\\ud800'])
    elif fault == 5:
        one, other = sorted(rng.sample(quotes, 2))
        raw[one:other] = raw[one:other][::-1]
    elif fault == 6:
        deep = rng.choice([3, 50, 5_000])
        raw[-1:] = b',"deep":' + b"[" * deep + b"]" * deep + b"}"
    elif fault == 7:
        raw[-1:] = b',"large":' + b"9" * rng.choice([20, 400, 5_000]) + rng.choice([b"", b"e9", b".5"]) + b"}"
    elif fault == 8:
        text = "".join(chr(rng.choice([rng.randrange(32, 127), rng.randrange(0x110000)])) for _ in range(8))
        raw[rng.choice(quotes) + 1 : place] = text.encode("utf-8", "surrogatepass")
    else:
        raw[cut:] = rng.choice([b"true}", b"[]}", b"{}}", b"-0}", b'"x"}', b"1.0}", b'"\\u0000"}', b"NaN}"])
    return bytes(raw)


@pytest.mark.parametrize("topic", EVENTS)
def test_each_of_2500_mangled_messages_is_stored_or_rejected_with_a_reason(topic, decoding):
    rng = random.Random(f"mangled {topic}")
    files = sorted((schema_folder() / "examples").glob(f"{EVENTS[topic]}.1.*.pass.json"))
    whole = [PLAIN[topic], *(file.read_bytes() for file in files if file.stat().st_size < 2_000)]
    payloads = [mangled(rng.choice(whole), rng) for _ in range(2_500)]
    by_columns, one_by_one = decoding.both(topic, payloads)
    kept = [row["offset"] for row in by_columns["rows"]] + by_columns["unconsented"]
    refused = [offset for offset, *_ in by_columns["rejected"]]
    assert sorted(kept + refused) == [10 + 3 * place for place in range(2_500)]
    assert {reason for *_, reason, _ in by_columns["rejected"]} <= set(Reason)
    assert all(detail for *_, detail in by_columns["rejected"])
    assert min(len(kept), len(refused)) > 50
    assert by_columns == one_by_one
