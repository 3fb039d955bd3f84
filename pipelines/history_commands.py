"""What the commands about earlier states do: each calls what does the work, and hands the result to the output."""

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from pipelines.commands import Given, require_lake
from pipelines.failures import BadInput
from pipelines.output import Output

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def build_as_of(given: Given, output: Output, as_of: str) -> None:
    from pipelines.warehouse.as_of import build_as_of as build_then

    until = instant_of(as_of)
    require_lake(given)

    with output.working("building the marts of then"):
        made = build_then(
            given.root,
            given.settings,
            lambda: given.workspace.reference(given.hash_key(), given.settings).tables,
            until,
            given.now(),
        )
    lines = [f"[bold]build[/]     {len(made.rows)} marts as of {until:%Y-%m-%d %H:%M:%S} UTC, {made.seconds:.1f} s"]
    if made.reference_version is None:
        lines.append("  by the reference data of now: the lake did not keep those of then")
    output.result(asdict(made), *lines, f"  {made.file}")


def diff(given: Given, output: Output, before: int, after: int) -> None:
    from pipelines.reports.differences import differences
    from pipelines.reports.differences_page import rendered

    require_lake(given)
    found = differences(given.root, before, after)
    output.result(found, rendered(found))


def instant_of(text: str) -> datetime:
    """An instant as a person writes it; a day is its end, in UTC. Raises BadInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--as-of {text!r} is neither a day such as 2026-03-31 nor an instant: {error}") from error
    if DAY.fullmatch(text):
        return found.replace(tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
