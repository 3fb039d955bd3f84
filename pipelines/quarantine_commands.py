"""What the commands about rejected events do: each calls what does the work, and hands the result to the output."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands import Given, require_lake
from pipelines.failures import BadInput, CheckFailed
from pipelines.output import Output

if TYPE_CHECKING:
    from pipelines.jobs.quarantine import Selection


@dataclass(frozen=True)
class Asked:
    """Which rejected events a person asks for, by their places or by what holds for them."""

    places: tuple[str, ...] = ()
    reason: str | None = None
    step: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Mend:
    """How they are mended: by an expression of jq, by a file of corrections, or not at all."""

    expression: str | None = None
    as_text: bool = False
    file: Path | None = None
    note: str | None = None


def quarantine_list(given: Given, output: Output, asked: Asked, *, everything: bool, limit: int) -> None:
    from pipelines.reports.quarantine import list_rejected, rendered_list

    require_lake(given)
    found = list_rejected(
        given.workspace.lake,
        reason=asked.reason,
        step=asked.step,
        topic=asked.topic,
        since=asked.since,
        until=asked.until,
        only_open=not everything,
        limit=limit,
    )
    output.result(found, rendered_list(found))


def quarantine_show(given: Given, output: Output, place: str, as_hex: bool) -> None:
    from pipelines.reports.quarantine import rendered_event, show_rejected

    require_lake(given)
    found = show_rejected(given.workspace.lake, place)
    output.result(found, rendered_event(found, as_hex=as_hex))


def quarantine_requeue(
    given: Given, output: Output, asked: Asked, mend: Mend, confirm: Callable[[str], None] | None
) -> None:
    """Without `confirm` it is a dry run; exit 1 where a message is left that would be rejected again."""
    from pipelines.jobs.quarantine import Selection, corrections, tried
    from pipelines.jobs.requeue import requeue
    from pipelines.reports.requeue_page import rendered_trials, told_trials
    from pipelines.rules.mending import mending

    require_lake(given)
    corrected = None if mend.file is None else corrections(mend.file)
    wanted = _selection(asked) if corrected is None else Selection(places=tuple(corrected))
    if wanted.is_empty:
        raise BadInput(
            "say which: places such as orders/0/18231, --reason, --step, --topic, --since, --until or --file with any"
        )
    world = given.world()
    with output.working("decoding"):
        trials = tried(world, wanted, mending(mend.expression, as_text=mend.as_text), corrected)
    told = told_trials(trials)
    if confirm is not None:
        if passing := [one for one in trials if one.left is None]:
            confirm(f"Send {len(passing):,} of {len(trials):,} messages to their topics again?")
        with output.working("sending"):
            how = mend.expression if mend.file is None else mend.file.name
            told = told_trials(trials, requeue(world, trials, how, mend.note))
    output.result(told, rendered_trials(told))
    if told.passing < len(told.tried):
        raise CheckFailed(
            f"{len(told.tried) - told.passing:,} of {len(told.tried):,} messages would be rejected again, as above: "
            "mend them otherwise, or drop them"
        )


def quarantine_drop(given: Given, output: Output, asked: Asked, note: str, confirm: Callable[[str], None]) -> None:
    from pipelines.jobs.quarantine import selected
    from pipelines.jobs.requeue import drop
    from pipelines.reports.quarantine_figures import DroppedMessages
    from pipelines.reports.requeue_page import rendered_dropped

    require_lake(given)
    wanted = _selection(asked)
    if wanted.is_empty:
        raise BadInput("say which: places such as orders/0/18231, --reason, --step, --topic, --since or --until")
    rows = selected(given.workspace.lake, wanted)
    places = list(rows.select("topic", "partition", "offset").iter_rows())
    if places:
        confirm(f"Drop {len(places):,} messages?")
    dropped = drop(given.world(), places, note)
    told = DroppedMessages(tuple(dropped), len(places) - len(dropped))
    output.result(told, rendered_dropped(told))


def _selection(asked: Asked) -> "Selection":
    from pipelines.jobs.quarantine import Selection
    from pipelines.reports.quarantine import place_of

    return Selection(
        tuple(dict.fromkeys(map(place_of, asked.places))),
        asked.reason,
        asked.step,
        asked.topic,
        asked.since,
        asked.until,
    )
