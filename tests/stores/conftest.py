"""A workspace's good reference data, to be loaded as it is or with one thing broken."""

import csv
from pathlib import Path
from shutil import copytree

import pytest

from pipelines.stores.reference import Reference, load_reference

GOOD = Path(__file__).parent / "good_reference"


class ReferenceFolder:
    """A copy of `good_reference/`, every table filled, that a test may change."""

    def __init__(self, path: Path) -> None:
        self.path = Path(copytree(GOOD, path))

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.path / f"{table}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def write(self, table: str, text: str | bytes) -> None:
        (self.path / f"{table}.csv").write_bytes(text.encode() if isinstance(text, str) else text)

    def write_rows(self, table: str, rows: list[dict[str, str]]) -> None:
        """The table with these rows alone; a column that a row leaves out is empty."""
        columns = list(self.rows(table)[0])
        with (self.path / f"{table}.csv").open("w", newline="") as file:
            lines = csv.DictWriter(file, columns)
            lines.writeheader()
            lines.writerows(rows)

    def remove(self, table: str) -> None:
        (self.path / f"{table}.csv").unlink()

    def load(self) -> Reference:
        return load_reference(self.path, redact_id=lambda text: text, redact_text=lambda text: text)


@pytest.fixture
def reference_folder(tmp_path):
    return ReferenceFolder(tmp_path / "reference")
