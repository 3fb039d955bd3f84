"""Data files: rows as a Parquet file of a table, and what the table's log says of it."""

import json
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

SORTED_BY = {  # when compacted: readers ask for shards and days, for orders, for visitors; the rest for places
    "clicks": ["shard", "day", "visitor_id"],
    "redemptions": ["shard", "order_id"],
    "orders": ["shard", "order_id"],
    "post_metrics": ["shard", "day", "post_id"],
    "rejected_events": ["topic", "partition", "offset"],
    "order_attributions": ["order_id", "revision_key"],
    "topic_files": ["topic", "partition", "offset"],
    "quarantine_releases": ["topic", "partition", "offset"],
    "erasures": ["erased_at", "tombstone"],
    "reference_rows": ["recorded_at", "table", "key"],
    "reference_versions": ["recorded_at"],
}
LONGEST_BOUND = 32  # characters of a text in the log
_GREATEST_CHARACTER = chr(0x10FFFF)
_ISO_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


def add_rows(folder: Path, version: int, rows: pa.Table) -> AddAction:
    """A new file of the table in `folder`, for a commit that will be `version` or later; what its log is to say.

    Raises OSError when it cannot be written.
    """
    # By chance: whoever remembers the files that were read must not take those of a lake made anew for the same.
    path = folder / f"part-{version:020}-{secrets.token_hex(8)}.parquet"
    write(path, rows.schema, [rows])
    return added(path, rows, data_change=True)


def write(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
    """A file of row groups, one for each table; none if it cannot be written, which raises OSError."""
    try:
        with pq.ParquetWriter(path, schema, compression="ZSTD") as writer:
            for rows in groups:
                writer.write_table(rows)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def added(path: Path, rows: pa.Table, *, data_change: bool) -> AddAction:
    """The log's entry of a file that holds `rows`."""
    found = path.stat()
    return AddAction(
        path=path.name,
        size=found.st_size,
        partition_values={},
        modification_time=int(found.st_mtime * 1000),
        data_change=data_change,
        stats=_statistics(rows),
    )


def _statistics(rows: pa.Table) -> str:
    """Delta's bounds of every column that has an order: Arrow's readers take a bound that is missing for "no row"."""
    flat = [field.name for field in rows.schema if _has_bounds(field.type)]
    bounds = {name: pc.min_max(rows[name]).as_py() for name in flat if rows[name].null_count < rows.num_rows}
    return json.dumps(
        {
            "numRecords": rows.num_rows,
            "minValues": {name: _plain(bound["min"]) for name, bound in bounds.items()},
            "maxValues": {name: _not_less(_plain(bound["max"])) for name, bound in bounds.items()},
            "nullCount": {name: rows[name].null_count for name in flat},
        },
        ensure_ascii=False,
    )


def _has_bounds(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime(_ISO_INSTANT)
    if isinstance(value, date):
        return value.isoformat()
    return value[:LONGEST_BOUND] if isinstance(value, str) else value


def _not_less(bound: Any) -> Any:
    """A text that was cut is less than what it was cut from."""
    return bound + _GREATEST_CHARACTER if isinstance(bound, str) and len(bound) == LONGEST_BOUND else bound
