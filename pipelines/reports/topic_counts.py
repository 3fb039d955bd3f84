"""How much of each topic file the lake has read, and how much is still unread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.failures import BadInput
from pipelines.stores.topics import KnownFile, TopicFile, topic_files

MOST_UNPACKED = 64 << 20  # bytes of a gzip file that are worth unpacking for a number
CHUNK = 4 << 20


@dataclass(frozen=True, slots=True)
class FileCounts:
    """A topic file in uncompressed bytes; `size` and `unread` are null for a gzip file too large to unpack for it."""

    topic: str
    partition: int
    file: str
    size: int | None
    read: int
    unread: int | None


def topic_files_of(
    folder: Path, known: Iterable[KnownFile], read: Mapping[str, int]
) -> tuple[tuple[FileCounts, ...], str | None]:
    """Every file with what is unread of it, or why the files cannot be read further; `read` by `topic/partition`."""
    try:
        files = topic_files(folder, known)
        return tuple(_counts(file, read.get(file.source, 0)) for file in files), None
    except BadInput as problem:
        return (), str(problem)


def _counts(file: TopicFile, read: int) -> FileCounts:
    size = _size(file)
    unread = None if size is None else max(0, size - read)
    return FileCounts(file.topic, file.partition, file.file, size, read, unread)


def _size(file: TopicFile) -> int | None:
    stored = file.path.stat().st_size
    if file.path.suffix != ".gz":
        return stored
    if stored > MOST_UNPACKED:
        return None
    total = 0
    with file.open() as stream:
        try:
            while chunk := stream.read(CHUNK):
                total += len(chunk)
        except EOFError:
            return total  # still being written: what is there so far
        except OSError as error:
            raise BadInput(f"{file.path} is no gzip file ({error}); write it again") from error
    return total
