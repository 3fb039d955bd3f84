"""Whatever is damaged in whichever mart, some named expectation blocks it: of every mart and column, one by one."""

import contextlib
import itertools
import json
import shutil
from datetime import UTC, datetime

import pytest

from pipelines.failures import CheckFailed
from pipelines.warehouse.check import check, suites_for
from pipelines.warehouse.publish import publish
from tests.warehouse.broken import broken, open_to_damage
from tests.warehouse.damages import is_caught, missed
from tests.warehouse.mart_columns import contracted

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MARTS = contracted()


@pytest.fixture(scope="module")
def world(codetrail, tmp_path_factory):
    """A simulated hostile workspace, small, whose every mart has rows, and whose rules exclude suspicious clicks."""
    root = tmp_path_factory.mktemp("damaged") / "shop"
    for command in (("simulate", "--seed", "7", "--orders", "300", "--faults", "hostile"), ("run",), ("build",)):
        if command == ("run",):
            (root / "codetrail.toml").open("a").write('suspicious_clicks = "exclude"\n')
            tap_again(root)
        ended = codetrail("--workspace", root, *command)
        assert ended.code == 0, ended.err
    return root


def tap_again(root):
    """Of those who bought and of those who did not, some send a click five times more."""
    [file] = (root / "topics").rglob("clicks*.ndjson")
    buyers = {order.get("visitor_id") for order in sent(next((root / "topics").rglob("orders*.ndjson")))}
    clicks = [click for click in sent(file) if "user_agent" in click]
    chosen = [[click for click in clicks if (click["visitor_id"] in buyers) is bought][:20] for bought in (True, False)]
    with file.open("a") as more:
        for click in itertools.chain(*chosen):
            more.writelines(json.dumps(click | {"event_id": f"{click['event_id']}-{n}"}) + "\n" for n in range(5))


def sent(file):
    """The messages of a topic file that are JSON objects with an id."""
    for line in file.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            message = json.loads(line)
            if isinstance(message, dict) and isinstance(message.get("event_id"), str):
                yield message


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


def test_the_world_is_sound(build, suites):
    assert broken(build, suites, "block") == {}


VOIDED = "intermediate.int_voided_clicks"


def test_what_the_rules_exclude_is_no_valid_click(build, suites):
    """Neither of those who bought nor of those who did not; what is voided too little or too much is caught."""
    bought = "join (select distinct visitor_id from intermediate.int_current_attributions) using (visitor_id)"
    taken_out = "select count(*) from fct_claims where reason = 'burst'"
    for rows in (f"from {VOIDED} semi {bought}", f"from {VOIDED} anti {bought}"):
        assert build.execute(f"select count(*) {rows}").fetchall()[0][0] > 0
    assert build.execute(taken_out).fetchall()[0][0] > 0
    some = "select event_id, visitor_id from lake.resolved_clicks where reason is null and not is_bot limit 9"
    assert is_caught(build, suites, f"delete from {VOIDED}")
    assert is_caught(build, suites, f"insert into {VOIDED} by name {some}")


@pytest.mark.parametrize("mart", MARTS)
def test_every_damage_to_a_mart_is_caught(mart, build, suites):
    assert build.execute(f"select count(*) from {mart}").fetchall()[0][0], "a mart without rows proves nothing"
    assert missed(build, suites, mart) == []


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
