"""Each partition's figures: how far every table that it feeds has come, and what it brought."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pipelines.records import EVENTS
from pipelines.reports.lake_counts import Landed, landed_of
from pipelines.reports.queries import Row, Session
from pipelines.reports.status_figures import PartitionFigures
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.stores.kafka_lag import Lag
from pipelines.stores.lake import Lake, attributed_mark, latest_mark, unconsented_mark, unknown_fields_mark

Place = tuple[str, int]


def partition_figures(
    lake: Lake, counts: Session, rejects: Sequence[Row], known: set[Place], waiting: Mapping[Place, Lag], now: datetime
) -> tuple[PartitionFigures, ...]:
    """All partitions that are `known` or have messages `waiting`, or that landed or rejected one, in order."""
    rejected: dict[Place, int] = {}
    for row in rejects:
        place = (row["topic"], row["partition"])
        rejected[place] = rejected.get(place, 0) + row["messages"]
    landed = {(topic, partition): found for topic in EVENTS for partition, found in landed_of(counts, topic).items()}
    topics = list(EVENTS)
    places = sorted(
        known | set(waiting) | set(landed) | set(rejected), key=lambda place: (topics.index(place[0]), place[1])
    )
    sources = [f"{topic}/{partition}" for topic, partition in places]
    marks = _marks(lake, sources)
    return tuple(
        _with_lag(_figures(place, source, marks, landed.get(place), rejected.get(place, 0)), waiting.get(place), now)
        for place, source in zip(places, sources, strict=True)
    )


def _marks(lake: Lake, sources: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """The app transactions by (table, name)."""
    per_table = {
        **{
            topic: [
                name
                for source in sources
                if source.startswith(f"{topic}/")
                for name in (source, latest_mark(source), unconsented_mark(source), unknown_fields_mark(source))
            ]
            for topic in EVENTS
        },
        "rejected_events": list(sources),
        "order_attributions": [attributed_mark(source) for source in sources],
    }
    return {
        (table, name): version
        for table, names in per_table.items()
        if lake.exists(table)
        for name, version in lake.transactions(table, names).items()
    }


def _figures(
    place: Place, source: str, marks: Mapping[tuple[str, str], int], landed: Landed | None, rejected: int
) -> PartitionFigures:
    topic, partition = place
    return PartitionFigures(
        topic=topic,
        partition=partition,
        landed_offset=marks.get((topic, source)),
        rejected_offset=marks.get(("rejected_events", source)),
        attributed_offset=marks.get(("order_attributions", attributed_mark(source))),
        landed=landed.messages if landed else 0,
        rejected=rejected,
        unconsented=marks.get((topic, unconsented_mark(source)), 0),
        with_unknown_fields=marks.get((topic, unknown_fields_mark(source)), 0),
        latest_occurred_at=_instant(marks.get((topic, latest_mark(source)))),
        last_ingested_at=landed.last_ingested_at if landed else None,
    )


def _with_lag(figures: PartitionFigures, lag: Lag | None, now: datetime) -> PartitionFigures:
    if lag is None:
        return figures
    seconds = round(lag.seconds(now.timestamp()), 3)
    return replace(figures, broker_end=lag.end, lag_messages=lag.messages, lag_seconds=seconds)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + micros * MICROSECOND
