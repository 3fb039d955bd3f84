"""Privacy: what is taken out of a message before anything is decided or stored, and the names that stand for people."""

import hmac
import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address

SHORTEST_KEY = 16  # bytes
PSEUDONYMISED: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "customers": ("customer_id",),
    "all": ("customer_id", "visitor_id"),
}
"""The fields whose ids are hashed, by the setting `pseudonymise`."""
OF_EMAIL = "email:"  # what the name of an id with an e-mail address begins with
_HASHED_EMAIL = re.compile(f"{OF_EMAIL}[0-9a-f]{{32}}")
_DOMAIN = r"[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++"
# A run of local-part characters is consumed whole, whether or not an address follows: each start inside the
# run would fail alike, so the search stays linear in the text's length.
_EMAIL = re.compile(rf"([A-Za-z0-9._+-]++)((?:@|%40){_DOMAIN})?")
_EMAIL_IN_BYTES = re.compile(rf"([A-Za-z0-9._+-]++)((?:@|%40|\\u0040){_DOMAIN})?".encode())
_IPV4 = rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?[0-9])"
_IP = re.compile(
    rb"(?:(?<![0-9A-Za-z.])|(?<=\\[bfnrt]))"  # not inside a word; the letter of a JSON escape is no word
    rb"(?:(?:[0-9A-Fa-f]{0,4}:){2,9}(?:" + _IPV4 + rb"|[0-9A-Fa-f]{0,4})(?![0-9A-Za-z:])|" + _IPV4 + rb")"
)
_IPV4_INSIDE = re.compile(_IPV4)


def redact_text(text: str) -> str:
    """The text with every e-mail address replaced by `[email]`."""
    if "@" not in text and "%40" not in text:
        return text
    return _EMAIL.sub(lambda found: "[email]" if found[2] else found[0], text)


def holds_email(text: str) -> bool:
    return redact_text(text) != text


class Pseudonyms:
    """The names under which people are stored: keyed hashes (HMAC-SHA256), the same for the same id and key.

    `hashed` are the fields whose every id is replaced; in any other an id that holds an e-mail address is.
    """

    def __init__(self, key: bytes, hashed: Collection[str] = ()) -> None:
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"the hash key has {len(key)} bytes: give at least {SHORTEST_KEY} random ones")
        self._key = key
        self._hashed = frozenset(hashed)

    def redact_id(self, identifier: str) -> str:
        """An id that holds an e-mail address as `email:` and a hash of the whole; any other as it is."""
        return f"{OF_EMAIL}{self._digest(identifier)}" if holds_email(identifier) else identifier

    def stored(self, field: str, redacted: str) -> str:
        """The form in which a field keeps an id that `redact_id` has seen: `customer:` and a hash, where it hashes."""
        if field not in self._hashed or _HASHED_EMAIL.fullmatch(redacted):
            return redacted
        return f"{field.removesuffix('_id')}:{self._digest(field, redacted)}"

    def of_sent(self, field: str, sent: str) -> str:
        """The form in which a field keeps an id as it was sent."""
        return self.stored(field, self.redact_id(sent))

    def tombstone(self, field: str, stored: str) -> str:
        """What is kept of an erased id, to know it again: it tells nothing without the key."""
        return self._digest("erased", field, stored)

    def fingerprint(self) -> str:
        """Tells this key from another, and nothing else of it."""
        return self._digest("fingerprint of the key")[:16]

    def _digest(self, *parts: str) -> str:
        return hmac.digest(self._key, "\0".join(parts).encode(), "sha256").hex()[:32]


def redact_payload(payload: bytes) -> bytes:
    """A rejected message's bytes without e-mail addresses and IP literals; all else stays as it was."""
    without_email = _EMAIL_IN_BYTES.sub(lambda found: b"[email]" if found[2] else found[0], payload)
    return _IP.sub(_without_address, without_email)


def _without_address(found: re.Match[bytes]) -> bytes:
    """A colon before or behind may be the message's own: `{"ip":2001:db8::1}`, `from ::1: refused`."""
    literal = found[0]
    inner = literal.removeprefix(b":")
    for bare in (literal, inner, literal.removesuffix(b":"), inner.removesuffix(b":")):
        if _is_address(bare):
            return literal.replace(bare, b"[ip]", 1)
    return _IPV4_INSIDE.sub(lambda inside: b"[ip]" if _is_address(inside[0]) else inside[0], literal)


def _is_address(literal: bytes) -> bool:
    """Times of day look like IPv6 groups: only what parses as an address is one."""
    try:
        ip_address(literal.decode())
    except ValueError:
        return False
    return literal != b"::"
