"""Who really brought each simulated order: what no part of the product may know, and the score is measured against."""

import csv
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.failures import BadInput

FOLDER = "truth"
CREDITS = "credits.csv"


def write_truth(workspace: Path, credits_due: Iterable[tuple[str, str | None]]) -> None:
    """A row an order: its id and the influencer who brought it, empty for nobody."""
    (workspace / FOLDER).mkdir()
    with (workspace / FOLDER / CREDITS).open("x", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("order_id", "influencer_id"))
        rows.writerows(credits_due)


def extend_truth(workspace: Path, credits_due: Iterable[tuple[str, str | None]]) -> None:
    """Further orders, behind those that are there."""
    with (workspace / FOLDER / CREDITS).open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(credits_due)


def read_truth(workspace: Path) -> pl.DataFrame:
    """One row an order: order_id, influencer_id (null for nobody); raises BadInput where there is no truth."""
    path = workspace / FOLDER / CREDITS
    if not path.is_file():
        raise BadInput(f"there is no {path}: only simulated workspaces can be scored; `codetrail simulate` makes one")
    try:
        credits_due = pl.read_csv(path, infer_schema=False)
        return credits_due.select("order_id", "influencer_id")
    except pl.exceptions.PolarsError as unreadable:
        raise BadInput(f"{path} cannot be read ({unreadable}): simulate the workspace again") from unreadable
