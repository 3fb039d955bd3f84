"""Whether somebody reads a lake's messages at this moment, and how far behind they are, in one line."""

from datetime import datetime

from rich.text import Text

from pipelines.reports.shown import cell, moment
from pipelines.reports.status_figures import Status, StreamFigures
from pipelines.reports.status_kafka import ago, duration
from pipelines.stores.heartbeat import Condition, Heartbeat, condition, heartbeat_or_problem, is_alive
from pipelines.stores.lake import Lake

SAID: dict[Condition, tuple[str, str]] = {
    "starting": ("run {epoch} is alive and starts: it attributes what had landed before it; since {started}", ""),
    "reading": ("run {epoch} is alive and reads; {lag}", ""),
    "broker_away": ("run {epoch} is alive and waits for a broker, away since {away} UTC; {lag}", "yellow"),
    "waiting": ("run {epoch} failed ({reason}) and goes on soon by itself", "yellow"),
    "stuck": ("run {epoch} is alive and has read nothing since {read} UTC: end it and start it again", "red"),
    "dead": ("run {epoch} (process {pid} on {host}) said nothing since {beat}: nobody reads, start it again", "red"),
    "failed": ("none: run {epoch} was stopped by {reason} {beat}", "red"),
    "ended": ("none: run {epoch} ended {beat}", ""),
    "none": ("none: no run has left a sign of life", ""),
}


def stream_of(lake: Lake, now: datetime) -> StreamFigures:
    """How the newest run is doing: by the clock, for it is looked at once."""
    heartbeat, problem = heartbeat_or_problem(lake.root)
    return StreamFigures(condition(heartbeat, is_alive=is_alive(heartbeat, now)), heartbeat, problem)


def stream(found: Status) -> Text:
    """The line."""
    if found.stream.problem is not None:
        return cell(f"Stream: not known; {found.stream.problem}.", "yellow")
    words, style = SAID[found.stream.condition]
    heartbeat = found.stream.heartbeat
    told = {} if heartbeat is None else _told(heartbeat, found.reported_at)
    return cell(f"Stream: {words.format(**told)}.", style)


def _told(heartbeat: Heartbeat, now: datetime) -> dict[str, str]:
    return {
        "epoch": str(heartbeat.epoch),
        "pid": str(heartbeat.pid),
        "host": heartbeat.host,
        "reason": heartbeat.reason or "an unknown failure",
        "started": f"{moment(heartbeat.started_at)} UTC",
        "beat": ago(heartbeat.beat_at, now),
        "read": moment(heartbeat.read_at),
        "away": moment(heartbeat.broker_away_since),
        "lag": _lag(heartbeat),
    }


def _lag(heartbeat: Heartbeat) -> str:
    """What was unread when it was last measured."""
    if heartbeat.lag_at is None:
        return "how much is unread is not measured yet"
    messages = sum(lag.lag_messages for lag in heartbeat.partitions.values())
    waited = max((lag.lag_seconds for lag in heartbeat.partitions.values()), default=0.0)
    unread = f"{messages:,} messages unread, the first for {duration(waited)}" if messages else "nothing unread"
    return f"{unread} at {moment(heartbeat.lag_at)} UTC"
