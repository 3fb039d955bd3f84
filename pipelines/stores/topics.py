"""Topic files: `topics/<topic>.ndjson` or `topics/<topic>/*.ndjson[.gz]`, each a partition that only grows."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from pipelines.failures import BadInput
from pipelines.records import EVENTS, Messages, Offsets

T = TypeVar("T")
BLOCK_MESSAGES = 100_000
CHUNK = 8 << 20  # bytes read at a time
FINGERPRINT = 1 << 16  # bytes before the committed offset that prove that a file is still the one that was read


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the lake remembers it: `offset` bytes were read, the last of which hash to `fingerprint`."""

    topic: str
    partition: int
    file: str
    offset: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class TopicFile:
    """One partition of a topic; `path` may be gzipped, offsets count uncompressed bytes."""

    topic: str
    partition: int
    file: str
    path: Path

    @property
    def source(self) -> str:
        return f"{self.topic}/{self.partition}"

    def open(self) -> BinaryIO:
        if self.path.suffix == ".gz":
            return gzip.open(self.path, "rb")  # type: ignore[return-value]
        return self.path.open("rb")

    def fingerprint(self, offset: int) -> str | None:
        """The hash of the bytes just before `offset`; None if the file is shorter than that."""
        start = max(0, offset - FINGERPRINT)
        with self.open() as stream:
            before = _read(stream, offset - start) if _reaches(stream, start) else b""
        return hashlib.sha256(before).hexdigest() if len(before) == offset - start else None


def topic_files(folder: Path, known: Iterable[KnownFile]) -> list[TopicFile]:
    """Every partition below `folder`, numbered as before, new files last.

    Raises BadInput for a topic in both forms, for a file that vanished, shrank or changed, and for a new
    file whose name sorts before a known one.
    """
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder}: put the events there, one file or folder of files a topic")
    remembered = list(known)
    return [file for topic in EVENTS for file in _numbered(folder, topic, [k for k in remembered if k.topic == topic])]


def read_messages(file: TopicFile, start: int, size: int = BLOCK_MESSAGES) -> Iterator[Messages]:
    """The file's messages from offset `start` on, in blocks of at most `size`.

    Blank lines are no messages. An unterminated last line is a message only if it is a complete JSON
    object: otherwise it is still being written, and the last block ends before it.
    """
    for block_start, lines, ends in _lines(file, start, size):
        offsets = [block_start, *ends[:-1].tolist()]
        if not all(lines) or any(map(bytes.isspace, lines)):
            messages = [(offset, line) for offset, line in zip(offsets, lines, strict=True) if line.strip()]
            offsets, lines = [offset for offset, _ in messages], [line for _, line in messages]
        yield Messages(file.topic, file.partition, block_start, int(ends[-1]), offsets, lines)


def _numbered(folder: Path, topic: str, known: list[KnownFile]) -> list[TopicFile]:
    found = _found(folder, topic)
    by_name = dict(found)
    known = sorted(known, key=lambda k: k.partition)
    for k in known:
        if k.file not in by_name:
            raise BadInput(f"{folder / topic}: {k.file} was read up to byte {k.offset} and is gone; put it back")
        file = TopicFile(topic, k.partition, k.file, by_name[k.file])
        if k.offset and file.fingerprint(k.offset) != k.fingerprint:
            raise BadInput(
                f"{file.path} is not what was read before: its first {k.offset} bytes were cut or changed. "
                "A topic file only grows; put it back, and send corrections as new lines"
            )
    names = {k.file for k in known}
    new = [name for name, _ in found if name not in names]
    last = max(names, default="")
    if new and names and new[0] < last:
        raise BadInput(
            f"{by_name[new[0]]} is new but sorts before {last}, which was read already; "
            "rename it so that it sorts last: files are numbered in the order of their names"
        )
    files = [TopicFile(topic, k.partition, k.file, by_name[k.file]) for k in known]
    return files + [TopicFile(topic, len(known) + i, name, by_name[name]) for i, name in enumerate(new)]


def _found(folder: Path, topic: str) -> list[tuple[str, Path]]:
    single = folder / f"{topic}.ndjson"
    several = folder / topic
    if single.exists() and several.exists():
        raise BadInput(f"{single} and {several}/ both exist; keep one of them")
    if single.exists():
        return [(single.name, single)]
    files = (*several.glob("*.ndjson"), *several.glob("*.ndjson.gz"))
    return sorted((path.name, path) for path in files)


def _lines(file: TopicFile, start: int, size: int) -> Iterator[tuple[int, list[bytes], Offsets]]:
    """Up to `size` complete lines at a time, with the offset of the first and the offset after each."""
    with file.open() as stream:
        _reaches(stream, start)
        waiting: list[bytes] = []
        rest = b""
        while chunk := _read(stream, CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            waiting += lines
            while len(waiting) >= size:
                lines, waiting = waiting[:size], waiting[size:]
                ends = _ends(start, lines)
                yield start, lines, ends
                start = int(ends[-1])
    if is_object(rest):
        waiting.append(rest)
        ends = _ends(start, waiting)
        ends[-1] -= 1  # the line has no end of its own yet
        yield start, waiting, ends
    elif waiting:
        yield start, waiting, _ends(start, waiting)


def _ends(start: int, lines: list[bytes]) -> Offsets:
    ends: Offsets = start + np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1)
    return ends


def _read(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; of a gzip file that is still being written all that can be read of it."""
    read: list[bytes] = []
    while size > 0 and (some := _unless_cut(stream, partial(stream.read1, size), b"")):  # type: ignore[attr-defined]
        read.append(some)
        size -= len(some)
    return read[0] if len(read) == 1 else b"".join(read)


def _reaches(stream: BinaryIO, offset: int) -> bool:
    return _unless_cut(stream, lambda: stream.seek(offset) == offset, False)


def _unless_cut(stream: BinaryIO, act: Callable[[], T], if_cut: T) -> T:
    """A gzip file that ends too early is still being written; bytes that are no gzip are bad input."""
    try:
        return act()
    except EOFError:
        return if_cut
    except (gzip.BadGzipFile, zlib.error) as error:
        name = getattr(stream, "name", "a topic file")
        raise BadInput(f"{name} is no gzip file ({error}); write it again") from error


def is_object(line: bytes) -> bool:
    """Whether a line is a whole JSON object, with or without its end."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
