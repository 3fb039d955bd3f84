"""Erasure: what is left of a message once a person is taken out of it; its money and its claims stay as they were."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlencode

from pipelines.rules.framing import unframed
from pipelines.rules.links import UTM, utm_parameters

ERASED = "[erased]"
LINK_COLUMNS = ("link_id", *(f"utm_{name}" for name in UTM))
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\/")
NameOf = Callable[[str, str], str]
"""A field and an id of it, in the form in which a lake keeps it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be erased, as a lake knows them.

    `customers` and `visitors`: every stored id with the fresh one that takes its place, as a sender would write it.
    `orders` are theirs; `said` are texts that name them wherever they stand; `dropped` are, by column, what their
    clicks alone named of links that nobody has.
    """

    customers: Mapping[str, str]
    visitors: Mapping[str, str]
    orders: frozenset[str]
    said: tuple[str, ...]
    dropped: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def names(self, column: str) -> Mapping[str, str]:
        """The fresh ids of customer_id or visitor_id by the stored ones."""
        return self.customers if column == "customer_id" else self.visitors


def mentions(text: str, said: tuple[str, ...]) -> bool:
    """Whether a text names one of these as a word of its own: as it is, percent-encoded, or in JSON's escapes."""
    if not said or not text:
        return False
    named = _pattern(said)
    plain = _unescaped(text) if "\\" in text else text
    return named.search(plain) is not None or ("%" in plain and named.search(unquote(plain)) is not None)


def blanked(text: str, said: tuple[str, ...]) -> str:
    """The text without the words that name the person; all of it is gone where they stand in it encoded."""
    left = _pattern(said).sub(ERASED, text) if said else text
    return ERASED if mentions(left, said) else left


def link_words(click: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """What a click may go on to name of links: link_id and utm columns, without what only this person said."""
    return {
        column: None
        if click[column] in person.dropped.get(column, ()) or mentions(click[column] or "", person.said)
        else click[column]
        for column in LINK_COLUMNS
    }


def url_of(words: Mapping[str, str | None]) -> str:
    """An address that says no more than these utm parameters."""
    parameters = {name: value for name, value in words.items() if name.startswith("utm_") and value}
    return f"?{urlencode(parameters)}" if parameters else ""


def without_person(
    event: str, said: Mapping[str, Any], person: Person, stored: NameOf, fresh: NameOf
) -> dict[str, Any]:
    """A click (with its link words), redemption or order without the person: other names, no texts of theirs.

    `stored` gives the form of an id by which the person is known, `fresh` the form of one that takes its place.
    """
    left = dict(said)
    for column in ("customer_id", "visitor_id"):
        sent = said.get(column)
        if isinstance(sent, str) and (name := person.names(column).get(stored(column, sent))) is not None:
            left[column] = fresh(column, name) if _is_read(event, column) else None
    if event == "click":
        words = link_words(said, person)
        agent = said.get("user_agent") if said.get("is_bot") else None
        left |= words | {"url": url_of(words), "referrer": None, "user_agent": agent}
    elif event == "order":
        left["survey_answer"] = None
    return left


def is_of(said: Mapping[str, Any], person: Person, stored: NameOf) -> bool:
    """Whether a message or a row names the person in its ids, or is of one of their orders."""
    for column in ("customer_id", "visitor_id"):
        sent = said.get(column)
        if isinstance(sent, str) and stored(column, sent) in person.names(column):
            return True
    return said.get("order_id") in person.orders and bool(said.get("survey_answer"))


def sent_ids(payload: bytes, person: Person, stored: NameOf) -> set[str]:
    """The person's ids as a message spells them, which a hash does not tell."""
    document = _object(unframed(payload).decode("utf-8", "replace")) or {}
    sent = {column: document.get(column) for column in ("customer_id", "visitor_id")}
    ids = {column: one for column, one in sent.items() if isinstance(one, str)}
    return {one for column, one in ids.items() if stored(column, one) in person.names(column)}


def erased_line(
    line: bytes, event: str, fields: Collection[str], person: Person, stored: NameOf, is_bot: Callable[..., bool]
) -> bytes | None:
    """A message of a topic without the person, padded to its length; None where it does not name them.

    `fields` are those that the event's schema knows, `is_bot` judges an agent and a method. What cannot be read, or
    does not fit, becomes blank, which is no message.
    """
    text = line.decode("utf-8", "replace")
    document = _object(text)
    if document is None:
        return b" " * len(line) if mentions(text, person.said) else None
    if not is_of(document, person, stored) and not mentions(text, person.said):
        return None
    said = {name: value for name, value in document.items() if name in fields and name != "ip"}
    if event == "click":
        url = said.get("url")
        parameters = utm_parameters(url) if isinstance(url, str) else {}
        words: dict[str, Any] = {name: parameters.get(name) for name in LINK_COLUMNS[1:]}
        judged = is_bot(said.get("user_agent"), said.get("http_method"))
        left = without_person(
            event, {"link_id": None, **said, **words, "is_bot": judged}, person, stored, lambda _, name: name
        )
    else:
        left = without_person(event, said, person, stored, lambda _, name: name)
    for column in ("caption", "code"):
        if isinstance(left.get(column), str) and mentions(left[column], person.said):
            left[column] = blanked(left[column], person.said)
    kept = {name: value for name, value in left.items() if name in fields and value is not None}
    return _fitted(kept, len(line), ("customer_id",) if event == "click" else ("customer_id", "visitor_id"))


def payload_names(payload: bytes, person: Person, stored: NameOf) -> bool:
    """Whether a rejected message's bytes name the person."""
    text = unframed(payload).decode("utf-8", "replace")
    document = _object(text)
    return mentions(text, person.said) or (document is not None and is_of(document, person, stored))


def _is_read(event: str, column: str) -> bool:
    """Whether attribution reads the id: a click's customer, and a redemption's ids, say nothing of an order."""
    return event == "order" or (event == "click" and column == "visitor_id")


def _fitted(left: dict[str, Any], length: int, optional: Sequence[str]) -> bytes:
    for without in (optional[:count] for count in range(len(optional) + 1)):
        kept = {name: value for name, value in left.items() if name not in without}
        line = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        if len(line) <= length:
            return line.ljust(length)
    return b" " * length


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


@lru_cache(maxsize=8)
def _pattern(said: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(one) for one in sorted(said, key=len, reverse=True))
    return re.compile(rf"(?<![0-9A-Za-z])(?:{words})(?![0-9A-Za-z])", re.IGNORECASE)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "/", text)
