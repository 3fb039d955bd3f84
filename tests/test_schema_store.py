"""Finding schemas and the words for a column."""

import pytest

from pipelines import schema_store
from pipelines.schema_store import (
    EVENTS,
    REFERENCE_TABLES,
    column_descriptions,
    event_schema,
    identity_of,
    lake_schema,
    partition_key_of,
    reference_schema,
)


def test_a_checkout_finds_its_own_folder():
    assert (schema_store.schema_folder() / "metaschema.json").is_file()


def test_an_installed_package_finds_the_folder_inside_it(tmp_path, monkeypatch):
    inside = tmp_path / "_data" / "schemas"
    inside.mkdir(parents=True)
    monkeypatch.setattr(schema_store, "_PACKAGE", tmp_path)
    schema_store.schema_folder.cache_clear()
    try:
        assert schema_store.schema_folder() == inside
    finally:
        schema_store.schema_folder.cache_clear()


def test_events_and_reference_tables_are_those_in_the_folder():
    folder = schema_store.schema_folder()
    assert {file.parent.name for file in folder.glob("*/1.json")} == set(EVENTS)
    assert {file.stem for file in (folder / "reference").iterdir()} == set(REFERENCE_TABLES)


@pytest.mark.parametrize(
    ("read", "name"),
    [
        pytest.param(event_schema, "visit", id="an event"),
        pytest.param(lambda version: event_schema("click", version), 999, id="a version"),
        pytest.param(reference_schema, "weather", id="a reference table"),
        pytest.param(lake_schema, "weather", id="a lake table"),
        pytest.param(identity_of, "weather", id="a topic, asked for its identity"),
        pytest.param(partition_key_of, "weather", id="a topic, asked for its key"),
    ],
)
def test_what_there_is_not_is_a_key_error(read, name):
    with pytest.raises(KeyError, match=str(name)):
        read(name)


@pytest.mark.parametrize(
    ("topic", "identity", "key"),
    [
        pytest.param("clicks", ("event_id", "visitor_id"), "visitor_id", id="clicks"),
        pytest.param("redemptions", ("event_id", "order_id"), "order_id", id="redemptions"),
        pytest.param("orders", ("event_id", "order_id"), "order_id", id="orders"),
        pytest.param("post_metrics", ("event_id",), "post_id", id="post_metrics"),
    ],
)
def test_what_makes_two_messages_one_event_and_what_keeps_them_together(topic, identity, key):
    assert identity_of(topic) == identity
    assert partition_key_of(topic) == key


def test_a_lake_column_takes_its_words_from_the_event_that_brings_it():
    assert lake_schema("clicks")["properties"]["visitor_id"] == event_schema("click")["properties"]["visitor_id"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("roas", "net_revenue / cost_total", id="a measure"),
        pytest.param("clicks.visitor_id", "browser or device", id="a column of a lake table"),
        pytest.param("commission_plans.kind", "tiered", id="a name that means something else here"),
        pytest.param("kind", "redemption", id="the same name unqualified: what most tables mean"),
        pytest.param("claims.reason", "self_purchase", id="a part of a list of structs"),
        pytest.param("order_attributions.credits.weight", "0 to 1", id="the same with its table"),
        pytest.param("dim_influencer.name", "influencer's name", id="a column of one mart"),
    ],
)
def test_a_column_in_words(name, words):
    assert words in column_descriptions()[name]


def test_a_qualified_name_has_no_unqualified_text():
    assert "name" not in column_descriptions()
