"""An erasure for people and programs: what names the person, or what was erased, and what is left to do."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipelines.jobs.erase import Erasure

NEXT = (
    "The build was removed: run `codetrail build`, `check` and `publish`. Start a live page again that has looked "
    "at this lake. What Kafka, backups and dead-letter topics hold is not reached from here (docs/privacy.md)."
)


def document(erasure: Erasure) -> dict[str, Any]:
    """For programs."""
    return {
        "found": dict(erasure.found),
        "receipt": None if erasure.receipt is None else str(erasure.receipt),
        "erased_before": None if erasure.former is None else erasure.former.isoformat(),
    }


def rendered(erasure: Erasure) -> Group:
    """For a terminal."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Where")
    table.add_column("Erased" if erasure.receipt else "Would go", justify="right")
    for place, count in erasure.found.items():
        table.add_row(place, f"{count:,}")
    told: list[Table | Text] = [table] if erasure.found else [Text("Nothing here names this person.")]
    if erasure.former is not None:
        told.append(Text(f"They were erased before, at {erasure.former:%Y-%m-%d %H:%M:%S} UTC."))
    if erasure.receipt is not None:
        told += [Text(f"The receipt: {erasure.receipt}"), Text(NEXT)]
    return Group(*told)
