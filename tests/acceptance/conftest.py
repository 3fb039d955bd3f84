"""The acceptance tables as cases: one row, one test, named by its line and its first cells."""

import csv
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_generate_tests(metafunc):
    """A test that takes `row` runs once for each row of the table that its module names in TABLE."""
    if "row" in metafunc.fixturenames:
        with (FOLDER / metafunc.module.TABLE).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        ids = [f"line {line}: {' | '.join(list(row.values())[:2])[:60]}" for line, row in enumerate(rows, start=2)]
        metafunc.parametrize("row", [pytest.param(row, id=name) for row, name in zip(rows, ids, strict=True)])
