"""A lake that a run writes to and somebody reads, while it is compacted and vacuumed at once, again and again."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count

from pipelines.stores.compaction import compact
from pipelines.stores.lake import EPOCH, Lake, latest_mark
from tests.stores import live_lake
from tests.stores.live_lake import BLOCK, PARTITIONS, source

COMMITS = 90  # of a writer's life; there is another one until enough was rewritten beside them
REWRITTEN = 3


def started(role, lake, *numbers):
    command = [sys.executable, live_lake.__file__, role, str(lake.root), *map(str, numbers)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_nothing_is_lost_or_doubled_and_nobody_fails(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    lake.take_over()
    tokens = count()
    reader = started("read", lake)
    commits = rewritten = 0
    while rewritten < REWRITTEN:
        writer = started("land", lake, 1, COMMITS)
        commits += COMMITS
        while writer.poll() is None:
            done = compact(lake, lambda: datetime.now(UTC), lambda: str(next(tokens)), timedelta())
            rewritten += any(one.before.files > one.after.files for one in done.tables)
        assert writer.returncode == 0
    read, _ = reader.communicate("\n")
    assert reader.returncode == 0
    assert int(read) > 1
    assert lake.rows("orders") == commits * BLOCK
    places = lake.read("orders", ["partition", "offset"]).sort("partition", "offset").rows()
    end = commits * BLOCK // PARTITIONS
    assert places == [(partition, offset) for partition in range(PARTITIONS) for offset in range(end)]
    ends = {name(source(partition)): end for partition in range(PARTITIONS) for name in (str, latest_mark)}
    assert lake.transactions("orders", [*ends, EPOCH]) == ends | {EPOCH: 1}
