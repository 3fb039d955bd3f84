"""Handles: a table looked at again is as new as one opened anew, whatever became of it in between."""

import shutil
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError

from pipelines.stores import handles
from pipelines.stores.handles import forget, newest

ROWS = pa.table({"n": [1, 2]})


@pytest.fixture
def uri(tmp_path):
    uri = str(tmp_path / "table")
    write(uri, 0)
    return uri


def write(uri, mark):
    write_deltalake(
        uri, ROWS, mode="append", commit_properties=CommitProperties(app_transactions=[Transaction("mark", mark)])
    )


def seen(uri):
    opened = newest(uri)
    return opened.version(), opened.transaction_version("mark")


def test_a_handle_knows_what_others_committed(uri):
    assert seen(uri) == (0, 0)
    for mark in (7, 9):
        write(uri, mark)
    assert seen(uri) == (2, 9)


def test_a_handle_is_kept_and_another_thread_has_its_own(uri):
    first, found = newest(uri), []
    assert newest(uri) is first
    thread = threading.Thread(target=lambda: found.append(newest(uri)))
    thread.start()
    thread.join()
    assert found[0] is not first


def test_a_table_that_was_made_anew_is_another(uri):
    write(uri, 5)
    assert seen(uri) == (1, 5)
    shutil.rmtree(uri)
    forget(uri)
    write(uri, 1)
    assert seen(uri) == (0, 1)


def test_a_handle_that_was_long_not_looked_at_is_opened_anew(uri, monkeypatch):
    """The log was cleaned up since: the commit after the handle's is not there any more."""
    opened = newest(uri)
    for mark in range(1, 4):
        write(uri, mark)
    writer = DeltaTable(uri)
    writer.create_checkpoint()
    for commit in range(3):
        (Path(uri) / "_delta_log" / f"{commit:020}.json").unlink()
    monkeypatch.setattr(handles.time, "monotonic", lambda: handles.TRUSTED_SECONDS * 1e6)
    assert newest(uri) is not opened
    assert seen(uri) == (3, 3)


def test_what_is_no_table_is_an_error(tmp_path):
    (tmp_path / "_delta_log").mkdir()
    with pytest.raises(DeltaError):
        newest(str(tmp_path))
