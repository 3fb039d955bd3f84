"""What a compaction made of each table: files, bytes and commits before and after; and what retention took."""

from rich import box
from rich.table import Table

from pipelines.jobs.expire import Expired
from pipelines.reports.shown import size
from pipelines.stores.compaction import Compacted

WAITS = "People unseen for longer than they may be kept wait for a compaction while no run follows."


def compaction_table(done: Compacted) -> Table:
    """One row a table that is there, in 100 columns."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Table")
    for name in ("Files", "Now", "Bytes", "Now", "Commits in the log", "Now", "Deleted", "Seconds"):
        table.add_column(name, justify="right")
    for one in done.tables:
        table.add_row(
            one.table,
            *(f"{files:,}" for files in (one.before.files, one.after.files)),
            *(size(stored) for stored in (one.before.size_bytes, one.after.size_bytes)),
            *(f"{commits:,}" for commits in (one.before.commits, one.after.commits)),
            f"{one.vacuumed:,}",
            f"{one.seconds:.1f}",
        )
    return table


def expired_told(expired: Expired) -> str:
    """What retention took, in a sentence or two."""
    rows = ", ".join(f"{count:,} {table}" for table, count in expired.rows.items())
    ids = ", ".join(f"{count:,} {column}s" for column, count in expired.ids.items())
    told = [f"Too old to tell of anybody, and emptied: {rows}." if rows else "No row is older than its retention."]
    told += [f"Not seen for as long, and renamed: {ids}."] if ids else []
    return " ".join([*told, WAITS] if expired.waits else told)
