"""How a lake ages: one of 1,000 commits beside one of 20,000, each compacted while it was written.

    .venv/bin/python bench/lake_age.py [--young N] [--old N] [--folder DIR]

A process lands small blocks as a live run does, and another one reads all the while, while `compact` comes by every
thousand commits. Then both lakes are opened by turns. A live run commits about twice a second; here the days pass
quicker, and with them the times for which the old lake keeps its log.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import polars as pl
import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.reports.queries import session
from pipelines.stores import handles, table_log
from pipelines.stores.compaction import compact
from pipelines.stores.lake import EPOCH, KEPT_SHORT, REMOVED_HOURS, Lake, Landing, attributed_mark, latest_mark
from pipelines.stores.tables import LANDING, TABLES

YOUNG, OLD = 1_000, 20_000  # commits
BETWEEN = 1_000  # commits from one compaction to the next
LIVE_SECONDS = 0.5  # from one commit of a live run to the next
REPEATS = 21
TOPICS = ("clicks", "orders", "clicks", "redemptions")  # in this order, round and round
PARTITIONS = 4
BLOCK = 5  # rows
WRITER_PAUSE = 0.025  # seconds between two commits: quicker ones would leave no vacuum of Delta's its turn
PAUSE = 1.0  # seconds between two reads, and two looks at the writer, so that it gets on
DAY_COMMITS = 500
FIRST_DAY = date(2026, 1, 1)
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def main() -> None:
    asked = _arguments()
    if asked.land:
        _pass_quicker(asked.quicker)
        _land(Lake(asked.land), asked.young)
        return
    if asked.read:
        _pass_quicker(asked.quicker)
        _read(Lake(asked.read))
        return
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="codetrail-lake-age-"))
    shutil.rmtree(folder, ignore_errors=True)
    young, seconds, reads = _grown(folder / "young", asked.young, quicker=1)
    quicker = LIVE_SECONDS * asked.young / seconds
    old, took, more_reads = _grown(folder / "old", asked.old, quicker)
    times = _measured(young, asked.young, old, asked.old)
    told = {
        "written": f"{asked.young:,} commits in {seconds:.0f} s, {asked.old:,} in {took:.0f} s",
        "time passed": f"{quicker:.0f} times as quick as live",
        "checked": f"all rows once, all offsets and marks; {reads + more_reads:,} reads meanwhile, none failed",
    }
    Console().print(_table(young, old, times, told))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--young", type=int, default=YOUNG, help="commits of the one lake")
    parser.add_argument("--old", type=int, default=OLD, help="commits of the other")
    parser.add_argument("--folder", type=Path, help="where the lakes are made anew; a folder of its own by default")
    parser.add_argument("--quicker", type=float, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--land", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _grown(root: Path, commits: int, quicker: float) -> tuple[Lake, float, int]:
    """A checked lake of so many commits, the seconds that they took, and how often it was read meanwhile."""
    _pass_quicker(quicker)
    removed = f"interval {round(REMOVED_HOURS * 3600 / quicker)} seconds"
    KEPT_SHORT["delta.deletedFileRetentionDuration"] = removed
    lake = Lake(root)
    lake.create()
    lake.take_over()
    reader = _process("--read", str(root), "--quicker", str(quicker))
    begun = time.perf_counter()
    writer = _process("--land", str(root), "--young", str(commits), "--quicker", str(quicker))
    tokens = count()
    done = 0
    while writer.poll() is None:
        time.sleep(PAUSE)
        if (now := sum(lake.open(topic).version() for topic in set(TOPICS))) - done >= BETWEEN:
            _compact(lake, tokens)
            done = now
    took = time.perf_counter() - begun
    _compact(lake, tokens)
    reads, _ = reader.communicate("\n")
    if writer.returncode or reader.returncode:
        raise AssertionError(f"the writer ended with {writer.returncode}, the reader with {reader.returncode}")
    _check(lake, commits)
    return lake, took, int(reads)


def _pass_quicker(quicker: float) -> None:
    """How long a log is kept, and trusted, in this process."""
    table_log.LOG_SECONDS = round(table_log.LOG_SECONDS / quicker)
    table_log.TRUSTED_SECONDS /= quicker
    handles.TRUSTED_SECONDS /= quicker


def _process(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _compact(lake: Lake, tokens: Iterator[int]) -> None:
    compact(lake, lambda: datetime.now(UTC), lambda: str(next(tokens)), timedelta())


def _land(lake: Lake, commits: int) -> None:
    for number in range(commits):
        topic, partition, start = _place(number)
        source = f"{topic}/{partition}"
        marks = {latest_mark(source): start + BLOCK, attributed_mark(source): start}
        rows = _rows(topic, partition, start, FIRST_DAY + timedelta(days=number // DAY_COMMITS))
        block = Landing(source, (start, start + BLOCK), rows, lambda *_, marks=marks: marks)
        [written] = lake.land(topic, [block], 1)
        time.sleep(WRITER_PAUSE)
        if written != BLOCK:
            raise AssertionError(f"{source}: {written} rows of {BLOCK} written at {start}")


def _place(number: int) -> tuple[str, int, int]:
    """Topic, partition and first offset of a commit."""
    turn, place = divmod(number, len(TOPICS))
    topic = TOPICS[place]
    nth = turn * TOPICS.count(topic) + TOPICS[:place].count(topic)
    return topic, nth % PARTITIONS, nth // PARTITIONS * BLOCK


def _rows(topic: str, partition: int, start: int, day: date) -> pa.Table:
    offsets = range(start, start + BLOCK)
    schema = TABLES[topic]
    ids = [f"{topic}-{partition}-{offset * 7919 % 100_003}" for offset in offsets]
    given = {
        "partition": [partition] * BLOCK,
        "offset": offsets,
        "ingested_at": [AT] * BLOCK,
        "day": [day] * BLOCK,
        "shard": [offset % 8 for offset in offsets],
        "occurred_at": [AT] * BLOCK,
        "is_bot": [False] * BLOCK,
    }
    texts = {field.name: ids for field in schema if not field.nullable and field.type == pa.string()}
    nothing = {field.name: [None] * BLOCK for field in schema if field.nullable}
    return pa.table({name: (nothing | texts | given)[name] for name in schema.names}, schema=schema)


def _read(lake: Lake) -> None:
    """Reads until it is told to stop, and says how often; what is not whole, or fails, ends it."""
    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stopped.set()), daemon=True).start()
    reads = 0
    while not stopped.is_set():
        for topic in sorted(set(TOPICS)):
            if not lake.read(topic, ["partition", "offset"]).is_unique().all():
                raise AssertionError(f"{topic} has a row twice")
        _count(lake)
        reads += 1
        stopped.wait(PAUSE)
    print(reads)


def _check(lake: Lake, commits: int) -> None:
    """Raises AssertionError unless every row is there once and every app transaction is what was written last."""
    ends: dict[str, dict[str, int]] = {topic: {EPOCH: 1} for topic in TOPICS}
    for number in range(commits):
        topic, partition, start = _place(number)
        source = f"{topic}/{partition}"
        ends[topic] |= {source: start + BLOCK, latest_mark(source): start + BLOCK, attributed_mark(source): start}
    for topic, expected in ends.items():
        if (found := lake.transactions(topic, list(expected))) != expected:
            raise AssertionError(f"{topic}: app transactions {found}, not {expected}")
        places = lake.read(topic, ["partition", "offset"]).sort("partition", "offset").rows()
        if places != [(p, o) for p in range(PARTITIONS) for o in range(expected.get(f"{topic}/{p}", 0))]:
            raise AssertionError(f"{topic}: {len(places)} rows, not each message once")


def _open(lake: Lake, _: int) -> None:
    for table in TABLES:
        lake.open(table)


def _offsets(lake: Lake, _: int) -> None:
    for topic in LANDING:
        sources = [f"{topic}/{partition}" for partition in range(PARTITIONS)]
        lake.transactions(topic, sources)
        lake.transactions("rejected_events", sources)
        lake.transactions("order_attributions", [attributed_mark(source) for source in sources])
    lake.watermark()


def _window(lake: Lake, commits: int) -> None:
    since = FIRST_DAY + timedelta(days=(commits - YOUNG) // DAY_COMMITS)
    for topic in sorted(set(TOPICS)):
        lake.read(topic, None, pl.col("day") >= since)


def _count(lake: Lake, _: int = 0) -> None:
    with session(lake, LANDING) as questions:
        for topic in LANDING:
            questions.rows(f'select partition, count(*), max("offset"), max(day) from {topic} group by all')


STEPS: dict[str, Callable[[Lake, int], None]] = {
    "every table opened": _open,
    "every offset and mark": _offsets,
    "the open window read": _window,
    "status: messages counted": _count,
}


def _measured(young: Lake, young_commits: int, old: Lake, old_commits: int) -> dict[str, tuple[float, float]]:
    """The median milliseconds of each step, of the young and of the old lake, by turns."""
    taken = pl.DataFrame(
        [
            {"step": step, "young": _timed(do, young, young_commits), "old": _timed(do, old, old_commits)}
            for _ in range(REPEATS)
            for step, do in STEPS.items()
        ]
    )
    of_step = taken.partition_by("step", as_dict=True)
    return {
        step: (statistics.median(of_step[step,]["young"]), statistics.median(of_step[step,]["old"])) for step in STEPS
    }


def _timed(do: Callable[[Lake, int], None], lake: Lake, commits: int) -> float:
    begun = time.perf_counter()
    do(lake, commits)
    return 1000 * (time.perf_counter() - begun)


def _table(young: Lake, old: Lake, times: Mapping[str, tuple[float, float]], told: Mapping[str, str]) -> Table:
    table = Table(title="A lake's age", box=box.SIMPLE, caption="\n".join(f"{k}: {v}" for k, v in told.items()))
    for name in ("", "young", "old", "ratio"):
        table.add_column(name, justify="right" if name else "left")
    for step, (one, other) in {**times, "all of it": tuple(map(sum, zip(*times.values(), strict=True)))}.items():
        table.add_row(step, f"{one:.1f} ms", f"{other:.1f} ms", f"{other / one:.2f}")
    for topic in sorted(set(TOPICS)):
        for what, of in (("files", _files), ("log entries", _entries), ("rows", Lake.rows)):
            table.add_row(f"{topic}: {what}", f"{of(young, topic):,}", f"{of(old, topic):,}")
    return table


def _files(lake: Lake, topic: str) -> int:
    return len(lake.open(topic).file_uris())


def _entries(lake: Lake, topic: str) -> int:
    return sum(1 for _ in (lake.root / topic / "_delta_log").iterdir())


if __name__ == "__main__":
    main()
