"""Appending to a topic file: lines that stand there once, whatever was killed while they were written."""

import gzip
import hashlib
import os
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.stores.topics import CHUNK, TopicFile, is_object, read_messages


def digest_of(line: bytes) -> str:
    """What a line is found by again."""
    return hashlib.sha256(line).hexdigest()


def size_of(file: TopicFile) -> int:
    """Its uncompressed bytes, which are the offset of the next line; raises BadInput for a gzip file cut short."""
    if file.path.suffix != ".gz":
        return file.path.stat().st_size
    try:
        with file.open() as stream:
            return sum(len(chunk) for chunk in iter(lambda: stream.read(CHUNK), b""))
    except (EOFError, gzip.BadGzipFile) as error:
        raise BadInput(f"{file.path} is still being written, or cut ({error}): finish it, then send again") from error


def lines_since(file: TopicFile, since: int, digests: Collection[str]) -> dict[str, list[int]]:
    """The offsets, from `since` on, of the whole lines with one of these digests."""
    found: dict[str, list[int]] = {digest: [] for digest in digests}
    for block in read_messages(file, since):
        for offset, line in zip(block.offsets, block.payloads, strict=True):
            if (digest := digest_of(line)) in found:
                found[digest].append(offset)
    return found


def append_lines(file: TopicFile, lines: Sequence[bytes], half_written: Collection[str] = ()) -> list[int]:
    """Appends the lines, which hold no line end, and returns when the disk has them; the offset of each.

    Where the file ends in the middle of a line whose digest is among `half_written`, that line is completed.
    Raises BadInput if it ends in the middle of another, LakeUnavailable if it cannot be written.
    """
    try:
        end, tail = size_of(file), _unfinished(file)
        order = list(range(len(lines)))
        is_cut = tail != b"" and not is_object(tail)
        mine = [i for i in order if is_cut and digest_of(lines[i]) in half_written and lines[i].startswith(tail)]
        if is_cut and not mine:
            raise BadInput(
                f"{file.path} ends in the middle of a line: somebody is still writing to it, or was stopped. Send "
                "again when the line is whole, or take it out"
            )
        written = b"" if not tail or mine else b"\n"
        start = end - len(tail) if mine else end
        order = [*mine[:1], *(i for i in order if i not in mine[:1])]
        offsets = {}
        for i in order:
            offsets[i] = start + len(written)
            written += lines[i] + b"\n"
        _append(file, written.removeprefix(tail) if mine else written)
    except OSError as error:
        raise LakeUnavailable(
            f"{file.path} cannot be written: {error}. Free space or mend the permissions, then send again: what is "
            "there already is not written twice"
        ) from error
    return [offsets[i] for i in range(len(lines))]


def _append(file: TopicFile, content: bytes) -> None:
    if file.path.suffix == ".gz":
        _append_member(file.path, content)
        return
    # Unbuffered and at the end wherever that is by then: whoever else appends meanwhile loses nothing.
    with file.path.open("ab", buffering=0) as stream:
        left = memoryview(content)
        while left:
            left = left[stream.write(left) :]
        os.fsync(stream.fileno())


def _append_member(path: Path, content: bytes) -> None:
    """A further member behind those of a gzip file, of which a half could not be read: a new file takes its name."""
    new = path.with_name(f".{path.name}.requeued")
    shutil.copyfile(path, new)
    shutil.copystat(path, new)
    with new.open("ab") as stream:
        stream.write(gzip.compress(content, mtime=0))
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)


def _unfinished(file: TopicFile) -> bytes:
    """What stands behind the last line end."""
    tail = b""
    if file.path.suffix != ".gz":
        with file.path.open("rb") as stream:
            place = stream.seek(0, os.SEEK_END)
            while place and b"\n" not in tail:
                start = max(0, place - CHUNK)
                stream.seek(start)
                tail, place = stream.read(place - start) + tail, start
    else:
        with file.open() as stream:
            for chunk in iter(lambda: stream.read(CHUNK), b""):
                tail = (tail + chunk).rpartition(b"\n")[2] if b"\n" in chunk else tail + chunk
    return tail.rpartition(b"\n")[2]
