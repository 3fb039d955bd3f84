"""The figures of a status report."""

from dataclasses import dataclass
from datetime import datetime

from pipelines.reports.lake_counts import OrderCounts, Repeats
from pipelines.reports.topic_counts import FileCounts
from pipelines.stores.heartbeat import Condition, Heartbeat


@dataclass(frozen=True, slots=True)
class PartitionFigures:
    """One partition: the next offset of each table that it feeds, null before its first commit, and its messages.

    `landed` are stored rows; clicks without consent are counted as `unconsented` and stored nowhere.
    What the brokers say is null where nobody asked or answered: `broker_end` is the offset after their last message,
    `lag_messages` how many offsets have not landed, `lag_seconds` how long the first of their messages has waited.
    """

    topic: str
    partition: int
    landed_offset: int | None
    rejected_offset: int | None
    attributed_offset: int | None
    landed: int
    rejected: int
    unconsented: int
    with_unknown_fields: int
    latest_occurred_at: datetime | None
    last_ingested_at: datetime | None
    broker_end: int | None = None
    lag_messages: int | None = None
    lag_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class BrokerFigures:
    """Whom the lake is read from, null where no settings say so, and why nobody could be asked how much is waiting."""

    bootstrap_servers: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """How the newest run is doing, in a word, by the heartbeat that it left, or why there is none to read."""

    condition: Condition
    heartbeat: Heartbeat | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class RejectFigures:
    """How many messages of a topic a step rejected for a reason."""

    topic: str
    step: str
    reason: str
    messages: int


@dataclass(frozen=True, slots=True)
class TableFigures:
    """The size of a lake table's current version."""

    table: str
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class WarehouseFigures:
    """The last build, check and publication; null where there is none."""

    built_at: datetime | None
    checked_at: datetime | None
    check_passed: bool | None
    check_failures: int | None
    check_warnings: int | None
    published_version: int | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """A workspace at `reported_at`; `problems` keep the next run from going on, or its results from being read.

    `source` is where the lake is read from, `topics` or `kafka`; then there is a `broker`. `last_commit_at` is when
    anything was last written, `stream` whether somebody reads at this moment.
    `epoch` counts the runs that wrote to the lake; null without a lake, like the watermark before the first event.
    """

    workspace: str
    reported_at: datetime
    epoch: int | None
    watermark: datetime | None
    lateness_days: float
    reference_version: str | None
    reference_recorded_at: datetime | None
    partitions: tuple[PartitionFigures, ...]
    repeats: tuple[Repeats, ...]
    rejects: tuple[RejectFigures, ...]
    orders: OrderCounts
    tables: tuple[TableFigures, ...]
    files: tuple[FileCounts, ...]
    warehouse: WarehouseFigures
    source: str
    broker: BrokerFigures | None
    last_commit_at: datetime | None
    stream: StreamFigures
    problems: tuple[str, ...]
