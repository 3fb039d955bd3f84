"""What became of rejected messages that were tried, sent again or dropped, for a reader, in 100 columns."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from pipelines.reports.quarantine_figures import DroppedMessages, TriedMessage, TriedMessages
from pipelines.reports.shown import cell, shown_bytes
from pipelines.rules.privacy import redact_payload

if TYPE_CHECKING:
    from pipelines.jobs.quarantine import Trial
    from pipelines.jobs.requeue import Requeued

SHOWN = 50  # messages
SHOWN_BYTES = 8_192  # of each


def told_trials(trials: Sequence["Trial"], done: "Requeued | None" = None) -> TriedMessages:
    """What trying the messages came to, and sending those that pass if they were sent.

    Addresses are taken out of what is told, whatever a file of corrections has.
    """
    tried = tuple(
        TriedMessage(
            *one.place,
            one.reason,
            one.standing or "open",
            one.left,
            one.detail,
            one.is_counted_only,
            shown_bytes(redact_payload(one.payload[:SHOWN_BYTES])),
        )
        for one in trials
    )
    passing = sum(one.left is None for one in trials)
    return TriedMessages(tried, passing, *(() if done is None else (done.sent, done.found, done.before)))


def rendered_trials(found: TriedMessages) -> RenderableType:
    """Each message with what is left of its trouble, then how many would pass or went out."""
    if not found.tried:
        return cell("No rejected event matches that is open: there is nothing to send.")
    lines = [line for one in found.tried[:SHOWN] for line in _told(one)]
    if len(found.tried) > SHOWN:
        lines.append(cell(f"… and {len(found.tried) - SHOWN:,} more; --json shows all", "dim"))
    return Group(*lines, _sum(found))


def rendered_dropped(found: DroppedMessages) -> RenderableType:
    """How many were dropped."""
    before = f"; {found.before:,} were sent again or dropped before" if found.before else ""
    return Text(
        f"dropped   {len(found.dropped):,} messages: they stay in rejected_events, and are open no more{before}"
    )


def _told(one: TriedMessage) -> Iterable[Text]:
    place = cell(f"{one.topic}/{one.partition}/{one.offset}", "bold")
    if one.standing == "requeued":
        verdict = cell("was sent again before", "dim")
    elif one.left is not None:
        verdict = cell(one.left, "yellow")
    else:
        verdict = cell("passes" + (", to be counted and not stored" if one.is_counted_only else ""), "green")
    yield Text.assemble(place, "  ", cell(one.reason, "dim"), " → ", verdict)
    if one.left is not None:
        yield cell(f"    {one.detail}")
    message = cell(f"    {one.message or '(empty)'}", "dim")
    message.no_wrap, message.overflow = True, "ellipsis"
    yield message


def _sum(found: TriedMessages) -> Text:
    left = len(found.tried) - found.passing
    still = f"; {left:,} would be rejected again" if left else ""
    if found.sent is None:
        return Text(
            f"dry run   {found.passing:,} of {len(found.tried):,} messages would pass{still}; nothing was written"
        )
    earlier = f", {len(found.found):,} by a command that was killed" if found.found else ""
    before = f", {found.before:,} were there before" if found.before else ""
    told = f"requeued  {len(found.sent):,} messages{earlier}{before}{still}"
    return Text(told + ("" if not found.sent else "; the next run reads them, and one that follows has begun to"))
