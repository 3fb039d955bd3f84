"""Great Expectations around batches: validates each, keeps the results, and writes the Data Docs."""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from pipelines.warehouse.batches import Drawn
from pipelines.warehouse.findings import Finding, Value
from pipelines.warehouse.suites import Batch, Suite

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read once, at the import below: a check tells nobody outside

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render.renderer import ExpectationSuitePageRenderer, ValidationResultsPageRenderer

from pipelines.warehouse.docs_view import SectionsView

logging.getLogger("great_expectations").setLevel(logging.WARNING)

GX_SEVERITY = {"block": "critical", "warn": "warning"}
KEPT_ROWS = 100  # of one finding, in check.json; the Data Docs show all that were drawn


class Expectations:
    """One round of checking: validate every batch, then `write_docs`. Nothing is kept between rounds but the docs.

    `validated` holds the (table, batch) of every batch so far.
    """

    def __init__(self, docs: Path) -> None:
        self.validated: set[tuple[str, str]] = set()
        self._docs = docs
        self._judged: list[tuple[Suite, Batch, Any, Any]] = []  # with the suite and the result of Great Expectations
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        _drop_default_site(context)
        asset = context.data_sources.add_pandas("build").add_dataframe_asset("drawn")
        self._rows = asset.add_batch_definition_whole_dataframe("rows")

    def validate(self, suite: Suite, batch: Batch, drawn: Drawn) -> list[Finding]:
        """What of the batch does not hold; the keys of every unexpected row that was drawn, up to KEPT_ROWS."""
        expected = _gx_suite(f"{suite.table}.{batch.name}", suite, batch)
        rows = self._rows.get_batch(batch_parameters={"dataframe": drawn.frame})
        validation = rows.validate(expected, result_format="BASIC")
        if not validation.success:  # only then is there a row to name, and looking for them takes as long again
            keys = list(batch.keys)
            complete = {"result_format": "COMPLETE", "unexpected_index_column_names": keys}
            validation = rows.validate(expected, result_format=complete)
        self.validated.add((suite.table, batch.name))
        self._judged.append((suite, batch, expected, validation))
        return [_finding(suite, batch, drawn, result) for result in validation.results if not result.success]

    def write_docs(self, write_pages: Callable[[Path], None]) -> None:
        """Replaces the Data Docs by those of this round; `write_pages` completes the folder that it is given.

        It finds `validations`/<table>/<batch>/check.html and `expectations`/<table>/<batch>.html there.
        """
        partial = self._docs.with_name(self._docs.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        view, of_results, of_suites = SectionsView(), ValidationResultsPageRenderer(), ExpectationSuitePageRenderer()
        for suite, batch, expected, validation in self._judged:
            saw = view.render(of_results.render(validation))
            _write(partial / "validations" / suite.table / batch.name / "check.html", saw)
            _write(
                partial / "expectations" / suite.table / f"{batch.name}.html", view.render(of_suites.render(expected))
            )
        write_pages(partial)
        shutil.rmtree(self._docs, ignore_errors=True)
        partial.rename(self._docs)


def _write(page: Path, text: str) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")


def _drop_default_site(context: Any) -> None:
    """Great Expectations makes a site in a temporary folder for every context, and leaves it there."""
    folder = context.variables.data_docs_sites["local_site"]["store_backend"]["base_directory"]
    context.delete_data_docs_site("local_site")
    shutil.rmtree(folder, ignore_errors=True)


def _gx_suite(name: str, suite: Suite, batch: Batch) -> Any:
    return gx.ExpectationSuite(
        name=name,
        meta={"grain": suite.grain},
        expectations=[
            ExpectationConfiguration(
                type=expectation.type,
                kwargs=expectation.kwargs.given(),
                meta={"name": expectation.name, **msgspec.to_builtins(expectation.meta)},
                severity=GX_SEVERITY[expectation.meta.severity],
            ).to_domain_obj()
            for expectation in batch.expectations
        ],
    )


def _finding(suite: Suite, batch: Batch, drawn: Drawn, result: Any) -> Finding:
    meta = result.expectation_config.meta
    if "unexpected_count" not in result.result:
        return Finding(suite.table, meta["name"], f"It could not be judged: {result.exception_info}", "block", 0)
    rows = result.result.get("unexpected_index_list") or []
    return Finding(
        table=suite.table,
        expectation=meta["name"],
        why=meta["why"],
        severity=meta["severity"],
        broken=drawn.totals.get(meta["name"], result.result["unexpected_count"]),
        rows=tuple(_row(batch, row) for row in rows[:KEPT_ROWS]),
    )


def _row(batch: Batch, row: dict[str, Any]) -> dict[str, Value]:
    """A broken row: first its keys, then the value that is wrong."""
    return {name: _plain(row[name]) for name in dict.fromkeys((*batch.keys, *row))}


def _plain(value: Any) -> Value:
    """A cell of pandas as JSON knows it."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp) and value.tz is None:  # a day: every instant has its zone
        return str(value.date())
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int | float | str | bool) else str(value)
