"""How dbt is run: in this process, on one DuckDB file, silent, and leaving nothing outside the workspace."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.failures import CheckFailed

PARSED = "partial_parse.msgpack"
TESTING_MEMORY = "1200MB"  # DuckDB spills beyond it; a build takes what the machine has


def project_dir() -> Path:
    """Where the dbt project lies: at the root of a checkout, inside the package of an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data" / "dbt_project"
    return installed if installed.is_dir() else package.parent / "dbt_project"


def scratch_of(root: Path) -> Path:
    """Where dbt leaves its logs and compiled SQL, and the file that it is working on."""
    return root / "warehouse" / "dbt"


def run_dbt(command: str, file: Path, scratch: Path, currency: str, digits: int, *options: str) -> list[Any]:
    """Each node's result, as dbt gives it; raises CheckFailed when dbt does not get as far as running nodes."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # two seconds, only when it is needed
    from dbt.cli.main import dbtRunner

    project, scratch = project_dir(), scratch.resolve()  # dbt takes relative places from the project
    access, limit = ("read_write", "80%") if command == "build" else ("read_only", TESTING_MEMORY)
    variables = (
        f"{{build_file: {_quoted(file)}, access_mode: {access}, memory_limit: {limit}, "
        f"reporting_currency: {currency}, reporting_digits: {digits}}}"
    )
    places = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(scratch / "target")]
    quiet = ["--log-path", str(scratch / "logs"), "--log-level", "none", "--no-use-colors"]
    known = _parsed(scratch, command)
    parsed = ["--partial-parse", "--partial-parse-file-path", str(known)] if known.is_file() else ["--no-partial-parse"]
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # of Python models, in a temporary folder
    try:
        outcome = dbtRunner().invoke([command, *places, *quiet, *parsed, "--vars", variables, *options])
    finally:
        sys.dont_write_bytecode = writes_bytecode
        DuckDBConnectionManager.close_all_connections()
    with suppress(FileNotFoundError):
        shutil.copyfile(scratch / "target" / PARSED, known)
    if outcome.result is None:
        raise CheckFailed(f"dbt {command} stopped: {outcome.exception}; {_log_hint(scratch)}")
    return list(outcome.result.results)


def forget_parsed(scratch: Path) -> None:
    """The next run parses the whole project again."""
    for command in ("build", "test"):
        _parsed(scratch, command).unlink(missing_ok=True)


def _parsed(scratch: Path, command: str) -> Path:
    """What dbt parsed for a command, to be read the next time: each has other variables, which it depends on."""
    return scratch.parent / f"dbt_{command}_{PARSED}"


def _quoted(path: Path) -> str:
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def stop_at_failure(results: list[Any], scratch: Path) -> None:
    for result in results:
        if result.status in ("error", "fail", "runtime error"):
            said = "\n".join(line for line in str(result.message).splitlines() if not line.startswith("  > "))
            raise CheckFailed(f"dbt could not run {result.node.name}: {said.strip()}; {_log_hint(scratch)}")


def _log_hint(scratch: Path) -> str:
    return f"the SQL is below {scratch / 'target'}, the log is {scratch / 'logs' / 'dbt.log'}"
