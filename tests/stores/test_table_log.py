"""The log of a table: what Delta's own library reads back, what it wrote itself, and who was quicker."""

import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.transaction import AddAction
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.failures import LakeUnavailable
from pipelines.stores import table_log
from pipelines.stores.data_files import added, write
from pipelines.stores.table_log import STAGED, TRUSTED_SECONDS, Contended, TableLog, writing

ROWS = pa.table({"n": [1, 2]})


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "table"
    DeltaTable.create(folder, schema=ROWS.schema)
    return folder


def file_of(folder, name="a.parquet"):
    write(folder / name, ROWS.schema, [ROWS])
    return added(folder / name, ROWS, data_change=True)


def by_delta(folder, **transactions):
    """A commit of Delta's own library."""
    marks = [Transaction(name, version) for name, version in transactions.items()]
    write_deltalake(folder, ROWS, mode="append", commit_properties=CommitProperties(app_transactions=marks))


def names(folder):
    return sorted(path.name for path in (folder / "_delta_log").iterdir())


def test_delta_reads_what_was_committed(folder):
    log = TableLog(folder)
    log.commit([file_of(folder)], {"mark": 7, "other": 1})
    log.commit([], {"mark": 8})
    opened = DeltaTable(folder)
    assert (log.version, opened.version()) == (2, 2)
    assert opened.to_pyarrow_table() == ROWS
    assert [opened.transaction_version(name) for name in ("mark", "other", "none")] == [8, 1, None]
    assert [log.transaction_version(name) for name in ("mark", "other", "none")] == [8, 1, None]
    assert opened.history(1)[0]["operation"] == "WRITE"
    assert not any(name.endswith(".tmp") for name in names(folder))


def test_delta_goes_on_from_a_checkpoint_of_such_commits(folder, monkeypatch):
    monkeypatch.setattr(table_log, "CHECKPOINT_COMMITS", 3)
    log = TableLog(folder)
    for n in range(4):
        log.commit([file_of(folder, f"{n}.parquet")], {"mark": n})
    for version in range(4):
        (folder / "_delta_log" / f"{version:020}.json").unlink()
    opened = DeltaTable(folder)
    assert (opened.version(), opened.transaction_version("mark"), opened.to_pyarrow_table().num_rows) == (4, 3, 8)
    assert TableLog(folder).transaction_version("mark") == 3


def test_what_others_commit_is_taken_in(folder):
    log = TableLog(folder)
    by_delta(folder, mark=5)
    by_delta(folder, mark=6, other=1)
    log.catch_up()
    assert (log.version, log.transaction_version("mark"), log.transaction_version("other")) == (2, 6, 1)


STEPS = {
    "append": by_delta,
    "own": lambda folder: TableLog(folder).commit([file_of(folder, f"own-{len(names(folder))}.parquet")], {}),
    "compact": lambda folder: DeltaTable(folder).optimize.compact(),
    "delete": lambda folder: DeltaTable(folder).delete("n = 1"),
    "overwrite": lambda folder: write_deltalake(folder, ROWS, mode="overwrite"),
    "checkpoint": lambda folder: DeltaTable(folder).create_checkpoint(),
    "properties": lambda folder: DeltaTable(folder).alter.set_table_properties({"delta.appendOnly": "false"}),
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=8))
def test_its_files_are_those_that_delta_lists(steps):
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "a table"
        DeltaTable.create(folder, schema=ROWS.schema)
        followed, asked_at_last = TableLog(folder), TableLog(folder)
        followed.files()
        for step in steps:
            STEPS[step](folder)
            followed.catch_up()
            opened = DeltaTable(folder)
            assert followed.files() == {unquote(uri) for uri in opened.file_uris()}
            assert (followed.version, followed.table_id) == (opened.version(), opened.metadata().id)
            assert all(Path(file).exists() for file in followed.files())
        asked_at_last.catch_up()
        assert asked_at_last.files() == followed.files()


def test_its_files_are_named_alike_however_the_folder_was_given(folder, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    for given_as in (Path("table"), Path("link") / "table", tmp_path / "link" / "table"):
        log = TableLog(given_as)
        before = log.files()
        by_delta(folder)
        log.commit([file_of(folder, f"{len(before)}.parquet")], {})
        assert log.files() == {unquote(uri) for uri in DeltaTable(given_as).file_uris()} > before
        DeltaTable(folder).optimize.compact()
        log.catch_up()
        assert log.files() == {unquote(uri) for uri in DeltaTable(given_as).file_uris()}


def test_who_is_quicker_with_something_else_is_followed(folder):
    log = TableLog(folder)
    by_delta(folder, other=1)
    log.commit([file_of(folder)], {"mark": 1})
    assert (log.version, log.transaction_version("other"), DeltaTable(folder).version()) == (2, 1, 2)
    assert DeltaTable(folder).to_pyarrow_table().num_rows == 4


def test_who_is_quicker_with_the_same_mark_wins(folder):
    log = TableLog(folder)
    by_delta(folder, other=1)
    by_delta(folder, mark=3)
    with pytest.raises(Contended, match="commit 2"):
        log.commit([file_of(folder)], {"mark": 1})
    opened = DeltaTable(folder)
    assert (opened.version(), opened.transaction_version("mark"), log.transaction_version("mark")) == (2, 3, 3)


def test_threads_that_commit_at_once_each_get_a_version_of_their_own(folder):
    commits, writers = 20, 4

    def commit(writer):
        log = TableLog(folder)
        for n in range(commits):
            log.commit([file_of(folder, f"{writer}-{n}.parquet")], {f"writer {writer}": n})

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(commit, range(writers)))
    opened = DeltaTable(folder)
    assert opened.version() == commits * writers
    assert opened.to_pyarrow_table().num_rows == commits * writers * ROWS.num_rows
    assert {opened.transaction_version(f"writer {writer}") for writer in range(writers)} == {commits - 1}


def test_the_writers_of_a_process_follow_each_other(folder):
    inside = threading.Event()
    seen = []

    def second():
        inside.wait()
        with writing(folder) as log:
            seen.append(log.transaction_version("mark"))

    thread = threading.Thread(target=second)
    thread.start()
    with writing(folder) as log:
        inside.set()
        log.commit([], {"mark": 4})
    thread.join()
    assert seen == [4]


def test_a_writer_whose_commit_failed_opens_the_table_anew(folder):
    def fail():
        with writing(folder) as log:
            failed.append(log)
            by_delta(folder, mark=3)
            log.commit([], {"mark": 1})

    failed = []
    with pytest.raises(Contended):
        fail()
    with writing(folder) as log:
        assert log not in failed
        assert log.transaction_version("mark") == 3


def test_a_log_that_was_long_not_looked_at_is_opened_anew(folder, monkeypatch):
    """Cleaned up since: the commit after its own is not there any more, and must not be written a second time."""
    with writing(folder) as first:
        pass
    for mark in range(3):
        by_delta(folder, mark=mark)
    DeltaTable(folder).create_checkpoint()
    for version in range(3):
        (folder / "_delta_log" / f"{version:020}.json").unlink()
    later = table_log.time.monotonic() + TRUSTED_SECONDS + 1
    monkeypatch.setattr(table_log.time, "monotonic", lambda: later)
    with writing(folder) as log:
        assert log is not first
        log.commit([], {"mark": 9})
    assert DeltaTable(folder).version() == 4


def test_a_mark_that_was_never_asked_for_is_found_when_the_log_before_is_gone(folder, monkeypatch):
    by_delta(folder, seldom=4)
    log = TableLog(folder)
    by_delta(folder, mark=1)
    log.catch_up()
    DeltaTable(folder).create_checkpoint()
    for version in range(2):
        (folder / "_delta_log" / f"{version:020}.json").unlink()
    by_delta(folder, seldom=9)
    later = table_log.time.monotonic() + TRUSTED_SECONDS + 1
    monkeypatch.setattr(table_log.time, "monotonic", lambda: later)
    assert (log.transaction_version("seldom"), log.transaction_version("never"), log.version) == (4, None, 2)
    log.catch_up()
    assert (log.transaction_version("seldom"), log.transaction_version("mark"), log.version) == (9, 1, 3)


def test_a_log_that_was_purged_just_now_is_opened_by_what_is_left(folder):
    by_delta(folder, seldom=4)
    log = TableLog(folder)
    DeltaTable(folder).create_checkpoint()
    (folder / "_delta_log" / f"{0:020}.json").unlink()
    files = log.files()
    assert (log.transaction_version("seldom"), log.transaction_version("never"), log.version) == (4, None, 1)
    assert {Path(file).name for file in files} == {path.name for path in folder.glob("*.parquet")}


def test_who_was_quicker_is_found_also_behind_a_commit_that_changed_the_table_itself(folder):
    log = TableLog(folder)
    DeltaTable(folder).alter.set_table_properties({"delta.logRetentionDuration": "interval 7 days"})
    by_delta(folder, mark=4)
    with pytest.raises(Contended, match="commit 2"):
        log.commit([file_of(folder)], {"mark": 1})
    assert (log.version, log.transaction_version("mark")) == (2, 4)


def test_a_table_that_asks_more_of_its_writers_is_left_alone(folder):
    log = TableLog(folder)
    DeltaTable(folder).alter.add_constraint({"positive": "n > 0"})
    log.catch_up()
    assert log.version == 1
    with pytest.raises(LakeUnavailable, match=r"version [3-7] of Delta's protocol.*Restore the table"):
        log.commit([], {"mark": 1})
    assert DeltaTable(folder).version() == 1


def test_a_table_that_asks_more_since_its_writer_looked_is_left_alone_too(folder):
    log = TableLog(folder)
    DeltaTable(folder).alter.add_constraint({"positive": "n > 0"})
    with pytest.raises(LakeUnavailable, match="was changed by another tool"):
        log.commit([], {"mark": 1})
    assert DeltaTable(folder).version() == 1


def test_what_a_killed_writer_left_goes_with_the_log(folder):
    log = TableLog(folder)
    left = folder / "_delta_log" / STAGED.format(1, 2)
    left.write_text("half a li")
    for n in range(3):
        log.commit([file_of(folder, f"{n}.parquet")], {})
    assert DeltaTable(folder).version() == 3
    hours_ago = left.stat().st_mtime - 7200
    os.utime(left, (hours_ago, hours_ago))
    table_log.shorten_log(folder)
    assert not left.exists()
    assert DeltaTable(folder).to_pyarrow_table().num_rows == 6


def test_a_commit_that_cannot_be_written_is_none(folder):
    missing = AddAction("none.parquet", 1, {}, 0, True, "{}")
    log = TableLog(folder)
    (folder / "_delta_log").rename(folder / "elsewhere")
    with pytest.raises(OSError, match="No such file"):
        log.commit([missing], {"mark": 1})
    (folder / "elsewhere").rename(folder / "_delta_log")
    assert (log.version, log.transaction_version("mark")) == (0, None)


def test_a_commit_says_how_often_others_were_quicker(folder):
    first, second = TableLog(folder), TableLog(folder)
    first.commit([], {"mark": 1})
    second.commit([], {"other": 1})
    told = {one["version"]: one["operationMetrics"] for one in DeltaTable(folder).history(2)}
    assert {version: metrics["num_retries"] for version, metrics in told.items()} == {1: 0, 2: 1}
