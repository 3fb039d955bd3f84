"""Topic erasure: lines of a topic file replaced by others of the same length, so that every offset stays."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from pipelines.stores.lake import Lake
from pipelines.stores.rewriting import rewrite
from pipelines.stores.topics import TopicFile

Change = Callable[[bytes], bytes | None]
STAGED = ".erasing"


def lines_changed(file: TopicFile, change: Change) -> int:
    """How many lines `change` would replace; nothing is written."""
    return sum(1 for _ in _changes(file, change))


def lines_of(file: TopicFile) -> Iterator[bytes]:
    """Every line, without its end."""
    with file.open() as stream:
        for line in stream:
            yield line.rstrip(b"\n")


def replace_lines(file: TopicFile, change: Change) -> int:
    """Puts what `change` makes of a line in its place, and tells how many; the rest of the file stays as it is.

    A plain file is written to in place: whoever appends to it goes on. A gzipped one is made anew.
    """
    changes = list(_changes(file, change))
    if not changes:
        return 0
    if file.path.suffix == ".gz":
        _made_anew(file.path, changes)
    else:
        with file.path.open("r+b") as stream:
            for offset, line in changes:
                stream.seek(offset)
                stream.write(line)
    return len(changes)


def remember_fingerprints(lake: Lake, files: list[TopicFile], epoch: int) -> None:
    """What the lake knows these files by, after lines of them were replaced."""
    by_place = {(file.topic, file.partition): file for file in files}

    def change(rows: pl.DataFrame) -> pl.DataFrame:
        places = rows.select("topic", "partition", "offset").iter_rows()
        fingerprints = [by_place[topic, partition].fingerprint(offset) or "" for topic, partition, offset in places]
        return rows.with_columns(fingerprint=pl.Series(fingerprints, dtype=pl.String))

    if by_place:
        of_files = [(pl.col("topic") == topic) & (pl.col("partition") == number) for topic, number in by_place]
        rewrite(lake, "topic_files", pl.any_horizontal(of_files), change, epoch)


def _changes(file: TopicFile, change: Change) -> Iterator[tuple[int, bytes]]:
    """The offsets of the lines that are replaced, with what replaces each."""
    offset = 0
    with file.open() as stream:
        for line in stream:
            content = line.rstrip(b"\n")
            if content.strip() and (changed := change(content)) is not None:
                yield offset, changed
            offset += len(line)


def _made_anew(path: Path, changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(gzip.decompress(path.read_bytes()))
    for offset, line in changes:
        content[offset : offset + len(line)] = line
    staged = path.with_name(f".{path.name}{STAGED}")
    staged.write_bytes(gzip.compress(bytes(content), mtime=0))
    staged.replace(path)
