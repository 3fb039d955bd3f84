"""Nobody but the score may know who really brought an order: else the score would measure nothing."""

import re
from pathlib import Path

import pytest

from pipelines.simulate.truth import CREDITS, FOLDER

ROOT = Path(__file__).parent.parent
MENTIONS = re.compile(
    rf"""{FOLDER}/|["']{FOLDER}["']|{re.escape(CREDITS)}|simulate\.truth|import truth|(read|write)_truth"""
)
SOURCES = sorted(
    path
    for folder in ("pipelines", "dbt_project", "expectations")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".sql", ".yml", ".yaml", ".json", ".html", ".toml"}
)
SIMULATOR = ROOT / "pipelines" / "simulate"


def test_there_are_sources_to_look_at():
    assert SIMULATOR / "score.py" in SOURCES
    assert any(path.suffix == ".sql" for path in SOURCES)


@pytest.mark.parametrize("line", ['Path("truth") / "x"', "workspace / 'truth'", "truth/x.csv", "credits.csv"])
def test_a_mention_is_found(line):
    assert MENTIONS.search(line)


def test_only_the_simulator_mentions_the_truth():
    outside = [path for path in SOURCES if SIMULATOR not in path.parents]
    assert [str(path) for path in outside if MENTIONS.search(path.read_text(encoding="utf-8"))] == []


def test_only_the_score_reads_it():
    readers = [path.name for path in SOURCES if "read_truth" in path.read_text(encoding="utf-8")]
    assert readers == ["score.py", "truth.py"]  # who asks, and what is asked


def test_only_the_simulator_s_own_files_import_it():
    importers = [path for path in SOURCES if "simulate.truth" in path.read_text(encoding="utf-8")]
    assert {path.name for path in importers} == {"score.py", "world.py"}
