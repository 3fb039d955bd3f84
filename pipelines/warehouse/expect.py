"""Great Expectations around batches: validates each, keeps the results, and writes the Data Docs."""

import logging
import os
import shutil
from collections.abc import Callable
from datetime import datetime
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

logging.getLogger("great_expectations").setLevel(logging.WARNING)

GX_SEVERITY = {"block": "critical", "warn": "warning"}
KEPT_ROWS = 100  # of one finding, in check.json; the Data Docs show all that were drawn
SITE = "data_docs"


class Expectations:
    """One round of checking: validate every batch, then `write_docs`. Nothing is kept between rounds but the docs.

    `validated` holds the (table, batch) of every batch so far.
    """

    def __init__(self, docs: Path, checked_at: datetime) -> None:
        self.validated: set[tuple[str, str]] = set()
        self._docs = docs
        self._partial = docs.with_name(docs.name + ".partial")
        self._run = gx.RunIdentifier(run_name="check", run_time=checked_at)
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        _drop_default_site(self._context)
        self._context.add_data_docs_site(site_name=SITE, site_config=_site(self._partial))
        # One asset for all: Great Expectations writes its whole configuration anew for each that is added.
        asset = self._context.data_sources.add_pandas("build").add_dataframe_asset("drawn")
        self._rows = asset.add_batch_definition_whole_dataframe("rows")

    def validate(self, suite: Suite, batch: Batch, drawn: Drawn) -> list[Finding]:
        """What of the batch does not hold; the keys of every unexpected row that was drawn, up to KEPT_ROWS."""
        name = f"{suite.table}.{batch.name}"
        definition = gx.ValidationDefinition(
            name=name,
            data=self._rows,
            suite=self._context.suites.add(_gx_suite(name, suite, batch)),
        )
        validation = self._context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": drawn.frame},
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": list(batch.keys)},
            run_id=self._run,
        )
        self.validated.add((suite.table, batch.name))
        return [_finding(suite, batch, drawn, result) for result in validation.results if not result.success]

    def write_docs(self, write_pages: Callable[[Path], None]) -> None:
        """Replaces the Data Docs by those of this round; `write_pages` completes the folder that it is given."""
        shutil.rmtree(self._partial, ignore_errors=True)
        self._context.build_data_docs(site_names=[SITE], build_index=False)
        shutil.rmtree(self._partial / "static", ignore_errors=True)  # logos and fonts, which no page shows
        write_pages(self._partial)
        shutil.rmtree(self._docs, ignore_errors=True)
        self._partial.rename(self._docs)


def _drop_default_site(context: Any) -> None:
    """Great Expectations makes a site in a temporary folder for every context, and leaves it there."""
    folder = context.variables.data_docs_sites["local_site"]["store_backend"]["base_directory"]
    context.delete_data_docs_site("local_site")
    shutil.rmtree(folder, ignore_errors=True)


def _site(folder: Path) -> dict[str, Any]:
    view = {"module_name": "pipelines.warehouse.docs_view", "class_name": "SectionsView"}
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_section_builders": {"expectations": {"view": view}, "validations": {"view": view}},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())},
    }


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
