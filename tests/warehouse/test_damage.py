"""Whatever is damaged in whichever mart, some named expectation blocks it: of every mart and column, one by one."""

import shutil
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.failures import CheckFailed
from pipelines.warehouse.check import check, suites_for
from pipelines.warehouse.publish import publish
from tests.warehouse.broken import broken
from tests.warehouse.damages import damages
from tests.warehouse.mart_columns import contracted

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MARTS = contracted()
FEWEST_KINDS = 10


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
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set variable checked_at = timestamptz '{NOW.isoformat()}'")
        yield connection


@pytest.fixture(scope="module")
def suites(build, world):
    return suites_for(build, world)


def keys_of(suites, mart):
    return next(batch.keys for suite in suites for batch in suite.batches if suite.table == mart)


def caught(build, suites, mart, statement):
    """What blocks after the damage: by the mart's own suite, else by any."""
    build.execute("begin")
    try:
        changed = build.execute(statement).fetchall()[0][0]
        own = [suite for suite in suites if suite.table == mart]
        return not changed or broken(build, own, "block") or broken(build, suites, "block")
    finally:
        build.execute("rollback")


def test_the_world_is_sound(build, suites):
    assert broken(build, suites, "block") == {}


@pytest.mark.parametrize("mart", MARTS)
def test_every_damage_to_a_mart_is_caught(mart, build, suites):
    keys = tuple(key for key in keys_of(suites, mart) if key in MARTS[mart])
    kinds = dict(damages(mart, MARTS[mart], keys))
    assert build.execute(f"select count(*) from {mart}").fetchall()[0][0], "a mart without rows proves nothing"
    assert [kind for kind, statement in kinds.items() if not caught(build, suites, mart, statement)] == []


def test_what_is_damaged_is_not_published(world, tmp_path):
    """Every mart damaged at once, by the real check: each named, nothing published."""
    (tmp_path / "warehouse").mkdir()
    copy = shutil.copy(world / "warehouse" / "build.duckdb", tmp_path / "warehouse")
    with duckdb.connect(str(copy)) as connection:
        for mart in MARTS:
            connection.execute(f"insert into {mart} select * from {mart} where rowid = (select min(rowid) from {mart})")
    result = check(tmp_path, NOW, lambda root: [])
    assert {finding.table for finding in result.failures} >= MARTS.keys()
    with pytest.raises(CheckFailed, match="not published"):
        publish(tmp_path, NOW)
    assert not (tmp_path / "published" / "current").exists()
