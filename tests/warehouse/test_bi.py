"""BI tools open what is published: every recipe runs, the tools agree, and columns and types stay."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from pipelines.warehouse.catalogue import read_catalogue
from pipelines.warehouse.check import fingerprint_of
from pipelines.warehouse.findings import CheckResult
from pipelines.warehouse.publish import publish
from pipelines.warehouse.recipes import RECIPES
from pipelines.warehouse.versions import current_version
from tests.warehouse.mart_columns import contracted, promised

NOW = datetime(2026, 3, 11, tzinfo=UTC)
PUBLISHED_TIMES = 5
README = Path(__file__).resolve().parents[2] / "README.md"
FLOATS = ("ratio", "per cent", "count", "followers", "money in the reporting currency per")

READER = """
import sys, time
from decimal import Decimal
from pathlib import Path
import duckdb, polars as pl, pyarrow.parquet as pq

tool, stop, rounds = sys.argv[1], Path('stop'), 0
def net():
    current = Path('published/current')
    if tool == 'polars':
        return pl.scan_parquet(current / 'fct_orders.parquet').select(pl.col('net_revenue').sum()).collect().item()
    if tool == 'pyarrow':
        return sum(pq.read_table(current / 'fct_orders.parquet')['net_revenue'].to_pylist())
    with duckdb.connect(str(current / 'marts.duckdb'), read_only=True) as marts:
        return marts.sql('select sum(net_revenue) from fct_orders').fetchall()[0][0]
while not stop.exists() or not rounds:
    assert net() == Decimal('170'), tool
    rounds += 1
    time.sleep(0.02)
print(rounds)
"""


@pytest.fixture(scope="module")
def shop(small_workspace, tmp_path_factory) -> Path:
    """A workspace with a published version."""
    root = tmp_path_factory.mktemp("bi")
    (root / "warehouse").mkdir()
    build = Path(shutil.copy(small_workspace / "warehouse" / "build.duckdb", root / "warehouse"))
    approved = CheckResult(True, NOW, fingerprint_of(build), 1, 1, (), ())
    approved.write(root / "warehouse" / "check.json")
    publish(root, NOW)
    return root


@pytest.mark.parametrize("recipe", [pytest.param(recipe, id=recipe.tool) for recipe in RECIPES])
def test_a_recipe_runs_as_it_stands(recipe, shop):
    done = subprocess.run(
        [sys.executable, "-c", recipe.code], cwd=shop, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_readmes_hold_the_recipes_and_no_other(shop):
    recipes = {recipe.code for recipe in RECIPES}
    published = python_blocks(shop / "published" / "current" / "README.md")
    assert set(published) == recipes
    assert set(python_blocks(README)) <= recipes


def python_blocks(file: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_every_tool_reads_the_same_money(shop):
    current = shop / "published" / "current"
    file = current / "fct_orders.parquet"
    with duckdb.connect(str(current / "marts.duckdb"), read_only=True) as marts:
        of_database = marts.sql("select sum(net_revenue) from fct_orders").fetchall()[0][0]
    assert {
        of_database,
        duckdb.sql(f"select sum(net_revenue) from '{file}'").fetchall()[0][0],
        pl.read_parquet(file)["net_revenue"].sum(),
        sum(pq.read_table(file)["net_revenue"].to_pylist()),
        pd.read_parquet(file, dtype_backend="pyarrow")["net_revenue"].sum(),
    } == {Decimal(170)}


def test_every_tool_reads_instants_with_their_zone(shop):
    file = shop / "published" / "current" / "fct_orders.parquet"
    assert pl.read_parquet_schema(file)["ordered_at"].time_zone == "UTC"
    assert pq.read_schema(file).field("ordered_at").type.tz == "UTC"
    assert str(pd.read_parquet(file)["ordered_at"].dt.tz) == "UTC"


def test_readers_of_every_tool_go_on_while_versions_are_published(shop):
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, tool], cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for tool in ("polars", "pyarrow", "duckdb", "duckdb")
    ]
    for _ in range(PUBLISHED_TIMES):
        publish(shop, NOW)
    (shop / "stop").touch()
    told = [reader.communicate(timeout=60) for reader in readers]
    assert [(reader.returncode, errors) for reader, (_, errors) in zip(readers, told, strict=True)] == [(0, "")] * 4


def test_the_columns_of_the_marts_are_those_that_were_promised():
    changed = {
        mart: (promised().get(mart), columns)
        for mart, columns in contracted().items()
        if promised().get(mart) != columns
    }
    assert changed == {}, "readers rely on names and types: to change them run python -m tests.warehouse.mart_columns"
    assert promised().keys() == contracted().keys()


def test_what_is_published_has_the_promised_columns(shop):
    folder, version = current_version(shop)
    marts = read_catalogue(folder, version).marts
    assert {mart.name: {column.name: column.type for column in mart.columns} for mart in marts} == promised()


def test_types_are_those_that_bi_tools_reckon_with():
    wrong = [
        (mart, name, kind)
        for mart, columns in promised().items()
        for name, kind in columns.items()
        if (name.endswith("_at") and kind != "TIMESTAMP WITH TIME ZONE")
        or (re.search(r"(^day|^month|_on)$", name) and kind != "DATE")
        or (name.startswith(("is_", "has_")) and kind != "BOOLEAN")
        or (name.endswith("_minor") and kind not in ("BIGINT", "HUGEINT"))
        or kind in ("TIMESTAMP", "FLOAT", "DECIMAL")
    ]
    assert wrong == []


def test_money_is_decimal_and_only_quotients_are_floats(shop):
    folder, version = current_version(shop)
    catalogue = read_catalogue(folder, version)
    units = {(mart, measure.name): measure.unit for measure in catalogue.measures for mart in measure.marts}
    types = {(mart.name, column.name): column.type for mart in catalogue.marts for column in mart.columns}
    money = {place for place, unit in units.items() if unit == "money in the reporting currency"}
    assert {place: types[place] for place in money if not types[place].startswith("DECIMAL")} == {}
    floats = [place for place in units if types[place] == "DOUBLE" and not units[place].startswith(FLOATS)]
    assert floats == []
