"""What this machine has: Python, packages, a clock, room to write, and the programs that are optional."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipelines.failures import BadInput
from pipelines.reports.diagnosis import Finding
from pipelines.reports.shown import size
from pipelines.stores.prism import LOCATION, MODULE, SERVICES, find_prism
from pipelines.stores.workspace import Workspace

DISTRIBUTION = "codetrail"
PYTHON = SpecifierSet(">=3.11,<3.12")
REINSTALL = "make install"
NEEDED_BYTES = 1_000_000_000
TIMES_TOPICS = 2  # the lake, a build and the published copies take about this much of what the topics take
EARLIEST_CLOCK = datetime(2025, 1, 1, tzinfo=UTC)  # before this project was
CLOCK_SLACK = timedelta(minutes=5)


def python(found: str = platform.python_version()) -> Finding:
    told = f"{found} at {sys.executable}"
    if found in PYTHON:
        return Finding("Python", "ok", told)
    return Finding(
        "Python", "missing", f"{told}, but Codetrail runs on {PYTHON}", f"install Python 3.11, then {REINSTALL}"
    )


def packages(required: list[str] | None = None) -> Iterator[Finding]:
    """One finding for each package that is missing or of another version, one for all others."""
    asked = _required() if required is None else required
    if not asked:
        yield Finding("packages", "warning", "what is needed is unknown: codetrail is not installed", REINSTALL)
    fine = []
    for text in asked:
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate():
            continue
        try:
            installed = version(needed.name)
        except PackageNotFoundError:
            yield Finding(f"package {needed.name}", "missing", f"not installed, needed is {needed}", REINSTALL)
            continue
        if needed.specifier.contains(installed, prereleases=True):
            fine.append(f"{needed.name} {installed}")
        else:
            yield Finding(
                f"package {needed.name}", "missing", f"{installed} is installed, needed is {needed}", REINSTALL
            )
    if fine:
        yield Finding("packages", "ok", ", ".join(fine))


def _required() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def clock(root: Path, now: datetime) -> Finding:
    """Compares the clock with what was written last: topic files and commits cannot be of tomorrow."""
    logs = [*root.glob("lake/*/_delta_log"), *root.glob("topics"), *root.glob("topics/*")]
    newest = max((datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in logs), default=EARLIEST_CLOCK)
    told = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    step = "set the clock, by NTP for instance: the watermark never runs ahead of it"
    if now < EARLIEST_CLOCK:
        return Finding("clock", "missing", f"{told} is in the past", step)
    if newest > now + CLOCK_SLACK:
        return Finding(
            "clock", "warning", f"{told}, but something here was written at {newest:%Y-%m-%d %H:%M} UTC", step
        )
    return Finding("clock", "ok", told)


def writable(root: Path) -> Finding:
    """Tries to write, in the workspace or in what it would be made in."""
    folder = _existing(root)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        step = "mend the permissions, or name another folder with --workspace"
        return Finding("workspace", "missing", f"{folder} cannot be written: {error.strerror}", step)
    return Finding("workspace", "ok", f"{root} can be {'written' if root.is_dir() else 'made'}")


def disk(workspace: Workspace, free_bytes: Callable[[Path], int]) -> Finding:
    free = free_bytes(_existing(workspace.root))
    events = sum(path.stat().st_size for path in workspace.topics.rglob("*") if path.is_file())
    needed = max(NEEDED_BYTES, TIMES_TOPICS * events)
    if free >= needed:
        return Finding("disk", "ok", f"{size(free)} free")
    told = f"{size(free)} free; the topic files take {size(events)}, so {size(needed)} may be needed"
    return Finding(
        "disk", "warning", told, "free space: a run that finds the disk full stops, and leaves the lake whole"
    )


def java(environment: Mapping[str, str], find_program: Callable[[str], str | None]) -> Finding:
    home = environment.get("JAVA_HOME")
    candidates = [find_program("java"), *([str(Path(home) / "bin" / "java")] if home else [])]
    found = next((path for path in candidates if path and os.access(path, os.X_OK)), None)
    if found:
        return Finding("Java", "ok", f"{found}, for engines on a cluster", required=False)
    told = "not on PATH and not at JAVA_HOME; only engines on a cluster need it"
    return Finding("Java", "missing", told, "install a JDK 17 or later if a cluster is to run the job", required=False)


def prism(
    environment: Mapping[str, str], find_program: Callable[[str], str | None], services: Path = SERVICES
) -> Finding:
    """Looks where a run looks."""
    try:
        found = find_prism(environment, find_program, services)
    except BadInput as failure:
        return Finding("Prism", "warning", str(failure), f"unset {LOCATION}", required=False)
    if found:
        return Finding("Prism", "ok", f"{found}, for endless streams on one machine", required=False)
    told = f"not at {LOCATION}, on PATH or in .services/; only endless streams need it, and then Beam downloads it"
    step = f"make services, or go install {MODULE}@v{version('apache-beam')}"
    return Finding("Prism", "missing", told, step, required=False)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())
