"""Handles: a table looked at again is as new as one opened anew, whatever became of it in between."""

import shutil
import threading

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError

from pipelines.stores import handles
from pipelines.stores.handles import newest

ROWS = pa.table({"n": [1, 2]})


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "table"
    write(folder, 0)
    return folder


def write(folder, mark):
    write_deltalake(
        folder, ROWS, mode="append", commit_properties=CommitProperties(app_transactions=[Transaction("mark", mark)])
    )


def seen(folder):
    log = newest(folder)
    return log.version, log.transaction_version("mark")


def test_a_handle_knows_what_others_committed(folder):
    assert seen(folder) == (0, 0)
    for mark in (7, 9):
        write(folder, mark)
    assert seen(folder) == (2, 9)


def test_a_handle_is_kept_and_another_thread_has_its_own(folder):
    first, found = newest(folder), []
    assert newest(folder) is first
    thread = threading.Thread(target=lambda: found.append(newest(folder)))
    thread.start()
    thread.join()
    assert found[0] is not first


def test_a_table_that_was_made_anew_is_another(folder):
    write(folder, 5)
    assert seen(folder) == (1, 5)
    for mark in (1, 3):
        shutil.rmtree(folder)
        write(folder, mark)
        assert seen(folder) == (0, mark)


def test_a_handle_that_was_long_not_looked_at_is_opened_anew(folder, monkeypatch):
    """The log was cleaned up since: the commit after the handle's is not there any more."""
    opened = newest(folder)
    for mark in range(1, 4):
        write(folder, mark)
    writer = DeltaTable(folder)
    writer.create_checkpoint()
    for commit in range(3):
        (folder / "_delta_log" / f"{commit:020}.json").unlink()
    monkeypatch.setattr(handles.time, "monotonic", lambda: handles.TRUSTED_SECONDS * 1e6)
    assert newest(folder) is not opened
    assert seen(folder) == (3, 3)


def test_what_is_no_table_is_an_error(tmp_path):
    (tmp_path / "_delta_log").mkdir()
    with pytest.raises(DeltaError):
        newest(tmp_path)
