"""The commands about rejected events: look at them, mend them, send them again, or drop them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines import quarantine_commands
from pipelines.failures import BadInput
from pipelines.given import given_of
from pipelines.options import Json
from pipelines.output import Output
from pipelines.quarantine_commands import Asked, Mend

Places = Annotated[list[str] | None, typer.Argument(help="topic/partition/offset, as `list` shows them.")]
Reason = Annotated[str | None, typer.Option(help="Only this reason, such as bad_money.")]
Step = Annotated[str | None, typer.Option(help="Only this step of the job, such as decode.")]
Topic = Annotated[str | None, typer.Option(help="Only this topic.")]
Since = Annotated[datetime | None, typer.Option(help="Only what was rejected since this UTC time.")]
Until = Annotated[datetime | None, typer.Option(help="Only what was rejected before this UTC time.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]

quarantine_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Rejected events: look at them, mend them, send them again."
)


def register(app: typer.Typer) -> None:
    """Adds these commands to the command line."""
    app.add_typer(quarantine_app, name="quarantine")


@quarantine_app.command("list", epilog="Example: codetrail --workspace shop quarantine list --reason bad_money")
def quarantine_list(
    context: typer.Context,
    reason: Reason = None,
    step: Step = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were sent again or dropped.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many to show.")] = 20,
    as_json: Json = False,
) -> None:
    """Count the open rejected events by reason and show the newest."""
    asked = _asked(None, reason, step, topic, since, until)
    quarantine_commands.quarantine_list(given_of(context), Output(as_json), asked, everything=everything, limit=limit)


@quarantine_app.command("show", epilog="Example: codetrail --workspace shop quarantine show orders/0/18231")
def quarantine_show(
    context: typer.Context,
    place: Annotated[str, typer.Argument(help="topic/partition/offset, as `list` shows it.")],
    as_hex: Annotated[bool, typer.Option("--hex", help="Show the bytes in hexadecimal.")] = False,
    as_json: Json = False,
) -> None:
    """Show one rejected event whole, with its reason and what was done with it; the bytes are escaped."""
    quarantine_commands.quarantine_show(given_of(context), Output(as_json), place, as_hex)


@quarantine_app.command(
    "requeue",
    epilog="Example: codetrail --workspace shop quarantine requeue --reason bad_money "
    '--mend \'.subtotal |= sub(","; ".")\' --dry-run',
)
def quarantine_requeue(
    context: typer.Context,
    places: Places = None,
    reason: Reason = None,
    step: Step = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    mend: Annotated[str | None, typer.Option(help="An expression of jq that makes the message right.")] = None,
    as_text: Annotated[
        bool, typer.Option("--text", help="Give it to --mend as one text, for what is no JSON yet.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(help="Corrected messages: a line of topic, partition, offset and payload each.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why, for those who ask later.")] = None,
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka's brokers, host:port[,host:port].")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would pass; write nothing.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Send rejected events to their topic again, mended, each once; exit 1 if any would be rejected again."""
    asked = _asked(places, reason, step, topic, since, until)
    if file is not None and (mend is not None or as_text or asked != Asked()):
        raise BadInput("--file says which messages and what they should be: leave all else out")
    if as_text and mend is None:
        raise BadInput("--text goes with --mend")
    confirm = None if dry_run else _confirming(yes)
    quarantine_commands.quarantine_requeue(
        given_of(context, bootstrap_servers=bootstrap_servers),
        Output(as_json),
        asked,
        Mend(mend, as_text, file, note),
        confirm,
    )


@quarantine_app.command(
    "drop", epilog="Example: codetrail --workspace shop quarantine drop --reason bad_json --note 'a load test'"
)
def quarantine_drop(
    context: typer.Context,
    note: Annotated[str, typer.Option(help="Why, for those who ask later.")],
    places: Places = None,
    reason: Reason = None,
    step: Step = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Mark rejected events as dropped: they stay in the lake, and `list` shows them no more unless with --all."""
    asked = _asked(places, reason, step, topic, since, until)
    quarantine_commands.quarantine_drop(given_of(context), Output(as_json), asked, note, _confirming(yes))


def _asked(
    places: list[str] | None,
    reason: str | None,
    step: str | None,
    topic: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Asked:
    return Asked(tuple(places or ()), reason, step, topic, _utc(since), _utc(until))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _confirming(yes: bool) -> Callable[[str], None]:
    """Asks on a terminal; elsewhere nobody answers, so --yes has to say it."""

    def confirm(question: str) -> None:
        if yes:
            return
        if not _is_terminal():
            raise BadInput(f"{question} Say so with --yes, or look first with --dry-run or `list`; nothing was written")
        if not typer.confirm(question):
            raise BadInput("nothing was written")

    return confirm


def _is_terminal() -> bool:
    return typer.get_text_stream("stdin").isatty()
