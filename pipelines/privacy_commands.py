"""What the command about people does: it shows what names the person, and erases once that is agreed to."""

from collections.abc import Sequence

import typer

from pipelines.commands import Given, require_lake
from pipelines.failures import BadInput
from pipelines.output import Output


def erase(given: Given, output: Output, customer: str, also: Sequence[str], *, is_agreed: bool, asks: bool) -> None:
    from pipelines.jobs.erase import erase as erase_person
    from pipelines.jobs.erase import find_person
    from pipelines.reports.erasure_page import document, rendered

    require_lake(given)
    world = given.world()
    if not is_agreed:
        with output.working("looking for the person"):
            found = find_person(world, customer, also)
        output.result(document(found), rendered(found))
        if not asks or not found.found or not typer.confirm("Erase this person? It cannot be undone"):
            raise BadInput("nothing was erased: add --yes to erase what is shown above")
    with output.working("erasing"):
        done = erase_person(world, customer, also)
    output.result(document(done), rendered(done))
