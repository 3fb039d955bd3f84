"""Testing: what tests of this package and of its users need: runs with a clock of their own, and lakes compared."""

import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import polars as pl

from pipelines.jobs.begin import Ran, World
from pipelines.jobs.drain import drain_topics
from pipelines.records import Messages
from pipelines.settings import load_settings
from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING
from pipelines.stores.topics import BLOCK_MESSAGES
from pipelines.stores.workspace import Workspace

HASH_KEY = b"a key for tests, known to everyone"
CLOCK = datetime(2026, 4, 1, tzinfo=UTC)

LakeState = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
"""Table -> key of a row -> its columns."""

_PLACE = ("topic", "partition", "offset")
PARTS = {
    "subtotal_minor": "gross_minor",
    "net_minor": "amount_minor",
    "subtotal_reporting_minor": "gross_reporting_minor",
    "net_reporting_minor": "amount_reporting_minor",
}
"""What a credit calls its part of each of an order's amounts."""
_OF_THE_RUN = ("revision_key", "computed_at", "cause", "status", "reference_version")


def drain(root: Path, *, now: datetime = CLOCK, block_messages: int = BLOCK_MESSAGES) -> Ran:
    """What `codetrail --workspace ROOT run` does, at a fixed moment and with a key that everybody knows."""
    return drain_topics(world_of(root, now=now), block_messages)


def world_of(root: Path, *, now: datetime = CLOCK, **options: Any) -> World:
    """The world that a test's runs are given: settings are the workspace's, with these options."""
    workspace = Workspace(root)
    tokens = itertools.count()
    settings = load_settings(workspace.settings_file, options)
    return World(workspace, settings, HASH_KEY, lambda: now, lambda: str(next(tokens)))


def sent(*blocks: Messages) -> beam.PTransform:
    """A source of these blocks, in this order, for a job or a stage under test."""
    return beam.Create(list(blocks), reshuffle=False).with_output_types(Messages)


def messages_of(topic: str, events: Iterable[Mapping[str, Any] | bytes], start: int = 0) -> Messages:
    """A block of one partition with these events as a Kafka topic would number them: from `start`, one by one."""
    payloads = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    offsets = list(range(start, start + len(payloads)))
    return Messages(topic, 0, start, start + len(payloads), offsets, payloads)


def write_topic(root: Path, topic: str, events: Iterable[Mapping[str, Any] | bytes]) -> Path:
    """Appends events, one a line, to the workspace's topic file; the file."""
    file = root / "topics" / f"{topic}.ndjson"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as stream:
        stream.writelines((e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n" for e in events)
    return file


def current_attributions(lake: Lake) -> pl.DataFrame:
    """Each order's current revision, by order id; no row for a set of events that is no order any more."""
    revisions = lake.read("order_attributions").sort("order_id", "revision_key")
    return revisions.unique("order_id", keep="last", maintain_order=True).filter(pl.col("ordered_at").is_not_null())


def lake_state(lake: Lake) -> LakeState:
    """All that two lakes of the same messages must agree on, whatever the order, batching or engine."""
    state: LakeState = {}
    for table in LANDING:
        state[table] = _by_key(lake.read(table).drop("ingested_at"), _PLACE)
    rejected = lake.read("rejected_events").filter(pl.col("step") == "decode").drop("ingested_at")
    state["rejected_events"] = _by_key(rejected, _PLACE)
    state["order_attributions"] = _by_key(current_attributions(lake).drop(_OF_THE_RUN), ("order_id",))
    return state


def assert_equal_lakes(found: Lake, expected: Lake) -> None:
    """Raises AssertionError with the first difference: table, row and columns."""
    assert_equal_states(lake_state(found), lake_state(expected))


def assert_equal_states(found: LakeState, expected: LakeState) -> None:
    for table in expected.keys() | found.keys():
        difference = _first_difference(table, found.get(table, {}), expected.get(table, {}))
        if difference:
            raise AssertionError(difference)


def assert_money_adds_up(lake: Lake) -> None:
    """Raises AssertionError unless the credits of each order and model sum to the order's money, each amount alike.

    A model that credits nobody leaves the whole order unattributed; both together are all that was ordered.
    """
    orders = current_attributions(lake).select("order_id", "credits", *PARTS)
    given = orders.select("order_id", "credits").explode("credits", empty_as_null=False).unnest("credits")
    sums = given.group_by("order_id", "model").agg(pl.col(list(PARTS.values())).sum())
    joined = sums.join(orders.drop("credits"), on="order_id", how="left")
    differs = [pl.col(part) != pl.col(whole).fill_null(0) for whole, part in PARTS.items()]
    if (wrong := joined.filter(pl.any_horizontal(differs))).height:
        raise AssertionError(f"{wrong.height} splits do not add up, the first: {wrong.to_dicts()[0]}")
    total = orders["net_minor"].sum()
    for (model,), its in given.partition_by("model", as_dict=True).items():
        credited = int(its["amount_minor"].sum())
        unattributed = int(orders.join(its, on="order_id", how="anti")["net_minor"].sum())
        if credited + unattributed != total:
            raise AssertionError(f"{model} credits {credited} and leaves {unattributed} of {total}")


def _by_key(rows: pl.DataFrame, key: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by their key, which none may share, lists sorted (but for an order event's codes, whose order says)."""
    keyed: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows.to_dicts():
        for name in ("claims", "credits", "flags"):
            if row.get(name) is not None:
                row[name] = sorted(row[name], key=repr)
        place = tuple(row[name] for name in key)
        if place in keyed:
            raise AssertionError(f"two rows of {', '.join(key)} {place}: {keyed[place]} and {row}")
        keyed[place] = row
    return keyed


def _first_difference(
    table: str, found: Mapping[tuple[Any, ...], dict[str, Any]], expected: Mapping[tuple[Any, ...], dict[str, Any]]
) -> str | None:
    missing, added = expected.keys() - found.keys(), found.keys() - expected.keys()
    if missing or added:
        return (
            f"{table}: {len(found)} rows for {len(expected)}: {len(missing)} missing ({_some(missing)}), "
            f"{len(added)} too many ({_some(added)})"
        )
    for key in sorted(expected, key=repr):
        if found[key] != expected[key]:
            columns = [name for name in expected[key] if found[key].get(name) != expected[key][name]]
            told = [f"  {name}: {found[key].get(name)!r}\n   not {expected[key][name]!r}" for name in columns]
            return "\n".join([f"{table} {key} differs:", *told])
    return None


def _some(keys: Iterable[tuple[Any, ...]]) -> str:
    return ", ".join(map(str, sorted(keys, key=repr)[:3])) or "none"
