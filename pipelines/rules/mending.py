"""Mending: a rejected message changed by an expression of jq, and which of its fields redaction made another's."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jq

from pipelines.failures import BadInput
from pipelines.rules.framing import framed_as, unframed

EMAIL, ADDRESS = "[email]", "[ip]"
_AGENT = "user_agent"
_NEVER_STORED = "ip"


class Unmendable(Exception):
    """A message that stays as it is; the text says why, and what to do instead."""


def mending(expression: str | None, *, as_text: bool = False) -> Callable[[bytes], bytes]:
    """What makes of a message's bytes those to send; without an expression the bytes as they are.

    The expression sees the message, or with `as_text` its characters as one text, undecodable bytes as U+FFFD, and
    gives the message that is to be sent. Numbers that it does not touch keep their digits. A Schema Registry's frame
    is not seen, and goes out with the message as it came.
    The function raises Unmendable; BadInput at once for an expression that jq does not understand.
    """
    if expression is None:
        return lambda payload: payload
    try:
        program = jq.compile(f"({expression}\n) | tojson")  # as text: jq's own numbers are binary64
    except ValueError as error:
        raise BadInput(f"jq does not understand the expression {expression!r}: {error}") from error

    def mended(payload: bytes) -> bytes:
        text = unframed(payload).decode(errors="replace")
        try:
            given = program.input_value(text) if as_text else program.input_text(text)
            results = given.all()
        except ValueError as error:
            raise Unmendable(f"the expression cannot be applied: {error}") from error
        if len(results) != 1:
            raise Unmendable(f"the expression gives {len(results)} values: it has to give the one message to send")
        sent: str = results[0]
        return framed_as(payload, sent.encode())

    return mended


def lost_fields(payload: bytes, properties: Mapping[str, Any]) -> list[str]:
    """The fields of a message out of the lake that would be decoded otherwise than as they were sent.

    An id with an address became the same text for everybody, where decoding makes a pseudonym of its own for each;
    a user agent decides about bots as it was sent; and an IP literal is taken out of a stored payload alone.
    """
    try:
        document = json.loads(unframed(payload))
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict):
        return []
    told = {name: json.dumps(value) for name, value in document.items() if name in properties and name != _NEVER_STORED}
    return [
        name
        for name, text in told.items()
        if ADDRESS in text or (EMAIL in text and (name.endswith("_id") or name == _AGENT))
    ]
