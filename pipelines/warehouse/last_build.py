"""Whether a build can go on from the last one: what that was made of, kept beside it in `warehouse/build.json`."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import msgspec
import pyarrow as pa

from pipelines.warehouse.dbt_runner import project_digest
from pipelines.warehouse.sources import BuildSettings

BUILD, MADE_OF = "build.duckdb", "build.json"
OWN_CODE = Path(__file__).resolve().parents[1]
DECIDING = ("rules", "columnar", "warehouse")  # its folders that a row depends on
ENGINES = ("duckdb", "dbt-core", "dbt-duckdb", "polars")
ONLY_GROWS = ("clicks", "orders", "order_attributions")  # the tables of which a build reads new files alone
Files = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What a build was made of.

    `basis` is a digest of all that every row depends on, `files` each lake table's Parquet files, `published` up to
    when each version counted attributions, in microseconds; `size_bytes` and `modified_ns` are the build's own: one
    that was written to since is not gone on from.
    """

    basis: str
    files: dict[str, list[str]]
    published: list[int]
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Since:
    """What the lake has beside what the last build saw.

    `new` are the files of each table that are new, `moved` the tables that consist of other files, for whatever reason;
    `is_republished`: versions have been published meanwhile.
    """

    new: dict[str, list[str]]
    moved: frozenset[str]
    is_republished: bool


def basis_of(reference: Mapping[str, pa.Table], settings: BuildSettings, files: Files) -> str:
    """A digest of reference data, settings, recorded reference versions, dbt project, own code and engines.

    The watermark is not in it: it moves with the events.
    """
    digest = hashlib.sha256()
    for name, rows in sorted(reference.items()):
        digest.update(name.encode())
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        digest.update(sink.getvalue())
    digest.update(repr(replace(settings, watermark=None)).encode())
    digest.update(repr([*files["reference_versions"], *((name, version(name)) for name in ENGINES)]).encode())
    digest.update(project_digest().encode())
    for folder in (OWN_CODE / name for name in DECIDING):
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(OWN_CODE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def since_last_build(warehouse: Path, basis: str, files: Files, published: pa.Table) -> Since | None:
    """What the last build has not seen; None if the next one cannot go on from it.

    It cannot where there is none, something else than events changed, or a file is gone: a compaction put another in
    its place, or an erasure took rows from it. Nor where versions were `published` other than after those of before.
    """
    try:
        last = msgspec.json.decode((warehouse / MADE_OF).read_bytes(), type=MadeOf)
        stands = (warehouse / BUILD).stat()
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    if (last.basis, last.size_bytes, last.modified_ns) != (basis, stands.st_size, stands.st_mtime_ns):
        return None
    if not _only_later(last.published, _counted_until(published)):
        return None
    if any(set(last.files[table]) - set(files[table]) for table in ONLY_GROWS):
        return None
    return Since(
        new={table: sorted(set(listed) - set(last.files[table])) for table, listed in files.items()},
        moved=frozenset(table for table, listed in files.items() if set(listed) != set(last.files[table])),
        is_republished=last.published != _counted_until(published),
    )


def _counted_until(published: pa.Table) -> list[int]:
    return [int(micros) for micros in published["attributed_until"].cast(pa.int64()).to_pylist()]


def _only_later(before: Sequence[int], now: Sequence[int]) -> bool:
    """Whether some were added, none of them earlier than those of before."""
    old, added = now[: len(before)], now[len(before) :]
    return list(old) == list(before) and all(one >= max(before, default=one) for one in added)


def remember(warehouse: Path, basis: str, files: Files, published: pa.Table) -> None:
    """Leaves beside the build what it was made of; without it, as after a kill, the next one begins anew."""
    stands = (warehouse / BUILD).stat()
    listed = {name: list(of) for name, of in files.items()}
    made_of = MadeOf(basis, listed, _counted_until(published), stands.st_size, stands.st_mtime_ns)
    (warehouse / MADE_OF).write_bytes(msgspec.json.encode(made_of))
