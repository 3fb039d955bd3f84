"""Framing: the five bytes that a Schema Registry's serializer puts before a message, and the JSON behind them.

No JSON text begins with a zero byte, so a frame is known by itself. Which schema its id names is not asked: a message
is held to Codetrail's own. Serializers that put the id into a header leave the value as it is, which needs no frame.
"""

from collections.abc import Sequence

MAGIC = b"\0"
FRAME = 5  # bytes: the magic one and the schema's id, big-endian
# Avro and Protobuf seldom begin with one of these: as a first length or index the byte would be a negative number.
_JSON_BEGINS = (b"{", b"[")
_SPACE = b" \t\r\n"
_ABOVE = b"\x01"  # no greater message is framed


def schema_id(payload: bytes) -> int | None:
    """The id of a framed message's schema; None of a message without a frame."""
    return int.from_bytes(payload[len(MAGIC) : FRAME]) if _is_framed(payload) else None


def unframed(payload: bytes) -> bytes:
    """What lies behind the frame; a message without one as it is."""
    return payload[FRAME:] if _is_framed(payload) else payload


def all_unframed(payloads: Sequence[bytes]) -> Sequence[bytes]:
    """Each message without its frame; the same sequence where none can have one."""
    if min(payloads, default=_ABOVE) >= _ABOVE:  # one pass in C, cheaper than asking each
        return payloads
    return [unframed(payload) for payload in payloads]


def framed_as(payload: bytes, text: bytes) -> bytes:
    """The text in the frame of a message that it takes the place of, if that one's is a frame of JSON."""
    return payload[:FRAME] + text if _is_framed(payload) and not is_foreign(payload) else text


def is_foreign(payload: bytes) -> bool:
    """Whether a frame holds no JSON object or array, but what another serializer wrote."""
    return _is_framed(payload) and not payload[FRAME:].lstrip(_SPACE).startswith(_JSON_BEGINS)


def _is_framed(payload: bytes) -> bool:
    return payload.startswith(MAGIC) and len(payload) >= FRAME
