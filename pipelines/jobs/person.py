"""Person: who a customer is to a lake: their visitors and orders, how they are spelt, and what only they said."""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

import polars as pl

from pipelines.jobs.begin import World
from pipelines.rules.erasure import LINK_COLUMNS, Person, sent_ids
from pipelines.rules.privacy import OF_EMAIL, Pseudonyms
from pipelines.stores.lake import Lake
from pipelines.stores.topic_erasure import lines_of
from pipelines.stores.topics import TopicFile

LEAST_NEEDLE = 4  # characters; shorter words stand in every text and page


def person_of(
    world: World, pseudonyms: Pseudonyms, customer: str, also: Iterable[str], files: Sequence[TopicFile]
) -> Person:
    """The visitors of a customer's orders, clicks and redemptions, each id with a fresh one that nobody knows.

    `also` are further texts that name them, `files` the topics' with the messages as sent.
    """
    lake = world.workspace.lake
    held = pseudonyms.of_sent("customer_id", customer)
    theirs = pl.col("customer_id") == held
    orders = frozenset(lake.read("orders", ["order_id"], theirs)["order_id"])
    of_orders = lake.read("orders", ["visitor_id"], theirs | pl.col("order_id").is_in(list(orders)))
    found = [of_orders, *(lake.read(table, ["visitor_id"], theirs) for table in ("clicks", "redemptions"))]
    # Some shops send a customer's id for a visitor's.
    visitors = sorted({pseudonyms.of_sent("visitor_id", customer), *pl.concat(found)["visitor_id"].drop_nulls()})
    person = Person(
        customers={held: _fresh(world.new_token())},
        visitors={one: _fresh(world.new_token()) for one in visitors},
        orders=orders,
        said=(),
    )
    is_hashed = "visitor_id" in world.settings.hashed or any(one.startswith(OF_EMAIL) for one in visitors)
    spelt = _spellings(lake, person, pseudonyms, files) if is_hashed else visitors
    said = dict.fromkeys(word for word in (customer, *also, *sorted(spelt)) if len(word) >= LEAST_NEEDLE)
    return replace(person, said=tuple(said), dropped=_dropped(lake, person))


def _spellings(lake: Lake, person: Person, pseudonyms: Pseudonyms, files: Sequence[TopicFile]) -> set[str]:
    """How senders spell the person's ids, which a hash does not tell, as far as messages are there that do."""
    payloads: Iterable[bytes] = lake.read("rejected_events", ["payload"])["payload"]
    sent = chain(payloads, *(lines_of(file) for file in files))
    return {one for payload in sent for one in sent_ids(payload, person, pseudonyms.of_sent)} | {*person.visitors}


def _dropped(lake: Lake, person: Person) -> dict[str, frozenset[str]]:
    """By column what their clicks alone named of links, and no row of the reference data ever had."""
    by_customer = pl.col("customer_id").is_in(list(person.customers)).fill_null(value=False)
    is_theirs = pl.col("visitor_id").is_in(list(person.visitors)) | by_customer
    theirs = lake.read("clicks", list(LINK_COLUMNS), is_theirs)
    rows = [json.loads(row) for row in lake.read("reference_rows", ["row"], pl.col("table") == "links")["row"]]
    dropped = {}
    for column in LINK_COLUMNS:
        said = set(theirs[column].drop_nulls())
        known = {str(row.get(column) or "") for row in rows}
        known |= {one.strip().casefold() for one in known}
        unknown = list(said - known)
        others = lake.read("clicks", [column], pl.col(column).is_in(unknown) & ~is_theirs)
        dropped[column] = frozenset(unknown) - frozenset(others[column])
    return {column: values for column, values in dropped.items() if values}


def _fresh(token: str) -> str:
    """A name that says nothing: eight characters, so that it fits where an id stood, of 48 bits by chance."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:6]).decode()
