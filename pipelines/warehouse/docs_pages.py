"""The first page of the Data Docs: is the build fit to publish, what broke, and what was expected of each table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.warehouse.data_tests import DataTest
from pipelines.warehouse.findings import CheckResult, Finding
from pipelines.warehouse.suites import Batch, Severity, Suite

TEMPLATES = Path(__file__).with_name("data_docs")
SHOWN_ROWS = 10  # of one finding; check.json and Great Expectations' page hold more


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation as the page shows it: `holds` is None where its batch could not be drawn, so has no page."""

    name: str
    why: str
    severity: Severity
    batch: str
    page: str | None
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """All that is expected of one table."""

    name: str
    grain: str
    expectations: tuple[Judged, ...]

    @property
    def holding(self) -> int:
        return sum(judged.holds is True for judged in self.expectations)


def write_index(
    site: Path, result: CheckResult, built_at: datetime, suites: Iterable[Suite], data_tests: Sequence[DataTest]
) -> None:
    """Writes `site`/index.html beside the pages that Great Expectations has written there.

    Whatever comes from data is shown as text. The page holds its style, has no script and asks for nothing else.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["instant"] = _instant
    environment.filters["columns"] = _columns
    environment.filters["plural"] = _plural
    page = environment.get_template("index.html").render(
        result=result,
        built_at=built_at,
        tables=[_table(site, suite, result) for suite in suites],
        data_tests=data_tests,
        shown_rows=SHOWN_ROWS,
    )
    (site / "index.html").write_text(page, encoding="utf-8")


def _table(site: Path, suite: Suite, result: CheckResult) -> Table:
    broken = {finding.expectation for finding in (*result.failures, *result.warnings) if finding.table == suite.table}
    judged = [row for batch in suite.batches for row in _judged(site, suite, batch, broken)]
    return Table(suite.table, suite.grain, tuple(judged))


def _judged(site: Path, suite: Suite, batch: Batch, broken: set[str]) -> Iterator[Judged]:
    pages = (site / "validations" / suite.table / batch.name).rglob("*.html")
    page = next((page.relative_to(site).as_posix() for page in pages), None)
    for expectation in batch.expectations:
        holds = None if page is None else expectation.name not in broken
        yield Judged(expectation.name, expectation.meta.why, expectation.meta.severity, batch.name, page, holds)


def _instant(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _columns(finding: Finding) -> list[str]:
    """The names of a finding's rows in order of appearance: dbt and the suites give all rows of one the same."""
    return list(dict.fromkeys(name for row in finding.rows[:SHOWN_ROWS] for name in row))


def _plural(count: int, one: str, several: str = "") -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
