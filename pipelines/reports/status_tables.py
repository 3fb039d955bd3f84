"""The look of a status report's tables and titles."""

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.reports.shown import cell


def title(name: str, about: str) -> RenderableType:
    return Padding(Text.assemble((name, "bold"), (f"  {about}", "dim")), (1, 0, 0, 0))


def new_table(texts: Sequence[str], numbers: Sequence[str]) -> Table:
    """A table with these columns: texts to the left, numbers to the right."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in texts:
        made.add_column(name, overflow="fold")
    for name in numbers:
        made.add_column(name, justify="right")
    return made


def add(to: Table, *values: object, style: str = "") -> None:
    """A row; whole numbers with their thousands apart, None as a dash."""
    to.add_row(*(cell(f"{value:,}" if isinstance(value, int) else value) for value in values), style=style)
