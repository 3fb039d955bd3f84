"""The Data Docs tell a verdict to whoever opens them, ask for nothing outside, and show hostile values as text."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from markupsafe import escape

from pipelines.warehouse.check import check, fingerprint_of
from pipelines.warehouse.data_tests import read_data_tests
from pipelines.warehouse.dbt_runner import scratch_of
from pipelines.warehouse.findings import Finding, read_result
from pipelines.warehouse.suites import Suite, expectations_dir, load_suites
from tests.warehouse.pages import asks_for_nothing, broken_links, pages, parsed

NOW = datetime(2026, 3, 11, 8, 30, tzinfo=UTC)
SUITES = load_suites(expectations_dir())
DAMAGED = [suite for suite in SUITES if suite.table in ("fct_claims", "dim_influencer")]
HOSTILE = "</td><script>alert('$1')</script><img src=x onerror=alert(1)>&amp;"
OF_DBT = Finding(f"int_{HOSTILE}", f"test {HOSTILE}", f"Why {HOSTILE}", "block", 12, ({HOSTILE: HOSTILE},) * 12)
DAMAGE = (
    "update fct_claims set reason = $hostile, claim_id = $hostile where claim_id = 'v1-click'",
    "update dim_influencer set handle = null where influencer_id = 'cy'",
)


def checked(build: Path, root: Path, findings: list[Finding], *statements: str, suites: list[Suite] = SUITES) -> Path:
    """The Data Docs of a copy of a build after `statements`, as if dbt's tests had found `findings`."""
    (root / "warehouse").mkdir()
    copy = shutil.copy(build / "warehouse" / "build.duckdb", root / "warehouse")
    with duckdb.connect(str(copy)) as connection:
        for statement in statements:
            connection.execute(statement, {"hostile": HOSTILE} if "$hostile" in statement else None)
    check(root, NOW, lambda root: findings, lambda *_: suites)
    return root / "warehouse" / "data_docs"


@pytest.fixture(scope="module")
def passed(checked_workspace) -> Path:
    return checked_workspace / "warehouse" / "data_docs"


@pytest.fixture(scope="module")
def failed(small_workspace, tmp_path_factory) -> Path:
    return checked(small_workspace, tmp_path_factory.mktemp("failed"), [OF_DBT], *DAMAGE, suites=DAMAGED)


@pytest.fixture(params=["passed", "failed"])
def site(request) -> Path:
    return request.getfixturevalue(request.param)


def validation_page(site: Path, table: str, batch: str) -> Path:
    (page,) = (site / "validations" / table / batch).rglob("*.html")
    return page


def test_a_sound_build_reads_passed_with_the_time_and_the_build_that_was_checked(passed):
    text = parsed(passed / "index.html").text
    fingerprint = fingerprint_of(passed.parent / "build.duckdb")
    assert "Passed: this build may be published" in text
    assert "Nothing is broken." in text
    verdict = read_result(passed.parent / "check.json")
    ran = len(read_data_tests(scratch_of(passed.parents[1]) / "target"))
    assert (
        f"08:30 UTC: {verdict.expectations} expectations on {verdict.tables} tables and {ran} data tests of dbt."
        in text
    )
    assert "Checked 11 March 2026" in text
    assert f"Build of 10 March 2026, 12:05 UTC, SHA-256 {fingerprint[:12]}" in text


def test_a_failed_check_names_what_broke_before_everything_else_with_its_rows(failed):
    text = parsed(failed / "index.html").text
    told = [
        f"Failed: {len(read_result(failed.parent / 'check.json').failures)} expectations are broken",
        "fct_claims: claims have a known reason",
        "Blocks publishing · 1 row",
        f"o1 link {HOSTILE}",
        "Warnings",
        "dim_influencer: every influencer has a handle",
        "cy –",
        "Everything that was expected",
    ]
    at = 0
    for part in told:
        at = text.find(part, at)
        assert at >= 0, f"{part} does not stand behind what was told before"


def test_the_first_ten_of_many_rows_are_shown_and_all_are_counted(failed):
    page = (failed / "index.html").read_text(encoding="utf-8")
    (article,) = (
        part for part in page.split("<article")[1:] if f"test {escape(HOSTILE)}" in part.split("</article>")[0]
    )
    assert "12 rows, the first 10 of them here" in article
    assert article.count(f"<td><div>{escape(HOSTILE)}</div></td>") == 10


def test_a_broken_expectation_is_marked_in_its_table_and_on_its_page(failed):
    page = parsed(validation_page(failed, "fct_claims", "claims")).text
    assert "✗ broken claims have a known reason" in parsed(failed / "index.html").text
    assert "✗ broken claims have a known reason" in page
    assert "! warns every influencer has a handle" in parsed(failed / "index.html").text
    assert "✓ holds claims are codes or links" in page


def test_great_expectations_shows_a_hostile_value_as_it_was_sent(failed):
    text = parsed(validation_page(failed, "fct_claims", "claims")).text
    saw = text[text.index("What Great Expectations saw") :]
    assert f"{HOSTILE}1o1link{HOSTILE}" in saw


def test_no_page_loads_or_runs_anything(site):
    assert [file for file, _ in pages(site) if not asks_for_nothing(file)] == []


def test_every_link_leads_to_a_page_of_the_site(site):
    assert {file: links for file, _ in pages(site) if (links := broken_links(file))} == {}


def test_every_expectation_of_every_table_is_told_and_linked(passed):
    page = parsed(passed / "index.html")
    for suite in SUITES:
        assert suite.grain in page.text
        for batch in suite.batches:
            assert any(link.startswith(quote(f"validations/{suite.table}/{batch.name}/")) for link in page.links), (
                batch.name
            )
            for expectation in batch.expectations:
                assert f"{expectation.name}{expectation.meta.why}" in page.text


def test_the_site_holds_nothing_but_its_pages(site):
    assert {file.suffix for file in site.rglob("*") if file.is_file()} == {".html"}


def test_a_suite_shows_its_query(passed):
    (suite,) = (suite for suite in SUITES if suite.table == "fct_claims")
    page = parsed(passed / "expectations" / "fct_claims" / "claims.html").text
    (batch,) = (batch for batch in suite.batches if batch.name == "claims")
    assert " ".join(batch.sql.split()) in page


def test_what_could_not_be_judged_is_neither_held_nor_linked(small_workspace, tmp_path):
    site = checked(small_workspace, tmp_path, [], "alter table dim_influencer drop column tier", suites=DAMAGED)
    page = parsed(site / "index.html")
    assert "dim_influencer: the table has the columns that its checks read" in page.text
    assert "– not judged tiers are known" in page.text
    assert not any(link.startswith("validations/dim_influencer/influencers/") for link in page.links)
