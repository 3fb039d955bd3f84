"""What a compaction made of each table: files, bytes and commits before and after."""

from rich import box
from rich.table import Table

from pipelines.reports.shown import size
from pipelines.stores.compaction import Compacted


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
