"""dbt's own documentation of the models in one file: lineage, SQL, columns, tests, exposures and metrics."""

from pathlib import Path

from pipelines.warehouse.dbt_runner import run_dbt, scratch_of

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:"
)
FORBIDS = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'


def write_dbt_docs(root: Path, digits: int) -> Path:
    """Writes `root`/warehouse/dbt_docs.html, of the build that stands there.

    The page holds all that it shows; its policy forbids it to ask for anything, so that it reports to nobody. Raises
    CheckFailed when dbt cannot, OSError when the disk fails.
    """
    scratch = scratch_of(root)
    run_dbt("docs generate", root / "warehouse" / "build.duckdb", scratch, digits, "--static", "--no-compile")
    page = (scratch / "target" / "static_index.html").read_text(encoding="utf-8")
    partial = root / "warehouse" / "dbt_docs.partial"
    partial.write_text(page.replace("<head>", f"<head>{FORBIDS}", 1), encoding="utf-8")
    return partial.replace(root / "warehouse" / "dbt_docs.html")
