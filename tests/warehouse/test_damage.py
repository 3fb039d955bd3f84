"""Whatever is damaged in whichever mart, some named expectation blocks it: of every mart and column, one by one."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.failures import CheckFailed
from pipelines.warehouse.check import check, suites_for
from pipelines.warehouse.publish import publish
from tests.warehouse.broken import broken, open_to_damage
from tests.warehouse.damages import damages
from tests.warehouse.mart_columns import contracted

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MARTS = contracted()


@pytest.fixture(scope="module")
def world(codetrail, tmp_path_factory):
    """A simulated hostile workspace, small, whose every mart has rows."""
    root = tmp_path_factory.mktemp("damaged") / "shop"
    for command in (("simulate", "--seed", "7", "--orders", "300", "--faults", "hostile"), ("run",), ("build",)):
        ended = codetrail("--workspace", root, *command)
        assert ended.code == 0, ended.err
    return root


@pytest.fixture(scope="module")
def build(world, tmp_path_factory):
    """A copy of its build, open to be damaged and rolled back."""
    copy = shutil.copy(world / "warehouse" / "build.duckdb", tmp_path_factory.mktemp("copy") / "build.duckdb")
    with open_to_damage(copy) as connection:
        connection.execute(f"set variable checked_at = timestamptz '{NOW.isoformat()}'")
        yield connection


@pytest.fixture(scope="module")
def suites(build, world):
    return suites_for(build, world)


def about(suites, mart):
    """The batches whose queries read a mart, each as a suite, its own first."""
    reading = [
        replace(suite, batches=(batch,))
        for suite in suites
        for batch in suite.batches
        if re.search(rf"\b{mart}\b", batch.sql)
    ]
    return sorted(reading, key=lambda suite: suite.table != mart)


def seeing(reading, column):
    """Those whose queries name a column, or all columns: the others cannot tell a damage to it."""
    return [suite for suite in reading if column is None or re.search(rf"\b{column}\b|\*", suite.batches[0].sql)]


def caught(build, suites, statement):
    """Whether something blocks after the damage; a damage that finds no row to change is none."""
    build.execute("begin")
    try:
        changed = build.execute(statement).fetchall()[0][0]
        return not changed or any(broken(build, [suite], "block") for suite in suites)
    finally:
        build.execute("rollback")


def test_the_world_is_sound(build, suites):
    assert broken(build, suites, "block") == {}


@pytest.mark.parametrize("mart", MARTS)
def test_every_damage_to_a_mart_is_caught(mart, build, suites):
    assert build.execute(f"select count(*) from {mart}").fetchall()[0][0], "a mart without rows proves nothing"
    reading = about(suites, mart)
    missed = [
        damage.told
        for damage in damages(mart, MARTS[mart])
        if not caught(build, seeing(reading, damage.column), damage.statement)
    ]
    assert missed == []


def test_what_is_damaged_is_not_published(world, tmp_path):
    """Every mart damaged at once, by the real check: each named, nothing published."""
    (tmp_path / "warehouse").mkdir()
    copy = shutil.copy(world / "warehouse" / "build.duckdb", tmp_path / "warehouse")
    with open_to_damage(copy) as connection:
        for mart in MARTS:
            connection.execute(f"insert into {mart} select * from {mart} where rowid = (select min(rowid) from {mart})")
    result = check(tmp_path, NOW, lambda root: [])
    assert {finding.table for finding in result.failures} >= MARTS.keys()
    with pytest.raises(CheckFailed, match="not published"):
        publish(tmp_path, NOW)
    assert not (tmp_path / "published" / "current").exists()
