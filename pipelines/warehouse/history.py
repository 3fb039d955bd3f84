"""Which versions were ever published: a line each in `published/history.ndjson`, of which the folders keep three."""

from pathlib import Path

import msgspec
import pyarrow as pa

from pipelines.failures import BadInput
from pipelines.stores.tables import INSTANT, TEXT
from pipelines.warehouse.versions import PARTIAL, Version, current_version, sync

HISTORY = "history.ndjson"
PUBLISHED_VERSIONS = pa.schema(
    [
        pa.field("version", pa.int32(), nullable=False),
        pa.field("published_at", INSTANT, nullable=False),
        pa.field("attributed_until", INSTANT, nullable=False),
        pa.field("orders", pa.int64(), nullable=False),
        pa.field("net_revenue", pa.decimal128(38, 4)),
        pa.field("reporting_currency", TEXT, nullable=False),
    ]
)
"""One row per version; a revision of an order counted in it if it was computed until `attributed_until`."""


def published_versions(root: Path) -> pa.Table:
    """Every version that was ever current in the workspace `root`, in the columns of PUBLISHED_VERSIONS.

    Raises BadInput with the line that cannot be read.
    """
    versions = [*_recorded(root), *_unrecorded(root)]
    rows = [
        {name: getattr(version, name) for name in PUBLISHED_VERSIONS.names}
        | {"attributed_until": version.attributed_until or version.published_at}
        for version in versions
    ]
    return pa.Table.from_pylist(rows, schema=PUBLISHED_VERSIONS)


def record(root: Path) -> None:
    """Adds the version that is current to the history, if it is not there; only the one publisher may call it.

    It is called before a publication too, so that nothing is lost where the last one was killed after its swap.
    """
    new = _unrecorded(root)
    if not new:
        return
    published = root / "published"
    lines = b"".join(msgspec.json.encode(version) + b"\n" for version in [*_recorded(root), *new])
    partial = published / f".history{PARTIAL}"
    partial.write_bytes(lines)
    sync(partial)
    partial.replace(published / HISTORY)
    sync(published)


def _recorded(root: Path) -> list[Version]:
    file = root / "published" / HISTORY
    lines = file.read_bytes().splitlines() if file.is_file() else []
    return [_version(file, number, line) for number, line in enumerate(lines, start=1)]


def _version(file: Path, number: int, line: bytes) -> Version:
    try:
        return msgspec.json.decode(line, type=Version)
    except msgspec.DecodeError as error:
        raise BadInput(
            f"{file}, line {number}: {error}; restore the file, or remove this line: what moved since that version "
            "is then told as of the one before"
        ) from error


def _unrecorded(root: Path) -> list[Version]:
    if not (root / "published" / "current").exists():
        return []
    _, current = current_version(root)
    return [] if any(version.version == current.version for version in _recorded(root)) else [current]
