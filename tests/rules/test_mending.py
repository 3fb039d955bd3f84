"""Mending: what an expression makes of a message, and which fields a message out of the lake has lost."""

import pytest

from pipelines.failures import BadInput
from pipelines.rules.mending import Unmendable, lost_fields, mending
from pipelines.rules.privacy import redact_payload
from pipelines.schema_store import event_schema

ORDER = event_schema("order")["properties"]
CLICK = event_schema("click")["properties"]
FRAME = b"\0\0\0\0\7"


@pytest.mark.parametrize(
    ("expression", "before", "after"),
    [
        (None, b'{"a": 1,\xff', b'{"a": 1,\xff'),
        ('.subtotal |= sub(","; ".")', b'{"subtotal": "19,90"}', b'{"subtotal":"19.90"}'),
        ("del(.shipping) # a comment", b'{"shipping": 1, "n": 1.50}', b'{"n":1.50}'),
        (".", b'{"n": 12345678901234567890, "m": 0.1}', b'{"n":12345678901234567890,"m":0.1}'),
        (".", '{"é": "\\u0007"}'.encode(), '{"é":"\\u0007"}'.encode()),
        ('.subtotal |= sub(","; ".")', FRAME + b'{"subtotal": "19,90"}', FRAME + b'{"subtotal":"19.90"}'),
        (None, FRAME + b'{"a": 1,', FRAME + b'{"a": 1,'),
    ],
)
def test_an_expression_changes_what_it_names_and_no_digit_of_the_rest(expression, before, after):
    assert mending(expression)(before) == after


def test_what_is_no_json_can_be_mended_as_text():
    mend = mending('sub("NaN"; "0") | fromjson', as_text=True)
    assert mend(b'{"views": NaN}') == b'{"views":0}'
    assert mend(FRAME + b'{"views": NaN}') == FRAME + b'{"views":0}'
    assert mending("{text: .}", as_text=True)(b"\xff") == '{"text":"�"}'.encode()


@pytest.mark.parametrize(
    ("expression", "payload", "why"),
    [
        (".", b'{"a":', "cannot be applied"),
        (".a.b", b'{"a": 1}', "cannot be applied"),
        ("empty", b"{}", "gives 0 values"),
        ("., .", b"{}", "gives 2 values"),
        (".", b"{} {}", "gives 2 values"),
    ],
)
def test_a_message_that_it_does_not_fit_says_why(expression, payload, why):
    with pytest.raises(Unmendable, match=why):
        mending(expression)(payload)


def test_an_expression_that_is_none_is_bad_input():
    with pytest.raises(BadInput, match="does not understand"):
        mending(".a(")


@pytest.mark.parametrize(
    ("properties", "sent", "lost"),
    [
        (ORDER, b'{"customer_id": "ana@example.com", "order_id": "7"}', ["customer_id"]),
        (ORDER, b'{"customer_id": "ana%40example.com"}', ["customer_id"]),
        (ORDER, b'{"customer_id": "ana\\u0040example.com"}', ["customer_id"]),
        (ORDER, b'{"order_id": "host-10.1.2.3"}', ["order_id"]),
        (ORDER, FRAME + b'{"customer_id": "ana@example.com"}', ["customer_id"]),
        (ORDER, b'{"codes": ["10.1.2.3"]}', ["codes"]),
        (CLICK, b'{"url": "https://shop.example/?utm_source=ana@example.com"}', []),
        (CLICK, b'{"ip": "10.1.2.3", "note": "10.1.2.3", "note_id": "ana@example.com"}', []),
        (CLICK, b'{"user_agent": "Crawler (bots@example.com)"}', ["user_agent"]),
        (ORDER, b'{"customer_id": "email:0123456789abcdef0123456789abcdef"}', []),
        (ORDER, b"[1]", []),
        (ORDER, b'{"customer_id": ana@example.com', []),
    ],
)
def test_what_redaction_took_and_decoding_would_have_kept_is_lost(properties, sent, lost):
    assert lost_fields(redact_payload(sent), properties) == lost
