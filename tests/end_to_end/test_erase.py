"""A person erased from a workspace that has been built and published: no file names them, every mart's money stays."""

import json
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.warehouse.check import check
from tests.jobs.planted import CUSTOMER, OTHER_WORDS, PERSON, VISITOR, places_of, plant

DIFFERENT = {"dim_post", "fct_unresolved_clicks", "fct_survey_answers"}  # what people named is gone from these
OF_VERSIONS = {"fct_restatements"}  # before, nothing was published yet


def marts_of(database):
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = "select table_name from information_schema.tables where regexp_matches(table_name, '^(dim|fct)_')"
        return {
            mart: sorted(connection.sql(f'select * from "{mart}"').fetchall(), key=repr)
            for (mart,) in connection.sql(names).fetchall()
        }


@pytest.mark.slow
def test_nobody_finds_them_and_every_mart_says_what_it_said(codetrail_here, tmp_path):
    root = tmp_path / "shop"
    plant(root)

    def run(*arguments, code=0):
        ended = codetrail_here("--workspace", root, *arguments)
        assert ended.code == code, ended.err
        return ended

    for command in ("run", "build"):
        run(command)
    assert check(root, datetime.now(UTC), data_tests=lambda _: ()).passed  # dbt's own tests say nothing of people
    run("publish")
    # An address stands nowhere but where it was sent; a customer nowhere else, but in bytes that were refused.
    assert places_of(root, PERSON[2:3], but=("topics/",)) == set()
    shown = run("erase", "--customer", CUSTOMER, code=2)
    assert "lake/orders" in shown.out
    assert "add --yes" in shown.err
    before = marts_of(root / "published" / "current" / "marts.duckdb")
    told = root / "warehouse" / "told_signals.json"
    signals = {word: {"signal": {"subject": f"utm_source={word}"}} for word in ("WilmaPhone-card", "newsletter")}
    told.write_text(json.dumps(signals))
    also = [option for word in OTHER_WORDS for option in ("--also", word)]
    run("erase", "--customer", CUSTOMER, *also, "--yes")
    assert places_of(root, PERSON) == set()
    assert json.loads(told.read_bytes()).keys() == {"newsletter"}
    published = marts_of(root / "published" / "current" / "marts.duckdb")
    assert [mart for mart in sorted(before) if before[mart] != published[mart]] == ["dim_post", "fct_unresolved_clicks"]
    with duckdb.connect() as connection:
        parquet = root / "published" / "current" / "fct_unresolved_clicks.parquet"
        connection.execute("set TimeZone = 'UTC'")
        rows = connection.sql(f"select * from '{parquet}'").fetchall()
    assert sorted(rows, key=repr) == published["fct_unresolved_clicks"]
    run("restate")
    run("build")
    after = marts_of(root / "warehouse" / "build.duckdb")
    assert {mart for mart in before if before[mart] != after[mart]} <= DIFFERENT | OF_VERSIONS
    assert places_of(root, (*PERSON, VISITOR)) == set()
