"""Which schemas there are: the events, the reference tables, the lake and the marts, each with its columns in words."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

EVENTS: Mapping[str, str] = {
    "click": "clicks",
    "redemption": "redemptions",
    "order": "orders",
    "post_metrics": "post_metrics",
}
"""Each event with the topic that carries it."""
_EVENT_OF = {topic: event for event, topic in EVENTS.items()}

REFERENCE_TABLES = (
    "influencers",
    "campaigns",
    "codes",
    "links",
    "commission_plans",
    "costs",
    "fx_rates",
    "targets",
    "rate_card",
    "deliverables",
    "channels",
    "audience_quality",
)
"""Every table comes after those that it refers to, but for the plans, which several name."""

_PACKAGE = Path(__file__).parent
_QUALIFIED = "x-qualified"  # the column means something else elsewhere, so its text is found by table only


@cache
def schema_folder() -> Path:
    """`schemas/`: inside an installed package, otherwise at the root of the checkout."""
    installed = _PACKAGE / "_data" / "schemas"
    return installed if installed.is_dir() else _PACKAGE.parent / "schemas"


def event_schema(event: str, version: int = 1) -> Schema:
    """The JSON Schema of one event; raises KeyError for an event or a version that there is not."""
    return _load(f"{event}/{version}")


def identity_of(topic: str) -> tuple[str, ...]:
    """The fields that make two messages of a topic one event; raises KeyError for a topic that there is not."""
    return tuple(event_schema(_EVENT_OF[topic])["x-key"])


def partition_key_of(topic: str) -> str:
    """The field by which a topic's messages are keyed and sharded; raises KeyError for a topic that there is not."""
    key: str = event_schema(_EVENT_OF[topic])["x-partition-key"]
    return key


def reference_schema(table: str) -> Schema:
    """One row of a reference table as an object; raises KeyError for a table that there is not."""
    return _load(f"reference/{table}")


def lake_schema(table: str) -> Schema:
    """One row of a lake table as an object; raises KeyError for a table that there is not."""
    return _load(f"lake/{table}")


@cache
def column_descriptions() -> dict[str, str]:
    """What each column means, by `column` and by `table.column`.

    A column whose schema says `x-qualified` means something else in another table: its text is found by
    `table.column` alone. Every other name has one text wherever it stands. The parts of a list of structs
    count as columns of their own, `order_attributions.claims.reason`, and of the list's name, `claims.reason`.
    """
    descriptions: dict[str, str] = {}
    for table, column, spec in columns():
        descriptions[f"{table}.{column}"] = spec["description"]
        if not spec.get(_QUALIFIED, False):
            descriptions[column] = spec["description"]
    return descriptions


def columns() -> Iterator[tuple[str, str, Schema]]:
    """Every described column: table, column, and what its schema says of it."""
    for event in EVENTS:
        yield from _properties(event, event_schema(event))
    for table in REFERENCE_TABLES:
        yield from _properties(table, reference_schema(table))
    for file in sorted((schema_folder() / "lake").glob("*.json")):
        yield from _properties(file.stem, lake_schema(file.stem))
    for file in sorted((schema_folder() / "warehouse").glob("*.json")):
        for column, spec in _load(f"warehouse/{file.stem}")["properties"].items():
            mart, _, name = column.rpartition(".")
            yield mart or "warehouse", name, {**spec, _QUALIFIED: True} if mart else spec


def _properties(table: str, schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    for column, spec in schema["properties"].items():
        yield table, column, spec
        for part, part_spec in spec.get("items", {}).get("properties", {}).items():
            yield table, f"{column}.{part}", part_spec


@cache
def _load(name: str) -> Schema:
    file = schema_folder() / f"{name}.json"
    if not file.is_file():
        raise KeyError(name)
    schema: Schema = json.loads(file.read_bytes())
    schema["properties"] = {column: _resolved(spec) for column, spec in schema["properties"].items()}
    return schema


def _resolved(spec: Schema) -> Schema:
    """The spec that a `$ref` such as `click/1#/properties/visitor_id` names, under the words beside the `$ref`."""
    if "$ref" in spec:
        name, _, column = spec["$ref"].partition("#/properties/")
        return {**_load(name)["properties"][column], **{key: value for key, value in spec.items() if key != "$ref"}}
    parts = spec.get("items", {}).get("properties")
    if parts:
        resolved = {part: _resolved(part_spec) for part, part_spec in parts.items()}
        return {**spec, "items": {**spec["items"], "properties": resolved}}
    return spec
