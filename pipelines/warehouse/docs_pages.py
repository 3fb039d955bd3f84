"""The Data Docs: is the build fit to publish, what broke, and what was expected of each table, row by row."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from pipelines.warehouse.data_tests import DataTest
from pipelines.warehouse.findings import CheckResult, Finding
from pipelines.warehouse.suites import Batch, Expectation, Suite
from pipelines.warehouse.templates import render


@dataclass(frozen=True, slots=True)
class Checked:
    """A check as the pages tell it; `validated` holds the (table, batch) that Great Expectations could judge."""

    result: CheckResult
    built_at: datetime
    suites: Sequence[Suite]
    validated: AbstractSet[tuple[str, str]]
    data_tests: Sequence[DataTest]


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A batch with what became of its expectations; the files lie below the site, None where there is no such page."""

    table: str
    grain: str
    batch: Batch
    judged: tuple[tuple[Expectation, bool | None], ...]  # whether it holds; None where the batch could not be drawn
    findings: tuple[Finding, ...]
    validation: str | None
    suite: str | None


def write_pages(site: Path, checked: Checked) -> None:
    """Writes `site`/index.html, and a frame around each page that Great Expectations has left in `site`.

    Each page holds its style, has no script and asks for nothing else. Whatever comes from data is shown as text.
    """
    tables = {suite.table: [_page(site, suite, batch, checked) for batch in suite.batches] for suite in checked.suites}
    for pages in tables.values():
        for page in pages:
            for file in filter(None, (page.validation, page.suite)):
                sections = Markup((site / file).read_text(encoding="utf-8"))  # noqa: S704  escaped by `docs_view`
                framed = render("batch.html", page=page, file=file, root="../" * file.count("/"), sections=sections)
                (site / file).write_text(framed, encoding="utf-8")
    index = render("index.html", checked=checked, result=checked.result, tables=tables)
    (site / "index.html").write_text(index, encoding="utf-8")


def _page(site: Path, suite: Suite, batch: Batch, checked: Checked) -> BatchPage:
    names = {expectation.name for expectation in batch.expectations}
    found = [*checked.result.failures, *checked.result.warnings]
    findings = tuple(part for part in found if part.table == suite.table and part.expectation in names)
    broken = {finding.expectation for finding in findings}
    known = (suite.table, batch.name) in checked.validated
    return BatchPage(
        suite.table,
        suite.grain,
        batch,
        tuple((part, part.name not in broken if known else None) for part in batch.expectations),
        findings,
        _file(site, f"validations/{suite.table}/{batch.name}/**/*.html"),
        _file(site, f"expectations/{suite.table}/{batch.name}.html"),
    )


def _file(site: Path, pattern: str) -> str | None:
    return next((file.relative_to(site).as_posix() for file in site.glob(pattern)), None)
