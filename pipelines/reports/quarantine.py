"""Quarantine: the rejected events, counted by reason, the newest of them, or one of them whole."""

import re
from collections.abc import Mapping
from datetime import datetime

from pipelines.failures import BadInput, Reason
from pipelines.records import EVENTS
from pipelines.reports.quarantine_figures import (
    MEANINGS,
    RejectedCount,
    RejectedEvent,
    RejectedEvents,
    RejectedLine,
)
from pipelines.reports.quarantine_page import rendered_event as rendered_event
from pipelines.reports.quarantine_page import rendered_list as rendered_list
from pipelines.reports.queries import Session, session
from pipelines.reports.shown import shown, shown_bytes
from pipelines.stores.lake import Lake
from pipelines.stores.releases import Rejected, releases, standing

PREVIEW = 160  # bytes
SHOWN_BYTES = 8_192
NEWEST = 20
PLACE = re.compile(r"(\w+)/(\d{1,9})/(\d{1,18})", re.ASCII)
ORDER = 'ingested_at desc, topic, partition desc, "offset" desc'
STANDING = """
with released as (
    select
        topic,
        partition,
        "offset",
        case
            when bool_or(action = 'requeued') then 'requeued'
            when bool_or(action = 'sending') then 'sending'
            else 'dropped'
        end as standing
    from quarantine_releases
    group by all
),

rejects as (
    select rejected_events.*, coalesce(standing, 'open') as standing
    from rejected_events left join released using (topic, partition, "offset")
)
"""
OPEN = "standing in ('open', 'sending')"


def list_rejected(
    lake: Lake,
    *,
    reason: str | None = None,
    step: str | None = None,
    topic: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    only_open: bool = False,
    limit: int = NEWEST,
) -> RejectedEvents:
    """The rejected events of a reason, step and topic, rejected from `since` up to `until`; None filters nothing.

    `only_open` leaves out what was sent again or dropped.

    Raises BadInput for a reason, step or topic that there cannot be, with those that there are.
    """
    with session(lake, ["rejected_events", "quarantine_releases"]) as rejects:
        _require_known(rejects, {"reason": reason, "step": step, "topic": topic})
        wanted: dict[str, object] = {"reason = ?": reason, "step = ?": step, "topic = ?": topic}
        wanted |= {"ingested_at >= ?": since, "ingested_at < ?": until}
        where = " and ".join(
            [OPEN if only_open else "true", *(clause for clause, value in wanted.items() if value is not None)]
        )
        values = [value for value in wanted.values() if value is not None]
        counts = rejects.rows(
            f"{STANDING} select reason, count(*) as events from rejects where {where} "  # noqa: S608
            "group by reason order by events desc, reason",
            values,
        )
        newest = rejects.rows(
            f'{STANDING} select topic, partition, "offset", ingested_at, step, reason, detail, standing, '  # noqa: S608
            f"octet_length(payload) as size, payload[1:{PREVIEW}] as payload from rejects where {where} "
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
    topic, partition, offset = place_of(place)
    with session(lake, ["rejected_events"]) as rejects:
        rows = rejects.rows(
            'select topic, partition, "offset", ingested_at, step, reason, detail, octet_length(payload) as size, '
            "payload[1:?::bigint] as payload from rejected_events "
            'where topic = ? and partition = ? and "offset" = ? order by ingested_at desc',
            [limit, topic, partition, offset],
        )
    if not rows:
        raise BadInput(
            f"no event was rejected at {place}: `codetrail quarantine list --all` shows the places of those that were"
        )
    row, done = rows[0], [one for one in releases(lake) if one.place == (topic, partition, offset)]
    return RejectedEvent(
        meaning=meaning(row["reason"]),
        text=shown_bytes(row["payload"]),
        standing=standing(done).get((topic, partition, offset), "open"),
        releases=tuple(done),
        **row,
    )


def place_of(text: str) -> Rejected:
    """The place that a person writes as topic/partition/offset; raises BadInput."""
    parts = PLACE.fullmatch(text)
    if parts is None:
        raise BadInput(f"{shown(text)!r} is no place: give topic/partition/offset, such as orders/0/18231")
    return parts[1], int(parts[2]), int(parts[3])


def meaning(reason: str) -> str:
    """What a reason says, in words; of one that is not decode's, the slug itself without underscores."""
    return MEANINGS[Reason(reason)] if reason in set(Reason) else reason.replace("_", " ")


def _require_known(rejects: Session, asked: Mapping[str, str | None]) -> None:
    known: dict[str, list[str]] = {"reason": list(Reason), "step": ["decode", "read"], "topic": list(EVENTS)}
    for column, value in asked.items():
        if value is None or value in known[column]:
            continue
        stored = [row["known"] for row in rejects.rows(f"select distinct {column} as known from rejected_events")]  # noqa: S608
        if value not in stored:
            raise BadInput(
                f"no {column} is called {shown(value)!r}; there are: {', '.join(sorted({*known[column], *stored}))}"
            )
