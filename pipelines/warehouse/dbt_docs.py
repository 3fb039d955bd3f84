"""dbt's own documentation of the models in one file: lineage, SQL, columns, tests, exposures and metrics."""

from pathlib import Path

from pipelines.failures import CheckFailed
from pipelines.warehouse.dbt_runner import project_dir, scratch_of

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:"
)
FORBIDS = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'


def write_dbt_docs(root: Path, currency: str, digits: int) -> Path:
    """Writes `root`/warehouse/dbt_docs.html, of what dbt tested last: call it after `build.test`, which has parsed all.

    The page holds all that it shows; its policy forbids it to ask for anything, so that it reports to nobody. Raises
    CheckFailed when dbt cannot, OSError when the disk fails.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # two seconds, only when it is needed
    from dbt.cli.main import dbtRunner

    scratch, project = scratch_of(root).resolve(), str(project_dir())
    build = str((root / "warehouse" / "build.duckdb").resolve()).replace("'", "''")
    variables = (
        f"{{build_file: '{build}', access_mode: read_only, reporting_currency: {currency}, reporting_digits: {digits}}}"
    )
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(scratch / "target")]
    quiet = ["--log-path", str(scratch / "logs"), "--log-level", "none", "--no-use-colors"]
    options = ["--static", "--no-compile", "--partial-parse"]
    try:
        outcome = dbtRunner().invoke(["docs", "generate", *options, *places, *quiet, "--vars", variables])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        raise CheckFailed(
            f"dbt could not write its documentation: {outcome.exception}; the log is {scratch / 'logs' / 'dbt.log'}"
        )
    page = (scratch / "target" / "static_index.html").read_text(encoding="utf-8")
    partial = root / "warehouse" / "dbt_docs.partial"
    partial.write_text(page.replace("<head>", f"<head>{FORBIDS}", 1), encoding="utf-8")
    return partial.replace(root / "warehouse" / "dbt_docs.html")
