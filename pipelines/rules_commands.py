"""What the commands about rules do: each calls what does the work, and hands the result to the output."""

from pipelines.commands import Given, require_lake
from pipelines.output import Output
from pipelines.rules.presets import Preset
from pipelines.settings import Settings


def restate(given: Given, output: Output, model: str, *, dry_run: bool) -> None:
    from pipelines.jobs.restate import planned
    from pipelines.jobs.restate import restate as restate_lake
    from pipelines.reports.restatement import restatement
    from pipelines.reports.restatement_page import rendered

    world = given.world()
    with output.working("attributing what changed"):
        done = planned(world) if dry_run else restate_lake(world)
    with output.working("reckoning what moved"):
        told = restatement(world, done, model)
    output.result(told, rendered(told))


def whatif(
    given: Given, settings: Settings, output: Output, model: str, preset: Preset | None, *, explain: bool
) -> None:
    from pipelines.reports.restatement_page import rendered_whatif
    from pipelines.reports.whatif import whatif as what_if

    with output.working("attributing by other rules"):
        told = what_if(given.world(), settings, model, preset)
    output.result(told, rendered_whatif(told, explain=explain))


def reference_list(given: Given, output: Output) -> None:
    from pipelines.reports.reference_page import listed_versions, rendered_versions

    require_lake(given)
    found = listed_versions(given.workspace.lake)
    output.result(found, rendered_versions(found))


def reference_diff(given: Given, output: Output, before: str | None, after: str | None) -> None:
    from pipelines.reports.reference_page import rendered_diff, version_diff

    require_lake(given)
    found = version_diff(given.workspace.lake, before, after)
    output.result(found, rendered_diff(found))


def reference_show(given: Given, output: Output, version: str, table: str) -> None:
    from pipelines.reports.reference_page import rendered_rows, version_table

    require_lake(given)
    rows = version_table(given.workspace.lake, version, table)
    output.result(rows.to_pylist(), rendered_rows(rows))
