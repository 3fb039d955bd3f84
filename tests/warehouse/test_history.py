"""The history of versions outlives their folders, and whoever dies on the way."""

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from pipelines.failures import BadInput
from pipelines.warehouse.check import fingerprint_of
from pipelines.warehouse.findings import CheckResult
from pipelines.warehouse.history import HISTORY, PUBLISHED_VERSIONS, published_versions, record
from pipelines.warehouse.publish import publish
from pipelines.warehouse.versions import current_version
from tests.warehouse.conftest import ARRIVED

NOW = datetime(2026, 3, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def published_five_times(small_workspace, tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    (root / "warehouse").mkdir()
    shutil.copy(small_workspace / "warehouse" / "build.duckdb", root / "warehouse")
    approved(root)
    for days in range(5):
        publish(root, NOW + timedelta(days=days))
    return root


@pytest.fixture
def published(published_five_times, tmp_path):
    """A workspace of five versions, of which three folders are left."""
    shutil.copytree(published_five_times, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


def approved(root):
    fingerprint = fingerprint_of(root / "warehouse" / "build.duckdb")
    CheckResult(True, NOW, fingerprint, expectations=1, tables=1, failures=(), warnings=()).write(
        root / "warehouse" / "check.json"
    )


def numbers(root):
    return published_versions(root)["version"].to_pylist()


def test_every_version_is_remembered_though_its_folder_is_gone(published):
    assert len(list((published / "published" / "versions").iterdir())) == 3
    rows = published_versions(published).to_pylist()
    assert [row["version"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["published_at"] for row in rows] == [NOW + timedelta(days=days) for days in range(5)]
    assert {(row["orders"], row["net_revenue"], row["attributed_until"]) for row in rows} == {
        (3, Decimal("170.0000"), ARRIVED)
    }


def test_a_version_whose_publisher_died_after_the_swap_is_remembered(published):
    file = published / "published" / HISTORY
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert numbers(published) == [1, 2, 3, 4, 5]  # by a build
    publish(published, NOW)
    assert len(file.read_bytes().splitlines()) == 6  # by the next publisher


def test_a_version_that_never_became_current_is_not(published):
    versions = published / "published" / "versions"
    shutil.copytree(versions / "000005", versions / "000006")
    assert publish(published, NOW).version == 7
    assert numbers(published) == [1, 2, 3, 4, 5, 7]


def test_recording_again_changes_nothing(published):
    file = published / "published" / HISTORY
    before = file.read_bytes()
    record(published)
    assert file.read_bytes() == before


def test_what_was_published_before_there_was_a_history_counts_by_when(published):
    (published / "published" / HISTORY).unlink()
    folder, version = current_version(published)
    told = msgspec.json.decode(msgspec.json.encode(version))
    former = {name: value for name, value in told.items() if name not in ("attributed_until", "net_revenue")}
    (folder / "version.json").write_bytes(msgspec.json.encode(former))
    (row,) = published_versions(published).to_pylist()
    assert (row["version"], row["attributed_until"], row["net_revenue"]) == (5, row["published_at"], None)


def test_an_empty_workspace_has_no_history(tmp_path):
    assert published_versions(tmp_path).equals(PUBLISHED_VERSIONS.empty_table())


def test_a_line_that_cannot_be_read_is_named(published):
    with (published / "published" / HISTORY).open("ab") as file:
        file.write(b"{\n")
    with pytest.raises(BadInput, match=r"history.ndjson, line 6: .*remove this line"):
        published_versions(published)
