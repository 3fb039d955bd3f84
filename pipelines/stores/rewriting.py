"""Rewriting: rows of a table replaced in new files, and nothing left of the old: neither files nor log."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction, Transaction

from pipelines.failures import LakeUnavailable
from pipelines.stores.compaction import CHECKPOINT_ONLY, COMPACTION
from pipelines.stores.data_files import add_rows
from pipelines.stores.lake import EPOCH, Lake, reporting
from pipelines.stores.table_log import VERSION_DIGITS
from pipelines.stores.tables import TABLES

REWRITING = "rewriting"  # the app transaction that counts how often rows of a table were replaced by other ones
Change = Callable[[pl.DataFrame], pl.DataFrame]


def rewrite(lake: Lake, table: str, where: pl.Expr, change: Change, epoch: int | None) -> int:
    """How many rows of `where` were replaced by what `change` makes of them, in one commit.

    `epoch`: of the run that has the lake, None beside one that goes on. The commit meets any compaction's and any
    other rewriting's: raises LakeUnavailable for whoever is later, and nothing is lost.
    """
    root, schema = lake.root / table, pl.Schema(TABLES[table])
    with reporting(lake.uri(table)):
        opened = lake.open(table)
        written: list[AddAction] = []
        removed: list[RemoveAction] = []
        count = 0
        files = pa.table(opened.get_add_actions(flatten=True)).select(["path", "size_bytes", "modification_time"])
        for path, size, modified in zip(*files.to_pydict().values(), strict=True):
            rows = pl.scan_parquet(root / path, schema=schema, missing_columns="insert", glob=False)
            chosen = rows.filter(where).collect()
            if not chosen.height:
                continue
            count += chosen.height
            others = rows.filter(~where.fill_null(value=False)).collect()
            new = pl.concat([others, change(chosen).select(others.columns)]).to_arrow().cast(TABLES[table])
            written.append(add_rows(root, opened.version() + 1, new))
            removed.append(RemoveAction(path, True, modified, size, {}))
        _commit(opened, table, [*written, *removed], epoch)
    return count


def purge(lake: Lake, table: str) -> int:
    """Deletes what no reader of now needs: files that the table has left, and the log before; how many files went.

    For a table that nobody writes to: a file on its way into it would go too.
    """
    root = lake.root / table
    with reporting(lake.uri(table)):
        opened = lake.open(table)
        opened.create_checkpoint()
        current = {Path(file).name for file in pa.table(opened.get_add_actions(flatten=True))["path"].to_pylist()}
        gone = [file for file in root.glob("*.parquet") if file.name not in current]
        kept_from = f"{opened.version():0{VERSION_DIGITS}}"
        log = [file for file in (root / "_delta_log").glob("[0-9]*") if file.name[:VERSION_DIGITS] < kept_from]
        for file in (*gone, *log):
            file.unlink()
    return len(gone)


def _commit(opened: DeltaTable, table: str, actions: list[AddAction | RemoveAction], epoch: int | None) -> None:
    """Also without any file: a compaction that was under way must not bring back what it read before."""
    names = (COMPACTION, REWRITING) if actions else (COMPACTION,)
    guards = [Transaction(name, (opened.transaction_version(name) or 0) + 1) for name in names]
    if epoch is not None:
        guards.append(Transaction(EPOCH, epoch))
    try:
        opened.create_write_transaction(
            actions,
            "append",
            TABLES[table],
            commit_properties=CommitProperties(app_transactions=guards, max_commit_retries=200 if epoch is None else 0),
            post_commithook_properties=CHECKPOINT_ONLY,
        )
    except CommitFailedError as error:
        raise LakeUnavailable(
            f"{opened.table_uri} was changed by somebody else while it was rewritten ({error}); nothing is lost: run "
            "the same command again"
        ) from error
