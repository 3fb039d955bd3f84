"""Lineage: what a command reads and writes, told to OpenLineage's backend where one is configured, else to nobody."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    from pipelines.commands import Given

NAMESPACE = "OPENLINEAGE_NAMESPACE"


def lineage_of(
    given: "Given",
    job: Literal["run", "build", "check", "publish"],
    source: str = "topics",
    *,
    is_endless: bool = False,
) -> AbstractContextManager[object]:
    """Tells of a run of the job `<workspace's folder>.<job>` as a context; imports nothing where nobody is to know."""
    from pipelines.stores.lineage import Job, Telling, is_wanted

    home = given.environment.get("HOME")  # a container's user may have none
    if not is_wanted(given.environment, (Path(), *([Path(home) / ".openlineage"] if home else []))):
        return nullcontext()
    from pipelines.reports.lineage import of_build, of_check, of_publish, of_run

    facts = {"build": of_build, "check": of_check, "publish": of_publish}
    asked = of_run(given.workspace, given.settings, source) if job == "run" else facts[job](given.workspace)
    run_id = UUID(hex=given.new_token() + given.new_token(), version=4)
    named = Job(
        given.environment.get(NAMESPACE) or "codetrail", f"{given.root.resolve().name}.{job}", str(run_id), is_endless
    )
    return Telling(named, asked, given.now)
