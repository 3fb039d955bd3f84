"""A version is published whole or not at all, and nobody who reads is ever disturbed."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.failures import BadInput, CheckFailed, LakeUnavailable
from pipelines.warehouse.dbt_runner import project_dir
from pipelines.warehouse.findings import Finding
from pipelines.warehouse.publish import publish
from pipelines.warehouse.versions import current_version, only_publisher, stage
from tests.warehouse.broken import open_to_damage

NOW = datetime(2026, 3, 11, tzinfo=UTC)
MARTS = {file.stem for file in (project_dir() / "models" / "marts").glob("*.sql")}
PUBLISHED_TIMES = 8
READERS = 2

READER = """
import sys, time
from pathlib import Path
import duckdb

current, stop, rounds = Path(sys.argv[1]), Path(sys.argv[2]), 0
while not stop.exists():
    version = current.resolve()
    for file in version.glob('*.parquet'):
        assert duckdb.sql(f"select count(*) from '{file}'").fetchall()[0][0] >= 0, file
    mark = duckdb.sql(f"select distinct reference_version from '{version}/fct_orders.parquet'").fetchall()
    with duckdb.connect(str(version / 'marts.duckdb'), read_only=True) as marts:
        assert marts.sql('select distinct reference_version from fct_orders').fetchall() == mark, version
    with duckdb.connect(str(current / 'marts.duckdb'), read_only=True) as marts:
        assert marts.sql('select count(*) from fct_orders').fetchall() == [(3,)]
    assert duckdb.sql(f"select count(*) from '{current}/fct_orders.parquet'").fetchall() == [(3,)]
    rounds += 1
    time.sleep(0.02)
print(rounds)
"""


def rebuild(root, mark):
    """Replaces the build by one that says `mark`, as `codetrail build` replaces it: by a rename."""
    build = root / "warehouse" / "build.duckdb"
    copy = root / "warehouse" / "copy.duckdb"
    shutil.copy(build, copy)
    with open_to_damage(copy) as connection:
        connection.execute("update fct_orders set reference_version = ?", [mark])
    copy.replace(build)


@pytest.fixture
def published(workspace, approve):
    """A workspace whose first version is published."""
    approve(workspace)
    publish(workspace, NOW)
    return workspace


def test_a_version_holds_every_mart_twice_and_says_what_it_is(published):
    folder, version = current_version(published)
    assert {path.stem for path in folder.glob("*.parquet")} == MARTS
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as marts:
        assert {name for (name,) in marts.execute("select table_name from duckdb_tables()").fetchall()} == MARTS
        of_database = marts.sql("select sum(net_revenue) from fct_orders").fetchall()
    assert duckdb.sql(f"select sum(net_revenue) from '{folder}/fct_orders.parquet'").fetchall() == of_database
    assert of_database == [(Decimal("170.00"),)]
    assert (version.orders, version.provisional_orders, version.reporting_currency) == (3, 3, "USD")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "As of 10 March 2026, 12:05 UTC" in readme
    assert "3 of 3 orders are provisional: late events can move them until 17 March 2026, 12:00 UTC" in readme
    assert re.search(r"\| `fct_orders` \| .+ \| 3 \|", readme)


def test_unchecked_is_not_published(workspace):
    with pytest.raises(CheckFailed, match="run `codetrail check` first"):
        publish(workspace, NOW)
    assert not (workspace / "published").exists()


def test_after_a_failed_check_the_old_version_stays_and_the_rows_are_named(published, approve):
    broken = Finding("fct_orders", "net is never negative", "An order earns.", "block", 1, ({"order_id": "o7"},))
    approve(published, broken)
    with pytest.raises(CheckFailed, match=r"stays.*\n.*fct_orders: net is never negative \(1 row: order_id o7\)"):
        publish(published, NOW)
    assert current_version(published)[1].version == 1


def test_another_build_than_the_checked_one_is_not_published(published):
    with open_to_damage(published / "warehouse" / "build.duckdb") as connection:
        connection.execute("update fct_orders set net_minor = net_minor + 1")
    with pytest.raises(CheckFailed, match="is not the build that was checked"):
        publish(published, NOW)
    assert current_version(published)[1].version == 1


def test_the_last_three_versions_stay(published):
    for _ in range(4):
        publish(published, NOW)
    kept = sorted(path.name for path in (published / "published" / "versions").iterdir())
    assert kept == ["000003", "000004", "000005"]
    assert (published / "published" / "current").readlink() == Path("versions/000005")


def test_what_a_killed_publish_left_is_never_seen_and_cleaned_up(published):
    shop_window = published / "published"
    with only_publisher(shop_window):
        (stage(shop_window) / "fct_orders.parquet").write_bytes(b"half a file")
    (shop_window / ".current.partial").symlink_to("versions/000009")
    assert current_version(published)[1].version == 1
    assert publish(published, NOW).version == 2
    assert sorted(path.name for path in (shop_window / "versions").iterdir()) == ["000001", "000002"]
    assert not (shop_window / ".current.partial").is_symlink()


def test_a_version_that_was_written_and_not_swapped_in_is_followed_by_a_later_one(published):
    versions = published / "published" / "versions"
    shutil.copytree(versions / "000001", versions / "000002")
    assert publish(published, NOW).version == 3
    assert current_version(published)[1].version == 3


def test_two_do_not_publish_at_once(published):
    with only_publisher(published / "published"), pytest.raises(BadInput, match="another publish"):
        publish(published, NOW)


def test_a_place_that_cannot_be_written_is_the_disks_fault(workspace, approve):
    approve(workspace)
    (workspace / "published").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(LakeUnavailable, match="cannot be written") as caught:
        publish(workspace, NOW)
    assert caught.value.exit_code == 3


def test_an_empty_workspace_has_no_version(tmp_path):
    with pytest.raises(BadInput, match="nothing is published"):
        current_version(tmp_path)


def test_a_reader_who_has_the_database_open_does_not_stop_a_publish(published):
    with duckdb.connect(str(published / "published" / "current" / "marts.duckdb"), read_only=True) as reader:
        publish(published, NOW)
        assert reader.sql("select count(*) from fct_orders").fetchall() == [(3,)]


def test_version_json_is_what_publish_returns(published):
    version = publish(published, NOW)
    told = json.loads((published / "published" / "current" / "version.json").read_text(encoding="utf-8"))
    assert (told["version"], told["fingerprint"], told["rows"]) == (2, version.fingerprint, version.rows)


def test_readers_in_a_loop_never_see_a_missing_file_or_a_mix(published, approve):
    stop = published / "stop"
    current = published / "published" / "current"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(current), str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    for times in range(PUBLISHED_TIMES):
        rebuild(published, f"mark {times}")
        approve(published)
        publish(published, NOW)
    stop.touch()
    told = [reader.communicate(timeout=60) for reader in readers]
    assert [(reader.returncode, errors) for reader, (_, errors) in zip(readers, told, strict=True)] == [
        (0, "")
    ] * READERS
    assert all(int(rounds) > 0 for rounds, _ in told)
