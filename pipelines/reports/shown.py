"""How a report shows what others wrote: every character that prints as it is, an escape for all others."""

import json
from datetime import UTC, datetime

import msgspec
from rich.text import Text

NOTHING = "–"


def shown(text: str) -> str:
    """The text without power over a terminal, on one line: controls, escape sequences, characters without a
    width, direction marks and odd spaces become `\\x1b`, `\\u202e` and so on. A backslash stays a backslash.

    Square brackets stay too: whoever prints a report uses `cell`, or switches rich's markup off.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown_bytes(payload: bytes) -> str:
    """Bytes as UTF-8 text that is safe to print; what is no UTF-8 becomes `\\xff`."""
    return shown(payload.decode(errors="backslashreplace"))


def cell(text: object, style: str = "") -> Text:
    """A piece of a report that rich prints literally, its markup and emoji names too; None is a dash."""
    return Text(NOTHING if text is None else shown(str(text)), style=style)


def paragraph(text: str, style: str = "") -> Text:
    """A message of several lines, each of them printed literally."""
    return Text("\n".join(shown(line) for line in text.split("\n")), style=style)


def moment(instant: datetime | None) -> str:
    """To the second, in UTC."""
    return NOTHING if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def size(count: int | None) -> str:
    """Bytes with three significant digits: 999 B, 1.23 MB; powers of 1000."""
    if count is None:
        return NOTHING
    if count < 1000:
        return f"{count} B"
    power = min(4, (len(str(count)) - 1) // 3)
    value = count / 1000**power
    return f"{value:.{max(0, 3 - len(str(int(value))))}f} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def as_json(report: object) -> str:
    """A report as JSON in ASCII: amounts as exact strings, instants as RFC 3339, bytes as base64."""
    return json.dumps(msgspec.to_builtins(report), indent=2)
