"""The reference history: every version can be read as it was, and two of them compared cell by cell."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.failures import BadInput
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.stores.reference_history import (
    changes,
    named_version,
    read_version,
    recorded_versions,
    remember_rows,
    setting_changes,
)
from pipelines.stores.registry import remember_version
from pipelines.stores.workspace import Workspace
from pipelines.testing import HASH_KEY
from tests.jobs.worlds import write_reference

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


@pytest.fixture
def loaded(tmp_path):
    """Loads the workspace's reference data after some cells were replaced."""
    write_reference(tmp_path)

    def load(table=None, old="", new=""):
        if table:
            file = tmp_path / "reference" / f"{table}.csv"
            file.write_text(file.read_text().replace(old, new))
        return Workspace(tmp_path).reference(HASH_KEY).tables

    return load


def record(lake, version, tables, hours, by="ana@shop"):
    at = AT + timedelta(hours=hours)
    remember_rows(lake, version, tables, at, by, 1)
    remember_version(lake, version, Settings(), at, 1)


def test_a_version_is_read_as_it_was(lake, loaded):
    first = loaded()
    second = loaded("codes", "LEAK,ana", "LEAK,cleo")
    record(lake, "version-1", first, 0)
    record(lake, "version-2", second, 1)
    assert read_version(lake, "version-1") == first
    assert read_version(lake, "version-2") == second
    assert read_version(lake, "version-3") is None


def test_an_email_in_the_reference_data_is_not_kept(lake, loaded):
    record(lake, "version-1", loaded("influencers", "cust-ana", "ana@example.com"), 0)
    stored = lake.read("reference_rows")
    assert not stored["row"].str.contains("ana@example.com", literal=True).any()
    assert stored["row"].str.contains("email:", literal=True).any()


def test_who_brought_each_version_is_told_also_of_one_that_came_back(lake, loaded):
    tables = loaded()
    for hours, (version, by) in enumerate([("version-1", "ana"), ("version-2", "ben"), ("version-1", "cleo")]):
        record(lake, version, tables, hours, by)
    seen = [(one.reference_version, one.recorded_by) for one in recorded_versions(lake)]
    assert seen == [("version-1", "ana"), ("version-2", "ben"), ("version-1", "cleo")]


def test_the_same_version_again_writes_nothing(lake, loaded):
    record(lake, "version-1", loaded(), 0)
    before = lake.open("reference_rows").version()
    record(lake, "version-1", loaded(), 1)
    assert lake.open("reference_rows").version() == before


def test_changes_are_told_by_table_key_and_column(loaded):
    before = loaded()
    loaded("codes", "LINK,cleo,tokyo,,,link_wins,\n", "LATE,ben,spring,,,,\n")
    after = loaded("fx_rates", "EUR,1.0837", "EUR,1.0900")
    told = {(c.table, c.key, c.column, c.kind): (c.before, c.after) for c in changes(before, after)}
    assert told["codes", ("LATE", None), "influencer_id", "added"] == (None, "ben")
    assert told["codes", ("LINK", None), "credit_policy", "removed"] == ("link_wins", None)
    assert told["fx_rates", ("2026-03-01", "EUR"), "rate", "changed"] == ("1.0837", "1.09")
    assert {table for table, *_ in told} == {"codes", "fx_rates"}


def test_changed_settings_are_told(lake):
    [change] = setting_changes(Settings().deciding(), Settings(policy="link_wins").deciding())
    assert (change.column, change.before, change.after) == ("policy", "code_wins", "link_wins")


def test_a_version_is_named_by_its_first_characters(lake, loaded):
    record(lake, "abcdef-1", loaded(), 0)
    assert named_version(lake, "abcdef").reference_version == "abcdef-1"
    for name in ("abcde", "fedcba"):
        with pytest.raises(BadInput, match="reference list"):
            named_version(lake, name)


def test_a_version_of_an_older_lake_has_a_name_and_no_rows(lake):
    remember_version(lake, "version-1", Settings(), AT, 1)
    [only] = recorded_versions(lake)
    assert only.recorded_by is None
    assert read_version(lake, "version-1") is None
