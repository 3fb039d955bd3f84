"""A table's log as its writers see it: a file for each commit, which nobody can write twice, in Delta's format.

A commit by the Delta library costs what the table has files, its reader's view being made anew with each: 20 to
130 milliseconds within a thousand commits. Whoever only appends needs the version and the app transactions.
"""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from pipelines.failures import LakeUnavailable
from pipelines.stores.handles import TRUSTED_SECONDS

CHECKPOINT_COMMITS = 100
LOG_SECONDS = 600  # how long a checkpoint must have been there before the log below it goes
VERSION_DIGITS = 20  # that a file of the log begins with
STAGED = "_commit_{}_{}.json.tmp"  # process, thread: a killed one leaves it, and readers do not look at it
WRITER_VERSION = 2  # of Delta's protocol: appends without constraints, renamed columns, or whatever came later

Action = Mapping[str, Any]


class Contended(Exception):
    """Somebody else's commit has changed what this one goes by."""


class TableLog:
    """The log of the table in `folder`, read up to `version`.

    Raises DeltaError or OSError where it cannot be read or written, LakeUnavailable if the table asks of its writers
    what this one does not do.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "_delta_log"
        self._open()

    def _open(self, version: int | None = None) -> None:
        self._opened, self._opened_at = DeltaTable(self._folder, version=version), time.monotonic()
        self.version = self._opened.version()
        self._transactions: dict[str, int | None] = {}  # as of this version, as far as they are known
        asked = self._opened.protocol().min_writer_version
        if asked > WRITER_VERSION:
            raise LakeUnavailable(
                f"{self._folder} was changed by another tool: its writers must know version {asked} of Delta's "
                f"protocol, and this one knows {WRITER_VERSION}. Restore the table, or attribute into a new workspace"
            )

    def transaction_version(self, name: str) -> int | None:
        """The last version of an app transaction; None if there is none."""
        if name not in self._transactions:
            if time.monotonic() - self._opened_at > TRUSTED_SECONDS:
                self._open(self.version)
            self._transactions[name] = self._opened.transaction_version(name)
        return self._transactions[name]

    def catch_up(self) -> None:
        """Takes in what others committed since."""
        while (actions := self._actions(self.version + 1)) is not None:
            self._take(actions)

    def commit(self, files: Sequence[AddAction], transactions: Mapping[str, int]) -> None:
        """Adds data files and app transactions in the next commit that is free.

        Raises Contended, and commits nothing, if a commit that was quicker has one of these app transactions.
        """
        content = "".join(json.dumps(action, ensure_ascii=False) + "\n" for action in _actions(files, transactions))
        while not self._published(content):
            others = self._actions(self.version + 1)
            if others is None or transactions.keys() & self._take(others).keys():
                raise Contended(f"commit {self.version} of {self._folder} was quicker")
        self.version += 1
        self._transactions |= transactions
        if self.version % CHECKPOINT_COMMITS == 0:
            DeltaTable(self._folder).create_checkpoint()
            shorten_log(self._folder)

    def _published(self, content: str) -> bool:
        """Whether it is the next commit now, whole, to be seen by all at once; not if there is one already."""
        staged = self._log / STAGED.format(os.getpid(), threading.get_ident())
        staged.write_text(content, encoding="utf-8")
        try:
            self._file(self.version + 1).hardlink_to(staged)
        except FileExistsError:
            return False
        finally:
            staged.unlink()
        return True

    def _take(self, actions: Iterable[Action]) -> dict[str, int]:
        """The app transactions of the next commit, which is one of somebody else."""
        self.version += 1
        taken: dict[str, int] = {}
        for action in actions:
            if "txn" in action:
                taken[action["txn"]["appId"]] = action["txn"]["version"]
            elif "protocol" in action or "metaData" in action:
                self._open(self.version)
        self._transactions |= taken
        return taken

    def _actions(self, version: int) -> list[Action] | None:
        try:
            content = self._file(version).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return [json.loads(line) for line in content.splitlines()]

    def _file(self, version: int) -> Path:
        return self._log / f"{version:0{VERSION_DIGITS}}.json"


_HELD: dict[Path, tuple[TableLog, float]] = {}
_TURNS: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def writing(folder: Path) -> Iterator[TableLog]:
    """The table's log as it is now, for one commit: this process's writers of a table follow each other."""
    with _TURNS[folder]:
        now = time.monotonic()
        held, looked_at = _HELD.pop(folder, (None, now))
        if held is None or now - looked_at > TRUSTED_SECONDS:
            held = TableLog(folder)
        else:
            held.catch_up()
        yield held
        _HELD[folder] = held, now  # after a failure it is opened anew


def forget(folder: Path) -> None:
    """The table is another one from now on: for who makes it."""
    _HELD.pop(folder, None)


def shorten_log(table: Path) -> None:
    """Deletes the log below the newest checkpoint that whoever has the table open found there already.

    By the files' own times: whoever opened it in the last LOG_SECONDS keeps what there was then.
    """
    log = table / "_delta_log"
    names = sorted(path.name for path in log.glob("[0-9]*"))
    with suppress(FileNotFoundError):  # another writer is at it
        long_ago = max(_written_at(log / name) for name in names[-2:]) - LOG_SECONDS  # a checkpoint and its commit
        checkpoints = (name for name in reversed(names) if name.endswith(".checkpoint.parquet"))
        kept_from = next((name for name in checkpoints if _written_at(log / name) < long_ago), names[0])
        for name in names:
            if name[:VERSION_DIGITS] < kept_from[:VERSION_DIGITS]:
                (log / name).unlink()
        for staged in log.glob(STAGED.format("*", "*")):
            if _written_at(staged) < long_ago:
                staged.unlink()


def _written_at(file: Path) -> float:
    return file.stat().st_mtime


def _actions(files: Sequence[AddAction], transactions: Mapping[str, int]) -> Iterator[Action]:
    yield {
        "commitInfo": {
            "timestamp": int(time.time() * 1000),
            "operation": "WRITE",
            "operationParameters": {"mode": "Append", "partitionBy": "[]"},
            "isBlindAppend": True,
        }
    }
    for file in files:
        yield {
            "add": {
                "path": file.path,
                "partitionValues": file.partition_values,
                "size": file.size,
                "modificationTime": file.modification_time,
                "dataChange": file.data_change,
                "stats": file.stats,
            }
        }
    for name, version in transactions.items():
        yield {"txn": {"appId": name, "version": version}}
