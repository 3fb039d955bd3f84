"""What is drawn of a batch is shown as it is, whatever its keys hold."""

from datetime import UTC, datetime

import duckdb

from pipelines.warehouse.check import check
from pipelines.warehouse.suites import expectations_dir, load_suites

NOW = datetime(2026, 3, 11, tzinfo=UTC)


def test_a_list_among_the_keys_of_what_is_broken_is_shown_as_text(workspace):
    with duckdb.connect(str(workspace / "warehouse" / "build.duckdb")) as build:
        build.execute("drop table dim_link")
        build.execute(
            "create table dim_link as select 'l' as link_id, ['a'] as valid_from, null as valid_to, "
            "'x' as influencer_id, 'y' as campaign_id"
        )
    links = [suite for suite in load_suites(expectations_dir()) if suite.table == "dim_link"]
    found = [one for one in check(workspace, NOW, lambda _: [], lambda *_: links).failures if one.table == "dim_link"]
    assert ["[a]"] in [[row["valid_from"] for row in one.rows] for one in found]
