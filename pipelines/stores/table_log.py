"""A table's log: a file for each commit, which nobody can write twice, in Delta's format, read once and followed.

The Delta library makes its view of a table anew with each commit that it writes or learns of, which costs what the
table has files: 20 to 130 milliseconds within a thousand commits. Here a commit costs what it changes.
"""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from pipelines import metrics
from pipelines.failures import LakeUnavailable

CHECKPOINT_COMMITS = 100
LOG_SECONDS = 600  # how long a checkpoint must have been there before the log below it goes
VERSION_DIGITS = 20  # that a file of the log begins with
STAGED = "_commit_{}_{}.json.tmp"  # process, thread: a killed one leaves it, and readers do not look at it
TRUSTED_SECONDS = 60.0
"""A log that was not looked at for longer is opened anew: its next commits may be cleaned away, and would then look
as if there were none. They are kept for longer than this."""
WRITER_VERSION = 2  # of Delta's protocol: appends without constraints, renamed columns, or whatever came later

Action = Mapping[str, Any]
Answer = TypeVar("Answer")


class Contended(Exception):
    """Somebody else's commit has changed what this one goes by."""


class TableLog:
    """The log of the table in `folder`, read up to `version`.

    Raises DeltaError or OSError where it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()  # as Delta names the files, whatever way there the workspace was given by
        self._log = self._folder / "_delta_log"
        self._open()

    def _open(self, version: int | None = None) -> None:
        self._opened, self._opened_at = DeltaTable(self._folder, version=version), time.monotonic()
        self.version, self.table_id = self._opened.version(), self._opened.metadata().id
        self._commit_file = _identity(self._file(self.version))
        self._writers_version = self._opened.protocol().min_writer_version
        self._files: set[str] | None = None
        self._transactions: dict[str, int | None] = {}  # as of this version, as far as they are known

    def files(self) -> frozenset[str]:
        """The data files, by their paths."""
        if self._files is None:
            if self._opened.version() != self.version:
                self._open(self.version)
            self._files = {unquote(uri) for uri in self._answered(DeltaTable.file_uris)}
        return frozenset(self._files)

    def transaction_version(self, name: str) -> int | None:
        """The last version of an app transaction; None if there is none."""
        if name not in self._transactions:
            if time.monotonic() - self._opened_at > TRUSTED_SECONDS:
                self._open(self.version)
            found = self._answered(lambda opened: opened.transaction_version(name))
            self._transactions[name] = found
        return self._transactions[name]

    def _answered(self, ask: Callable[[DeltaTable], Answer]) -> Answer:
        """What the opened table says, opened once more if the log that it was opened by was cleaned away since."""
        try:
            return ask(self._opened)
        except DeltaError:
            self._open(self.version)
            return ask(self._opened)

    def catch_up(self) -> None:
        """Takes in what others committed since, also that the table was made anew."""
        if _identity(self._file(self.version)) != self._commit_file:
            self._open()
        while (actions := self._actions(self.version + 1)) is not None:
            self._take(actions)

    def commit(self, files: Sequence[AddAction], transactions: Mapping[str, int]) -> None:
        """Adds data files and app transactions in the next commit that is free.

        Raises Contended, and commits nothing, if a commit that was quicker has one of these app transactions;
        LakeUnavailable if the table asks of its writers what this one does not do.
        """
        self._require_known_protocol()
        retries = 0
        while not self._published(_content(files, transactions, retries)):
            others = self._actions(self.version + 1)
            if others is None or transactions.keys() & self._take(others).keys():
                raise Contended(f"commit {self.version} of {self._folder} was quicker")
            self._require_known_protocol()
            retries += 1
        metrics.commit_retried(self._folder.name, retries)
        self._take(_actions(files, transactions, retries))
        if self.version % CHECKPOINT_COMMITS == 0:
            DeltaTable(self._folder).create_checkpoint()
            shorten_log(self._folder)

    def _require_known_protocol(self) -> None:
        if self._writers_version > WRITER_VERSION:
            raise LakeUnavailable(
                f"{self._folder} was changed by another tool: its writers must know version {self._writers_version} of "
                f"Delta's protocol, and this one knows {WRITER_VERSION}. Restore the table, or attribute into a new "
                "workspace"
            )

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
        """The app transactions of the next commit."""
        self.version += 1
        self._commit_file = _identity(self._file(self.version))
        taken: dict[str, int] = {}
        for action in actions:
            if "txn" in action:
                taken[action["txn"]["appId"]] = action["txn"]["version"]
            elif "protocol" in action or "metaData" in action:
                self._open(self.version)
            elif self._files is not None and "add" in action:
                self._files.add(self._path(action["add"]))
            elif self._files is not None and "remove" in action:
                self._files.discard(self._path(action["remove"]))
        self._transactions |= taken
        return taken

    def _path(self, action: Action) -> str:
        return str(self._folder / unquote(action["path"]))

    def _actions(self, version: int) -> list[Action] | None:
        try:
            content = self._file(version).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        # Not by splitlines: bounds of texts are written as they are, and hold whatever else Unicode ends a line with.
        return [json.loads(line) for line in content.split("\n") if line]

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


def _identity(file: Path) -> tuple[int, int] | None:
    """What no other file of this name has; None if there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _written_at(file: Path) -> float:
    return file.stat().st_mtime


def _content(files: Sequence[AddAction], transactions: Mapping[str, int], retries: int) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in _actions(files, transactions, retries))


def _actions(files: Sequence[AddAction], transactions: Mapping[str, int], retries: int) -> Iterator[Action]:
    yield {
        "commitInfo": {
            "timestamp": int(time.time() * 1000),
            "operation": "WRITE",
            "operationParameters": {"mode": "Append", "partitionBy": "[]"},
            "operationMetrics": {"num_retries": retries},
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
