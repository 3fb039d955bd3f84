"""Topic files: `topics/<topic>.ndjson` or `topics/<topic>/*.ndjson[.gz]`, each a partition that only grows."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipelines.failures import BadInput
from pipelines.records import EVENTS, Messages

BLOCK_MESSAGES = 50_000
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
            stream.seek(start)
            before = _read(stream, offset - start)
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
    for block_start, lines, unterminated in _chunks(file, start, size):
        ends = block_start + np.cumsum([len(line) + 1 for line in lines])
        offsets = [block_start, *ends[:-1].tolist()]
        if any(not line or line.isspace() for line in lines):
            messages = [(offset, line) for offset, line in zip(offsets, lines, strict=True) if line.strip()]
            offsets, lines = [offset for offset, _ in messages], [line for _, line in messages]
        yield Messages(file.topic, file.partition, block_start, int(ends[-1]) - unterminated, offsets, lines)


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


def _chunks(file: TopicFile, start: int, size: int) -> Iterator[tuple[int, list[bytes], bool]]:
    """Up to `size` complete lines at a time with the offset of the first, and whether the last has no end yet."""
    with file.open() as stream:
        stream.seek(start)
        waiting: list[bytes] = []
        rest = b""
        while chunk := _read(stream, CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            waiting += lines
            while len(waiting) >= size:
                yield start, waiting[:size], False
                start += sum(map(len, waiting[:size])) + size
                waiting = waiting[size:]
    if _is_object(rest):
        yield start, [*waiting, rest], True
    elif waiting:
        yield start, waiting, False


def _read(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except EOFError:
        return b""  # a gzip file that is still being written
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"{getattr(stream, 'name', 'a topic file')} is no gzip file ({error}); write it again"
        ) from error


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
