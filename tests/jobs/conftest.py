"""Workspaces to run: a copy of a golden world, or one with the reference data of the colliding worlds."""

from pathlib import Path
from shutil import copytree

import pytest

from pipelines.testing import drain
from tests.jobs.planted import plant

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def golden_world(tmp_path):
    """Copies a golden world, so that its topic files may grow."""
    return lambda name: Path(copytree(GOLDEN / name, tmp_path / name))


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """A world with a person in it, in the lake; for all to read."""
    root = tmp_path_factory.mktemp("planted")
    plant(root)
    drain(root)
    return root


@pytest.fixture
def shop(planted, tmp_path):
    """A copy of it."""
    return Path(copytree(planted, tmp_path / "shop"))
