"""Doctor: what this machine and this workspace have, what they lack, and how to get it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pipelines.failures import BadInput
from pipelines.reports.diagnosis import Diagnosis, Finding
from pipelines.reports.doctor_page import rendered as rendered
from pipelines.reports.flink import flink
from pipelines.reports.machine import clock, disk, java, packages, prism, python, writable
from pipelines.reports.workspace_inputs import key, lake, reference, topics
from pipelines.settings import Settings, load_settings
from pipelines.stores.workspace import Workspace

FindProgram = Callable[[str], str | None]


def examine(
    root: Path,
    environment: Mapping[str, str],
    find_program: FindProgram,
    now: datetime,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Diagnosis:
    """Looks at everything that a run in the workspace `root` needs, and writes nothing that stays.

    `find_program` looks a program up on PATH. Nothing of a secret is told but whether it is there.
    """
    workspace = Workspace(root)
    findings = tuple(_findings(workspace, environment, find_program, now, free_bytes))
    return Diagnosis(findings, all(f.state != "missing" for f in findings if f.required))


def _findings(
    workspace: Workspace,
    environment: Mapping[str, str],
    find_program: FindProgram,
    now: datetime,
    free_bytes: Callable[[Path], int],
) -> Iterator[Finding]:
    yield python()
    yield from packages()
    yield clock(workspace.root, now)
    yield writable(workspace.root)
    yield disk(workspace, free_bytes)
    settings, told = _settings(workspace)
    yield told
    yield key(settings, environment)
    yield reference(workspace, settings)
    yield topics(workspace)
    yield lake(workspace, settings)
    yield java(environment, find_program)
    yield prism(environment, find_program)
    yield from flink(settings)


def _settings(workspace: Workspace) -> tuple[Settings | None, Finding]:
    file = workspace.settings_file
    try:
        settings = load_settings(file, {})
    except BadInput as problem:
        return None, Finding(
            "settings", "missing", str(problem), "correct it: contract and README list what may be set"
        )
    where = file.name if file.is_file() else f"no {file.name}, so the defaults hold"
    told = f"{where}: policy {settings.policy}, reports in {settings.reporting_currency}"
    return settings, Finding("settings", "ok", told)
