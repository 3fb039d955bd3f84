"""What lies beside the marts of a version for whoever opens its folder: index page, README, documentation, picture."""

import shutil
from pathlib import Path

import vl_convert

from pipelines.warehouse.catalogue import read_catalogue
from pipelines.warehouse.findings import read_result
from pipelines.warehouse.index_page import Card, index_page
from pipelines.warehouse.picture import VEGA_LITE, roi_chart
from pipelines.warehouse.readme import readme
from pipelines.warehouse.roi_rows import influencer_rows
from pipelines.warehouse.versions import Version

PICTURE = Card("roi.html", "Picture", "What each influencer returned on what they cost.")
DATA_DOCS = Card("data_docs/index.html", "Data Docs", "Everything that was expected of this build, and what was found.")
DBT_DOCS = Card("dbt_docs.html", "dbt docs", "How each mart is made: lineage, SQL, tests, exposures, metrics.")
README = Card("README.md", "README", "The same in plain text, with the recipes.")


def describe(folder: Path, version: Version) -> None:
    """Completes a version's `folder`, which lies in <workspace>/published/versions and holds its Parquet files.

    The documentation that the check left in <workspace>/warehouse goes with it. Raises CheckFailed without a check,
    OSError and duckdb.Error when the disk fails.
    """
    warehouse = folder.parents[2] / "warehouse"
    picture = vl_convert.vegalite_to_html(
        roi_chart(influencer_rows(folder), version), vl_version=VEGA_LITE, bundle=True
    )
    (folder / PICTURE.file).write_text(picture, encoding="utf-8")
    cards = [README]
    if (warehouse / "dbt_docs.html").is_file():
        shutil.copy(warehouse / "dbt_docs.html", folder / DBT_DOCS.file)
        cards.insert(0, DBT_DOCS)
    if (warehouse / "data_docs").is_dir():
        shutil.copytree(warehouse / "data_docs", folder / "data_docs")
        cards.insert(0, DATA_DOCS)
    cards.insert(0, PICTURE)
    catalogue = read_catalogue(folder, version)
    (folder / "README.md").write_text(readme(catalogue), encoding="utf-8")
    page = index_page(catalogue, read_result(warehouse / "check.json"), cards)
    (folder / "index.html").write_text(page, encoding="utf-8")
