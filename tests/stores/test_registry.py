"""The registry: files keep their partition, settings that decide stay what the lake was made with."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.failures import BadInput
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.stores.registry import known_files, remember_files, remember_version, require_same_settings
from pipelines.stores.topics import TopicFile, topic_files

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clicks.ndjson"
    path.write_bytes(b'{"a":1}\n{"a":2}\n')
    return TopicFile("clicks", 0, path.name, path)


def test_a_lake_that_is_not_there_knows_nothing(tmp_path):
    assert known_files(Lake(tmp_path)) == []
    require_same_settings(Lake(tmp_path), Settings())


def test_a_file_is_remembered_with_how_far_it_was_read(lake, file):
    remember_files(lake, [(file, 0)], AT, 1)
    remember_files(lake, [(file, 8)], AT + timedelta(hours=1), 1)
    [known] = known_files(lake)
    assert (known.topic, known.partition, known.file, known.offset) == ("clicks", 0, "clicks.ndjson", 8)
    assert known.fingerprint == file.fingerprint(8) != file.fingerprint(16)


def test_what_is_known_already_is_not_written_again(lake, file):
    remember_files(lake, [(file, 8)], AT, 1)
    version = lake.open("topic_files").version()
    remember_files(lake, [(file, 8)], AT, 1)
    assert lake.open("topic_files").version() == version


def test_a_remembered_file_keeps_its_partition(lake, file, tmp_path):
    second = TopicFile("clicks", 1, "later.ndjson", file.path)
    remember_files(lake, [(second, 0), (file, 0)], AT, 1)
    assert {known.partition: known.file for known in known_files(lake)} == {0: "clicks.ndjson", 1: "later.ndjson"}


def test_a_remembered_file_that_is_gone_is_refused(lake, file, tmp_path):
    remember_files(lake, [(file, 16)], AT, 1)
    file.path.unlink()
    with pytest.raises(BadInput, match=r"clicks.ndjson was read up to byte 16 and is gone"):
        topic_files(tmp_path, known_files(lake))


@pytest.mark.parametrize(
    "other", [{"policy": "link_wins"}, {"window_days": 7}, {"shards": 3}, {"reporting_currency": "EUR"}]
)
def test_other_settings_that_decide_are_refused(lake, other):
    remember_version(lake, "v1", Settings(), AT, 1)
    require_same_settings(lake, Settings())
    with pytest.raises(BadInput, match="codetrail restate"):
        require_same_settings(lake, Settings(**other))


def test_settings_that_decide_nothing_may_change(lake):
    remember_version(lake, "v1", Settings(), AT, 1)
    require_same_settings(lake, Settings(lateness_days=3, disorder_seconds=1))


def test_a_version_is_recorded_when_it_changes(lake):
    for hours, version in enumerate(["v1", "v1", "v2", "v1"]):
        remember_version(lake, version, Settings(), AT + timedelta(hours=hours), 1)
    recorded = lake.read("reference_versions").sort("recorded_at")["reference_version"].to_list()
    assert recorded == ["v1", "v2", "v1"]
