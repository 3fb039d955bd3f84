"""dbt's documentation is one page that holds everything and may ask for nothing."""

import json
import re

import pytest

from pipelines.warehouse.semantic_layer import mart_columns


@pytest.fixture(scope="module")
def page(checked_workspace):
    return (checked_workspace / "warehouse" / "dbt_docs.html").read_text(encoding="utf-8")


def test_the_page_forbids_itself_to_ask_for_anything_before_it_runs_anything(page):
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page)
    assert policy
    assert policy.start() < page.index("<script")
    allowed = {source for rule in policy[1].split(";") for source in rule.split()[1:]}
    assert allowed == {"'none'", "'unsafe-inline'", "'unsafe-eval'", "data:"}


def test_the_page_holds_manifest_and_catalog_of_the_build(page):
    assert "INLINE DATA" not in page
    manifest = in_page(page, '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest')
    catalog = in_page(page, '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog')
    columns = catalog["nodes"]["model.codetrail.fct_orders"]["columns"]
    assert {name.lower() for name in columns} == set(mart_columns()["fct_orders"])
    assert {exposure["name"] for exposure in manifest["exposures"].values()} >= {"bi", "live_page"}
    assert "roi_pct" in {metric["name"] for metric in manifest["metrics"].values()}


def in_page(page, beginning):
    return json.JSONDecoder().raw_decode(page, page.index(beginning))[0]
