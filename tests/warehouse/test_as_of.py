"""As reported then: the marts of a lake that went on are those of the lake that it was."""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl
import pytest

from pipelines.failures import BadInput
from pipelines.jobs.restate import restate
from pipelines.settings import load_settings
from pipelines.simulate.world import simulate
from pipelines.stores.compaction import compact
from pipelines.stores.rulebook import rulebook
from pipelines.stores.workspace import Workspace
from pipelines.testing import HASH_KEY, drain, world_of
from pipelines.warehouse.as_of import build_as_of
from pipelines.warehouse.build import build
from pipelines.warehouse.clicks import resolved_clicks
from pipelines.warehouse.sources import BuildSettings
from tests.warehouse.same_rows import rows_of

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
FIRST, THEN, SECOND = (datetime(2026, 4, day, tzinfo=UTC) for day in (1, 2, 3))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A workspace that went on, with later messages, a restatement and a compaction, and its copy of before."""
    root = tmp_path_factory.mktemp("as-of") / "shop"
    simulate(root, seed=3, orders=150, faults="hostile", until=UNTIL)
    later = {file: file.read_bytes().splitlines(keepends=True) for file in (root / "topics").glob("*.ndjson")}
    for file, lines in later.items():
        file.write_bytes(b"".join(lines[: len(lines) * 6 // 10]))
    drain(root, now=FIRST)
    before = shutil.copytree(root, root.with_name("before"))
    for file, lines in later.items():
        file.write_bytes(b"".join(lines))
    drain(root, now=SECOND)
    codes = root / "reference" / "codes.csv"
    rows = pl.read_csv(codes, infer_schema=False).with_columns(credit_policy=pl.lit("if_winner"))
    rows.write_csv(codes)
    assert restate(world_of(root, now=SECOND)).plan.touched
    compact(Workspace(root).lake, lambda: SECOND, partial(next, map(str, range(99))), timedelta())
    return root, before


def ordinary_build(root):
    workspace = Workspace(root)
    reference = workspace.reference(HASH_KEY)
    settings = load_settings(workspace.settings_file, {})
    links = rulebook(reference, settings).links
    depends = BuildSettings("USD", 7, settings.history_from, workspace.lake.watermark(), settings.shared_costs)
    build(root, reference.tables, resolved_clicks(workspace.lake, links), depends, THEN)
    return root / "warehouse" / "build.duckdb"


def as_of(root, until):
    workspace = Workspace(root)
    settings = load_settings(workspace.settings_file, {})
    return build_as_of(root, settings, lambda: workspace.reference(HASH_KEY).tables, until, THEN)


def test_the_marts_of_then_are_those_of_the_lake_that_it_was(shop, listing):
    root, before = shop
    expected = rows_of(ordinary_build(before))
    lake = listing(root / "lake")
    made = as_of(root, THEN)
    found = rows_of(root / "warehouse" / "as-of" / "2026-04-02T000000.000000Z.duckdb")
    assert made.reference_version is not None
    assert made.watermark == Workspace(before).lake.watermark()
    marts = {name for name in expected if name.startswith("main.")}
    assert {name for name in marts if found.get(name) != expected[name]} == set()
    assert found.keys() == marts
    assert listing(root / "lake") == lake
    assert not (root / "warehouse" / "build.duckdb").exists()


def test_before_its_first_run_a_lake_knew_nothing(shop):
    with pytest.raises(BadInput, match="had seen nothing"):
        as_of(shop[0], FIRST - timedelta(seconds=1))
