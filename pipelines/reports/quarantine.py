"""Quarantine: the rejected events, counted by reason, the newest of them, or one of them whole."""

import re
from collections.abc import Mapping
from datetime import datetime

from pipelines.failures import BadInput, Reason
from pipelines.records import EVENTS
from pipelines.reports.quarantine_figures import MEANINGS, RejectedCount, RejectedEvent, RejectedEvents, RejectedLine
from pipelines.reports.quarantine_page import rendered_event as rendered_event
from pipelines.reports.quarantine_page import rendered_list as rendered_list
from pipelines.reports.queries import Session, session
from pipelines.reports.shown import shown, shown_bytes
from pipelines.stores.lake import Lake

PREVIEW = 160  # bytes
SHOWN_BYTES = 8_192
NEWEST = 20
PLACE = re.compile(r"(\w+)/(\d{1,9})/(\d{1,18})", re.ASCII)
ORDER = 'ingested_at desc, topic, partition desc, "offset" desc'


def list_rejected(
    lake: Lake,
    *,
    reason: str | None = None,
    step: str | None = None,
    topic: str | None = None,
    since: datetime | None = None,
    limit: int = NEWEST,
) -> RejectedEvents:
    """The rejected events of a reason, step and topic that were rejected at `since` or later; None filters nothing.

    Raises BadInput for a reason, step or topic that there cannot be, with those that there are.
    """
    with session(lake, ["rejected_events"]) as rejects:
        _require_known(rejects, {"reason": reason, "step": step, "topic": topic})
        wanted = {"reason = ?": reason, "step = ?": step, "topic = ?": topic, "ingested_at >= ?": since}
        where = " and ".join(["true", *(clause for clause, value in wanted.items() if value is not None)])
        values = [value for value in wanted.values() if value is not None]
        counts = rejects.rows(
            f"select reason, count(*) as events from rejected_events where {where} "  # noqa: S608
            "group by reason order by events desc, reason",
            values,
        )
        newest = rejects.rows(
            'select topic, partition, "offset", ingested_at, step, reason, detail, '  # noqa: S608
            f"octet_length(payload) as size, payload[1:{PREVIEW}] as payload from rejected_events where {where} "
            f"order by {ORDER} limit ?",
            [*values, limit],
        )
    return RejectedEvents(
        total=sum(row["events"] for row in counts),
        reasons=tuple(RejectedCount(row["reason"], meaning(row["reason"]), row["events"]) for row in counts),
        newest=tuple(RejectedLine(preview=shown_bytes(row.pop("payload")), **row) for row in newest),
    )


def show_rejected(lake: Lake, place: str, limit: int = SHOWN_BYTES) -> RejectedEvent:
    """The rejected event at `topic/partition/offset`, with at most `limit` bytes; raises BadInput if there is none."""
    parts = PLACE.fullmatch(place)
    if parts is None:
        raise BadInput(f"{shown(place)!r} is no place: give topic/partition/offset, such as orders/0/18231")
    topic, partition, offset = parts[1], int(parts[2]), int(parts[3])
    with session(lake, ["rejected_events"]) as rejects:
        rows = rejects.rows(
            'select topic, partition, "offset", ingested_at, step, reason, detail, octet_length(payload) as size, '
            "payload[1:?::bigint] as payload from rejected_events "
            'where topic = ? and partition = ? and "offset" = ? order by ingested_at desc',
            [limit, topic, partition, offset],
        )
    if not rows:
        raise BadInput(
            f"no event was rejected at {place}: `codetrail quarantine list` shows the places of those that were"
        )
    row = rows[0]
    return RejectedEvent(meaning=meaning(row["reason"]), text=shown_bytes(row["payload"]), **row)


def meaning(reason: str) -> str:
    """What a reason says, in words; of one that is not decode's, the slug itself without underscores."""
    return MEANINGS[Reason(reason)] if reason in set(Reason) else reason.replace("_", " ")


def _require_known(rejects: Session, asked: Mapping[str, str | None]) -> None:
    known: dict[str, list[str]] = {"reason": list(Reason), "step": ["decode"], "topic": list(EVENTS)}
    for column, value in asked.items():
        if value is None or value in known[column]:
            continue
        stored = [row["known"] for row in rejects.rows(f"select distinct {column} as known from rejected_events")]  # noqa: S608
        if value not in stored:
            raise BadInput(
                f"no {column} is called {shown(value)!r}; there are: {', '.join(sorted({*known[column], *stored}))}"
            )
