"""The index page tells a BI person what is there, leads everywhere, and asks for nothing outside."""

import shutil
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.warehouse.check import check
from pipelines.warehouse.publish import publish
from pipelines.warehouse.suites import expectations_dir, load_suites
from pipelines.warehouse.versions import current_version
from tests.warehouse.pages import asks_for_nothing, broken_links, parsed

NOW = datetime(2026, 3, 11, tzinfo=UTC)
HOSTILE = "</td><script>alert(1)</script>"
GRAINS = {suite.table: suite.grain for suite in load_suites(expectations_dir())}


@pytest.fixture(scope="module")
def shop(small_workspace, tmp_path_factory):
    """A workspace that was checked with a warning whose row is hostile, and published."""
    root = tmp_path_factory.mktemp("index")
    (root / "warehouse").mkdir()
    build = shutil.copy(small_workspace / "warehouse" / "build.duckdb", root / "warehouse")
    with duckdb.connect(str(build)) as connection:
        for table in ("dim_influencer", "reference.influencers"):
            connection.execute(f"update {table} set handle = null, name = ? where influencer_id = 'cy'", [HOSTILE])
    assert check(root, NOW, lambda root: []).passed
    publish(root, NOW)
    return root


@pytest.fixture(scope="module")
def page(shop):
    return parsed(shop / "published" / "current" / "index.html")


def test_every_mart_stands_there_with_its_grain_its_rows_and_its_file(shop, page):
    _, version = current_version(shop)
    for mart, rows in version.rows.items():
        assert f"{mart} {GRAINS[mart]} {rows:,}" in page.text, mart
        assert f"{mart}.parquet" in page.links
        assert mart in page.ids


def test_the_page_says_as_of_when_and_until_when_it_is_provisional(page):
    assert "As of 10 March 2026, 12:05 UTC. Amounts are in USD." in page.text
    assert "3 of 3 orders are provisional: late events can move them until 17 March 2026, 12:00 UTC." in page.text
    assert "2026-03-17 12:00 UTC (3 rows)" in page.text


def test_a_measure_stands_there_with_formula_unit_break_even_and_its_marts(page):
    assert "roi_pct profit ÷ cost_total × 100" in page.text
    assert "per cent 0 the formula fct_campaign_roi" in page.text


def test_a_warning_of_the_check_is_told(page):
    assert "Warnings" in page.text
    assert "dim_influencer: every influencer has a handle" in page.text


def test_the_page_asks_for_nothing_and_every_link_leads_somewhere(shop):
    index = shop / "published" / "current" / "index.html"
    assert asks_for_nothing(index)
    assert broken_links(index) == []
    assert {"data_docs/index.html", "README.md"} <= set(parsed(index).links)


def test_the_readme_says_the_same(shop):
    text = (shop / "published" / "current" / "README.md").read_text(encoding="utf-8")
    assert "As of 10 March 2026, 12:05 UTC." in text
    assert f"| `fct_orders` | {GRAINS['fct_orders']} | 3 | 2026-03-17 12:00 UTC (3 rows) |" in text
    assert "| `dim_influencer` |" in text
    assert "| `roas` | net_revenue ÷ cost_total | ratio | 1 |" in text
