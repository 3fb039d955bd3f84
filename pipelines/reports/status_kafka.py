"""How far a lake is behind Kafka, for a reader of its status."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import RenderableType

from pipelines.reports.shown import NOTHING, cell
from pipelines.reports.status_figures import Status
from pipelines.reports.status_tables import add, new_table, title

LENGTHS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def kafka(found: Status) -> Iterable[RenderableType]:
    """A partition a line: where the lake stands, where the brokers are, and how much and how long that is."""
    if found.broker is None:
        return
    yield title("Kafka", f"{found.broker.bootstrap_servers or 'nobody was asked'}; lag is what a run has still to read")
    if found.broker.problem is not None:
        yield cell(found.broker.problem, "yellow")
    if found.partitions:
        shown = new_table(["Partition"], ["Landed up to", "Brokers' end", "Lag", "Waiting"])
        for one in found.partitions:
            waiting = NOTHING if one.lag_seconds is None else duration(one.lag_seconds) if one.lag_messages else "no"
            source = f"{one.topic}/{one.partition}"
            add(shown, source, one.landed_offset, one.broker_end, one.lag_messages, waiting)
        lag = [one.lag_messages for one in found.partitions if one.lag_messages is not None]
        longest = max((one.lag_seconds or 0 for one in found.partitions), default=0)
        waiting = (duration(longest) if sum(lag) else "no") if lag else NOTHING
        add(shown, "all", None, None, sum(lag) if lag else None, waiting, style="bold")
        yield shown


def ago(instant: datetime, now: datetime) -> str:
    """How long ago, in words."""
    return f"{duration(max(0.0, (now - instant).total_seconds()))} ago"


def duration(seconds: float) -> str:
    """In the two largest units that it fills: 45 s, 3 min 20 s, 5 d 2 h."""
    left, said = round(seconds), []
    for unit, length in LENGTHS:
        count, rest = divmod(left, length)
        if count:
            said.append(f"{count} {unit}")
            left = rest
        elif said:
            break
    return " ".join(said[:2]) or "0 s"
