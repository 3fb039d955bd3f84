"""The comparison as a table: medians and ranges, whose rows agree, and what each does or leaves out beside."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEADINGS = ("", "events per CPU-second", "CPU, s", "wall, s", "peak memory, MB", "claims", "beside them")
DIFFERS = "†"


@dataclass(frozen=True)
class Used:
    """What one repeat used: seconds on the wall, CPU seconds of all processes, MiB at its peak."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Result:
    """One contestant's repeats, its claims, how many differ from Codetrail's by kind, and what else it does or not."""

    title: str
    repeats: Sequence[Used]
    claims: int
    differences: Mapping[str, int]
    beside: str


def cells(result: Result, events: int) -> tuple[str, ...]:
    """A row of the table; a figure of other rows than Codetrail's is marked."""
    mark = f" {DIFFERS}" if result.differences else ""
    return (
        result.title,
        _spread([events / used.cpu for used in result.repeats], 0) + mark,
        _spread([used.cpu for used in result.repeats], 1) + mark,
        _spread([used.wall for used in result.repeats], 1) + mark,
        _spread([used.peak_mb for used in result.repeats], 0) + mark,
        _agreement(result),
        result.beside,
    )


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """The table as Markdown, figures to the right."""
    aligned = ["---", *["---:"] * 4, "---", "---"]
    lines = [HEADINGS, aligned, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spread(values: Sequence[float], digits: int) -> str:
    """`median (least to greatest)`; a single value alone."""
    median = f"{statistics.median(values):,.{digits}f}"
    return median if len(values) == 1 else f"{median} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def _agreement(result: Result) -> str:
    if not result.differences:
        return f"{result.claims:,}, equal row by row"
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(result.differences.items()))
    return f"{DIFFERS} {result.claims:,}, differing: {kinds}"
