"""What is in the lake, counted: messages, repeats, rejects and orders."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.reports.queries import Row, Session
from pipelines.schema_store import identity_of
from pipelines.stores.tables import LANDING

NOT_SAID = ("topic", "partition", "offset", "ingested_at", "day", "shard")  # columns that the message did not bring

ORDERS = """
with current_revisions as (
    select order_id, arg_max(struct_pack(ordered_at, net_reporting_minor, winner_claim_id, claims), revision_key) as now
    from order_attributions
    group by order_id
)
select
    count(*) as total,
    count(*) filter (coalesce(now.ordered_at <= ?, false)) as settled,
    count(now.winner_claim_id) as attributed,
    count(*) filter (now.winner_claim_id is null and len(now.claims) > 0) as without_winner,
    count(*) filter (now.net_reporting_minor is null) as without_rate
from current_revisions
where now.ordered_at is not null
"""

WITHOUT_PLACED = """
select count(*) as orders
from (select order_id from orders group by order_id having not bool_or(kind = 'placed'))
"""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Of one topic: `events` told by `messages`; `repeats` is the difference.

    `differing` are the repeats that say something else than the message that counts, the first one.
    """

    topic: str
    messages: int
    events: int
    repeats: int
    differing: int


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """Orders by their current attribution; `without_winner` have claims of which none may win.

    `without_placed` are order ids that have events and no `placed`: no orders yet, and not in `total`.
    """

    total: int
    provisional: int
    settled: int
    attributed: int
    unattributed: int
    without_winner: int
    without_rate: int
    without_placed: int


@dataclass(frozen=True, slots=True)
class Landed:
    """What a partition has in its landing table."""

    messages: int
    last_ingested_at: datetime


def repeats_of(lake: Session, topic: str) -> Repeats:
    """Repeated messages of a topic; clicks without consent are not stored and so not compared."""
    identity = ", ".join(identity_of(topic))
    said = ", ".join(f'"{name}"' for name in LANDING[topic].names if name not in NOT_SAID)
    counted = lake.rows(
        f"""
        with repeated as (
            select {identity} from {topic} group by {identity} having count(*) > 1
        ),
        told as (
            select {identity}, partition, "offset", struct_pack({said}) as said
            from {topic} semi join repeated using ({identity})
        ),
        compared as (
            select
                row_number() over first_told as place,
                said is distinct from first_value(said) over first_told as differs
            from told
            window first_told as (partition by {identity} order by partition, "offset")
        )
        select
            (select count(*) from {topic}) as messages,
            (select count(*) from compared where place > 1) as repeats,
            (select count(*) from compared where differs) as differing
        """  # noqa: S608
    )[0]
    return Repeats(topic=topic, events=counted["messages"] - counted["repeats"], **counted)


def orders_of(lake: Session, watermark: datetime | None, lateness: timedelta) -> OrderCounts:
    """Orders, settled where the watermark has passed them by the lateness."""
    counted = lake.rows(ORDERS, [None if watermark is None else watermark - lateness])[0]
    return OrderCounts(
        **counted,
        provisional=counted["total"] - counted["settled"],
        unattributed=counted["total"] - counted["attributed"],
        without_placed=lake.rows(WITHOUT_PLACED)[0]["orders"],
    )


def landed_of(lake: Session, topic: str) -> dict[int, Landed]:
    """Rows and the newest arrival of each partition of a topic."""
    rows = lake.rows(
        f"select partition, count(*) as messages, max(ingested_at) as arrived from {topic} group by all"  # noqa: S608
    )
    return {row["partition"]: Landed(row["messages"], row["arrived"]) for row in rows}


def rejected_of(lake: Session) -> list[Row]:
    """Rejects by topic, partition, step and reason, the most frequent first."""
    return lake.rows(
        "select topic, partition, step, reason, count(*) as messages from rejected_events group by all "
        "order by messages desc, topic, partition, step, reason"
    )
