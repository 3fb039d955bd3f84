"""The schemas and their examples: every file in `schemas/examples` is a test by being there."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pipelines.failures import Reason
from pipelines.rules.decoding import MessageDecoder, Rejection
from pipelines.schema_store import (
    EVENTS,
    REFERENCE_TABLES,
    column_descriptions,
    columns,
    event_schema,
    lake_schema,
    reference_schema,
    schema_folder,
)
from pipelines.stores.tables import LANDING, TABLES

EXAMPLE_NAME = re.compile(
    r"(?P<event>[a-z_]+)\.(?P<version>[1-9][0-9]*)\.(?P<reason>[a-z0-9_]+(-[a-z0-9_]+)*)\.(?P<verdict>pass|fail)\.json"
)
UNSEEN_BY_A_SCHEMA = {
    Reason.ABSURD_TIME: "the clock is not the schema's",
    Reason.TOO_MANY_DECIMALS: "each currency has its own digits",
    Reason.UNKNOWN_CURRENCY: "the list of currencies is not the schema's",
}
NO_DOCUMENT = {Reason.BAD_UTF8, Reason.BAD_JSON, Reason.NOT_AN_OBJECT}
NOT_IN_AN_EXAMPLE = {Reason.TOO_LARGE: "a file of a megabyte would say nothing more"}
OF_EVENTS = {
    "click": NO_DOCUMENT
    | {Reason.MISSING_FIELD, Reason.WRONG_TYPE, Reason.BAD_LENGTH, Reason.BAD_TIME, Reason.ABSURD_TIME},
}
OF_EVENTS["redemption"] = OF_EVENTS["click"]
OF_EVENTS["post_metrics"] = OF_EVENTS["click"] | {Reason.BAD_VALUE}
OF_EVENTS["order"] = set(Reason) - set(NOT_IN_AN_EXAMPLE)


@dataclass(frozen=True, slots=True)
class Example:
    """One message; `reason` is why it must be rejected, and None for one that must pass."""

    event: str
    version: int
    slug: str
    reason: Reason | None
    payload: bytes

    def beyond_the_schema(self) -> bool:
        """The document is well-formed for JSON Schema, and still wrong."""
        calendar = self.reason is Reason.BAD_TIME and "no-such" in self.slug
        return self.reason in UNSEEN_BY_A_SCHEMA or calendar


def read_example(file: Path) -> Example:
    """Raises ValueError for a name that does not say event, version, reason and verdict."""
    name = EXAMPLE_NAME.fullmatch(file.name)
    if name is None or name["event"] not in EVENTS:
        raise ValueError(f"{file.name}: name it <event>.<version>.<reason>.<pass|fail>.json")
    reason = Reason(name["reason"].partition("-")[0]) if name["verdict"] == "fail" else None
    return Example(name["event"], int(name["version"]), name["reason"], reason, file.read_bytes())


def example_files() -> list[Path]:
    return sorted((schema_folder() / "examples").iterdir())


def without_absent(document: dict[str, Any], required: set[str]) -> dict[str, Any]:
    """The document as decoding sees it: nulls, and empty texts of optional fields, are absent."""
    return {name: value for name, value in document.items() if value is not None and (value != "" or name in required)}


def schemas() -> dict[str, dict[str, Any]]:
    return {
        **{f"{event}/1": event_schema(event) for event in EVENTS},
        **{f"reference/{table}": reference_schema(table) for table in REFERENCE_TABLES},
        **{f"lake/{table}": lake_schema(table) for table in TABLES},
    }


@pytest.mark.parametrize("file", example_files(), ids=lambda file: file.name)
def test_the_decoder_gives_the_verdict_and_the_reason_in_the_file_name(file):
    example = read_example(file)
    schema = event_schema(example.event, example.version)
    validator = jsonschema_rs.Draft202012Validator(schema)
    decoder = MessageDecoder(schema, validator.iter_errors, redact_id=lambda text: text, redact_text=lambda text: text)
    try:
        decoder.decode(example.payload)
        reason = None
    except Rejection as rejection:
        reason = rejection.reason
    assert reason is example.reason


@pytest.mark.parametrize(
    "file", [f for f in example_files() if read_example(f).reason not in NO_DOCUMENT], ids=lambda file: file.name
)
def test_the_schema_alone_gives_the_verdict_where_it_can_see_the_fault(file):
    example = read_example(file)
    schema = event_schema(example.event, example.version)
    document = without_absent(json.loads(example.payload), set(schema["required"]))
    accepted = jsonschema_rs.Draft202012Validator(schema).is_valid(document)
    assert accepted is (example.reason is None or example.beyond_the_schema())


@pytest.mark.parametrize(
    "file", [f for f in example_files() if read_example(f).reason is None], ids=lambda file: file.name
)
def test_the_schema_accepts_a_good_message_as_it_was_sent(file):
    """A sender who validates before sending need not know that nulls are taken out first."""
    example = read_example(file)
    jsonschema_rs.Draft202012Validator(event_schema(example.event)).validate(json.loads(example.payload))


@pytest.mark.parametrize("event", EVENTS)
def test_every_reason_that_a_document_can_show_has_an_example(event):
    shown = {example.reason for file in example_files() if (example := read_example(file)).event == event}
    if event in OF_EVENTS:
        assert shown == OF_EVENTS[event] | {None}
    else:  # what is decoded alike for every event the others show
        assert shown > {None}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("click.1.fail.json", id="no reason"),
        pytest.param("click.1.bad_time.maybe.json", id="no verdict"),
        pytest.param("visit.1.bad_time.fail.json", id="no such event"),
        pytest.param("click.1.broken.fail.json", id="no such reason"),
        pytest.param("click.one.bad_time.fail.json", id="no such version"),
        pytest.param("click.1.bad time.fail.json", id="a space in the reason"),
    ],
)
def test_a_wrong_file_name_is_an_error(tmp_path, name):
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ValueError, match=re.escape(name) + "|is not a valid Reason"):
        read_example(tmp_path / name)


@pytest.mark.parametrize("name", schemas())
def test_a_schema_keeps_to_the_metaschema(name):
    metaschema = json.loads((schema_folder() / "metaschema.json").read_bytes())
    jsonschema_rs.Draft202012Validator(metaschema).validate(schemas()[name])


def test_every_described_column_keeps_to_the_metaschema():
    metaschema = json.loads((schema_folder() / "metaschema.json").read_bytes())
    field = jsonschema_rs.Draft202012Validator({"$ref": "#/$defs/field", "$defs": metaschema["$defs"]})
    assert [f"{table}.{column}" for table, column, spec in columns() if not field.is_valid(spec)] == []


@pytest.mark.parametrize("name", schemas())
def test_a_schema_names_itself_and_only_fields_that_it_has(name):
    schema = schemas()[name]
    fields = set(schema["properties"])
    bounds = {bound for interval in schema.get("x-intervals", []) for bound in (interval["from"], interval["to"])}
    currencies = {spec["x-currency"] for spec in schema["properties"].values() if "x-currency" in spec}
    assert schema["$id"] == name
    assert ("x-partition-key" in schema) is ("x-topic" in schema)
    keys = {*schema["x-key"], *([schema["x-partition-key"]] if "x-partition-key" in schema else [])}
    assert {*keys, *schema.get("required", []), *schema.get("x-references", {}), *bounds} <= fields
    assert currencies <= fields


@pytest.mark.parametrize("table", REFERENCE_TABLES)
def test_references_lead_to_columns_that_exist(table):
    for target in reference_schema(table)["x-references"].values():
        other, _, column = target.partition(".")
        assert column in reference_schema(other)["properties"]


@pytest.mark.parametrize("event", EVENTS)
def test_a_schema_is_itself_valid_json_schema(event):
    assert jsonschema_rs.meta.is_valid(event_schema(event))
    assert event_schema(event)["x-topic"] == EVENTS[event]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_the_lake_is_described_and_no_other(table):
    assert list(lake_schema(table)["properties"]) == TABLES[table].names


@pytest.mark.parametrize("column", ["claims", "credits"])
def test_every_part_of_a_claim_and_a_credit_is_described(column):
    parts = [part.name for part in TABLES["order_attributions"].field(column).type.value_type]
    assert list(lake_schema("order_attributions")["properties"][column]["items"]["properties"]) == parts


def test_a_network_address_is_in_no_landing_table():
    assert all("ip" not in lake_schema(table)["properties"] for table in LANDING)


def test_a_name_has_one_text_unless_it_is_qualified():
    texts = defaultdict(set)
    for _, column, spec in columns():
        if not spec.get("x-qualified", False):
            texts[column].add(spec["description"])
    assert {column: found for column, found in texts.items() if len(found) > 1} == {}


def test_every_measure_of_the_roi_marts_is_described():
    measures = """orders new_customer_orders gross_revenue net_revenue cost_fee cost_product cost_shipping cost_agency
        cost_platform cost_labour cost_boost cost_other commission cost_total profit roi_pct roas cpa cpc cpm cpe aov
        clicks valid_clicks ctr conversion_rate assisted_orders impressions reach engagements engagement_rate
        engagement_rate_by_reach engagement_rate_by_views emv tier platform status influencer_id campaign_id model"""
    assert set(measures.split()) <= set(column_descriptions())
