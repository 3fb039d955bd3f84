"""Export: what is published, as Delta tables in an object store or a folder, for engines that read them there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipelines.failures import ExportFailed
from pipelines.warehouse.versions import current_version

VERSION, FINGERPRINT = "codetrail_version", "codetrail_fingerprint"
"""In each table's history: which published version its rows are of."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Which version lies at the URI now, how many tables were written, and how many held it already."""

    uri: str
    version: int
    written: int
    unchanged: int
    rows: int


def export(root: Path, uri: str, storage_options: Mapping[str, str]) -> Exported:
    """Each published mart becomes the Delta table `uri`/<mart>: a reader sees its old rows or its new ones, whole.

    The marts follow one another, so for a moment some are of the version before; VERSION in a table's history says
    which. What holds this version already is left alone, so a broken export is finished by the next. Credentials are
    those of `storage_options` and the environment (AWS_*, GOOGLE_*, AZURE_*), by Delta's names.
    Raises BadInput when nothing is published, ExportFailed when the store cannot be written.
    """
    folder, version = current_version(root)
    place, stamp = uri.rstrip("/"), {VERSION: str(version.version), FINGERPRINT: version.fingerprint}
    written = rows = 0
    for mart, count in version.rows.items():
        table = f"{place}/{mart}"
        try:
            if _stamp_of(table, storage_options) == stamp:
                continue
            _write(folder / f"{mart}.parquet", table, stamp, storage_options)
        except (DeltaError, OSError, ValueError, pa.ArrowException) as error:
            raise ExportFailed(
                f"{table} cannot be written: {_plain(error)}. What was exported before stays; mend the address, the "
                "credentials or the store, then run `codetrail export` again"
            ) from error
        written, rows = written + 1, rows + count
    return Exported(place, version.version, written, len(version.rows) - written, rows)


def _plain(error: Exception) -> str:
    """In one line, without the colours and arrows of the Delta library."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", " ", str(error)).split())


def _stamp_of(table: str, storage_options: Mapping[str, str]) -> dict[str, str]:
    try:
        (last,) = DeltaTable(table, storage_options=dict(storage_options)).history(1)
    except TableNotFoundError:
        return {}
    return {name: str(last[name]) for name in (VERSION, FINGERPRINT) if name in last}


def _write(parquet: Path, table: str, stamp: dict[str, str], storage_options: Mapping[str, str]) -> None:
    write_deltalake(
        table,
        ds.dataset(parquet).scanner().to_reader(),
        mode="overwrite",
        schema_mode="overwrite",
        storage_options=dict(storage_options),
        commit_properties=CommitProperties(custom_metadata=stamp),
    )
