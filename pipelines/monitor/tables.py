"""Tables: what can be downloaded: the page's tables as columns with types, and rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from pipelines.live.snapshot import CampaignView, InfluencerRow, Point, Snapshot
from pipelines.live.watched import OrderRow
from pipelines.monitor.answers import CampaignSummary, ShownSignal, shown_signal, summary
from pipelines.monitor.rows import pacing_of, shown_rows, signals_of
from pipelines.monitor.view import View
from pipelines.rules.pacing import Progress

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name with their Python type, each of which may be null; a list of numbers is `tuple`."""

    columns: Mapping[str, type]
    rows: list[Row]


NAMES = ("influencers", "campaigns", "course", "pacing", "signals", "orders")


def table_of(name: str, snapshot: Snapshot, campaign: CampaignView, view: View) -> Table:
    """A table of a view; all but the orders, which are no part of a snapshot. Raises KeyError for another name."""
    if name == "influencers":
        return _table(InfluencerRow, shown_rows(campaign, view))
    if name == "campaigns":
        return _table(CampaignSummary, (summary(each) for each in snapshot.campaigns))
    if name == "course":
        points = {"minute": campaign.course.minutes, "hour": campaign.course.hours, "day": campaign.course.days}
        return _table(Point, points[view.by])
    if name == "pacing":
        return _table(Progress, pacing_of(snapshot, campaign))
    if name == "signals":
        return _table(ShownSignal, (shown_signal(signal) for signal in signals_of(snapshot, campaign)))
    raise KeyError(name)


def order_table(rows: Iterable[OrderRow]) -> Table:
    return _table(OrderRow, rows)


def _table(kind: type, rows: Iterable[Any]) -> Table:
    return Table(_columns(kind), [_flat(row) for row in rows])


def _columns(kind: type) -> dict[str, type]:
    """The fields of a dataclass, those of a dataclass within it in its place."""
    columns: dict[str, type] = {}
    for name, hint in get_type_hints(kind).items():
        told = _without_null(hint)
        if is_dataclass(told):
            columns |= _columns(told)
        else:
            columns[name] = told
    return columns


def _without_null(hint: Any) -> type:
    if get_origin(hint) is UnionType:
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    told: type = get_origin(hint) or hint
    return told


def _flat(row: Any) -> Row:
    found: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if is_dataclass(value):
            found |= _flat(value)
        else:
            found[field.name] = value
    return found
