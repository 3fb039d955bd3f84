"""How dbt is run: in this process, on one DuckDB file, silent, and leaving nothing outside workspace and project."""

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from pipelines.failures import CheckFailed

WRITTEN = {"logs", "target", "__pycache__"}  # folders of the project that running it leaves there
NOT_TESTS = ("--exclude-resource-type", "test", "unit_test", "exposure")  # options of a build: the models alone
TESTING_MEMORY = "1200MB"  # DuckDB spills beyond it; a build takes what the machine has
_parsed: dict[str, Any] = {}  # by the digest of the project


def project_dir() -> Path:
    """Where the dbt project lies: at the root of a checkout, inside the package of an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data" / "dbt_project"
    return installed if installed.is_dir() else package.parent / "dbt_project"


def scratch_of(root: Path) -> Path:
    """Where dbt leaves its logs and compiled SQL, and the file that it is working on."""
    return root / "warehouse" / "dbt"


def run_dbt(command: str, file: Path, scratch: Path, digits: int, *options: str) -> Any:
    """What a command results in over `file`; raises CheckFailed when dbt does not get as far as running nodes.

    `digits` are those of the reporting currency's minor units.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # two seconds, only when it is needed
    from dbt.cli.main import dbtRunner

    access, limit = ("read_write", "80%") if command == "build" else ("read_only", TESTING_MEMORY)
    variables = (
        f"{{build_file: {_quoted(file)}, access_mode: {access}, memory_limit: {limit}, reporting_digits: {digits}}}"
    )
    manifest = parse_project(scratch)
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # of Python models, in a temporary folder
    try:
        outcome = dbtRunner(manifest=manifest).invoke(
            [*command.split(), *_places(scratch), "--vars", variables, *options]
        )
    finally:
        sys.dont_write_bytecode = writes_bytecode
        DuckDBConnectionManager.close_all_connections()
    if outcome.result is None:
        raise CheckFailed(f"dbt {command} stopped: {outcome.exception}; {_log_hint(scratch)}")
    return outcome.result


def project_digest() -> str:
    """Of all that the dbt project holds."""
    digest, project = hashlib.sha256(), project_dir()
    for path in sorted(project.rglob("*.*")):
        if path.is_file() and not WRITTEN & set(path.relative_to(project).parts):
            digest.update(str(path.relative_to(project)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def parse_project(scratch: Path) -> Any:
    """The project as dbt parses it, which takes seconds: once in a process, and once for all workspaces.

    Where the project cannot be written to, as in an image, once for each workspace. It depends on no variable; what is
    parsed of another project is of no use. Raises CheckFailed.
    """
    from dbt.cli.main import dbtRunner

    digest = project_digest()
    if digest not in _parsed:
        of_project = project_dir() / "target"
        is_writable = os.access(of_project if of_project.exists() else project_dir(), os.W_OK)
        known = (of_project if is_writable else scratch.parent) / f"dbt_{digest[:16]}.msgpack"
        is_known = known.is_file()
        parsing = ("--partial-parse", "--partial-parse-file-path", str(known.resolve()))
        outcome = dbtRunner().invoke(
            ["parse", "--no-write-json", *_places(scratch), *(parsing if is_known else ("--no-partial-parse",))]
        )
        if outcome.result is None:
            raise CheckFailed(f"dbt could not parse its project: {outcome.exception}; {_log_hint(scratch)}")
        if not is_known:
            known.parent.mkdir(exist_ok=True)
            for former in known.parent.glob("dbt_*.msgpack"):
                former.unlink(missing_ok=True)
            partial = known.with_suffix(f".{os.getpid()}")  # others may parse at the same time
            shutil.copyfile(scratch / "target" / "partial_parse.msgpack", partial)
            partial.replace(known)
        _parsed[digest] = outcome.result
    return _parsed[digest]


def _places(scratch: Path) -> list[str]:
    """Dbt takes relative places from the project; it says nothing, and logs below `scratch`."""
    project, scratch = str(project_dir()), scratch.resolve()
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(scratch / "target")]
    return [*places, "--log-path", str(scratch / "logs"), "--log-level", "none", "--no-use-colors"]


def _quoted(path: Path) -> str:
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def stop_at_failure(results: list[Any], scratch: Path) -> None:
    for result in results:
        if result.status in ("error", "fail", "runtime error"):
            said = "\n".join(line for line in str(result.message).splitlines() if not line.startswith("  > "))
            raise CheckFailed(f"dbt could not run {result.node.name}: {said.strip()}; {_log_hint(scratch)}")


def _log_hint(scratch: Path) -> str:
    return f"the SQL is below {scratch / 'target'}, the log is {scratch / 'logs' / 'dbt.log'}"
