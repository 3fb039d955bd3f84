"""What lives beside a compaction: a process that lands blocks, and one that reads, each until it is done.

Usage: live_lake.py land LAKE EPOCH COMMITS    commits of three rows, by turns of three partitions of `orders`
       live_lake.py read LAKE                  until a line comes in; prints how often it read, whole each time
"""

import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipelines.reports.queries import session
from pipelines.stores.lake import Lake, Landing, latest_mark
from pipelines.stores.tables import ORDERS

PARTITIONS = 3
BLOCK = 3
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
COUNTED = 'select count(*) as messages, count(distinct (partition, "offset")) as places from orders'


def source(partition: int) -> str:
    return f"orders/{partition}"


def orders(partition: int, start: int, end: int) -> pa.Table:
    offsets = range(start, end)
    rows = {
        "topic": "orders",
        "partition": partition,
        "offset": offsets,
        "ingested_at": AT,
        "day": [date(2026, 3, 1) + timedelta(days=offset % 30) for offset in offsets],
        "shard": [offset % 4 for offset in offsets],
        "event_id": [f"e{partition}-{offset}" for offset in offsets],
        "occurred_at": AT,
        "order_id": [f"o{partition}-{offset * 7919 % 1000:03}" for offset in offsets],
        "kind": "placed",
        "codes": [["A", "B"][: offset % 3] for offset in offsets],
    }
    frame = pl.DataFrame(rows, schema_overrides=pl.Schema(ORDERS))
    missing = [pl.lit(None).alias(name) for name in ORDERS.names if name not in rows]
    return frame.with_columns(missing).select(ORDERS.names).to_arrow().cast(ORDERS)


def land(lake: Lake, epoch: int, commits: int) -> None:
    """Goes on from where the lake is, as every run does."""
    for turn in range(commits):
        partition = turn % PARTITIONS
        start = lake.transactions("orders", [source(partition)]).get(source(partition), 0)
        end = start + BLOCK
        rows = orders(partition, start, end)
        marks = {latest_mark(source(partition)): end}
        block = Landing(source(partition), (start, end), rows, lambda *_, marks=marks: marks)
        assert lake.land("orders", [block], epoch) == [BLOCK]


def read(lake: Lake) -> None:
    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stopped.set()), daemon=True).start()
    reads = seen = 0
    while not stopped.is_set():
        places = lake.read("orders", ["partition", "offset"])
        assert places.is_unique().all()
        assert places.height >= seen
        with session(lake, ["orders"]) as questions:
            counted = questions.rows(COUNTED)[0]
        assert places.height <= counted["messages"] == counted["places"]
        seen, reads = counted["messages"], reads + 1
    print(reads)


if __name__ == "__main__":
    role, root, *numbers = sys.argv[1:]
    {"land": land, "read": read}[role](Lake(Path(root)), *map(int, numbers))
