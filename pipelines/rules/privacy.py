"""Privacy: what is taken out of a message before anything is decided or stored."""

import hmac
import re
from ipaddress import ip_address

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
    """Turns ids that hold an e-mail address into `email:` and a keyed hash (HMAC-SHA256) of the whole id."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError(f"the hash key has {len(key)} bytes: give at least 16 random ones")
        self._key = key

    def redact_id(self, identifier: str) -> str:
        if not holds_email(identifier):
            return identifier
        return f"email:{hmac.digest(self._key, identifier.encode(), 'sha256').hex()[:32]}"


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
