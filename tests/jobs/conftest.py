"""Workspaces to run: a copy of a golden world, or one with the reference data of the colliding worlds."""

from pathlib import Path
from shutil import copytree

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def golden_world(tmp_path):
    """Copies a golden world, so that its topic files may grow."""
    return lambda name: Path(copytree(GOLDEN / name, tmp_path / name))
