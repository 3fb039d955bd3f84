"""Queries: a question to the lake's tables, also when a compaction takes their files from it."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pyarrow as pa
import pytest

from pipelines.failures import LakeUnavailable
from pipelines.reports.queries import session
from pipelines.stores.compaction import compact
from pipelines.stores.lake import Lake
from pipelines.stores.tables import REJECTED_EVENTS
from tests.stores.live_lake import AT, BLOCK, COUNTED, land


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


def compacted(lake):
    drawn = count()
    compact(lake, lambda: datetime.now(UTC), lambda: str(next(drawn)), timedelta())


def messages(questions):
    return questions.rows(COUNTED)[0]["messages"]


def test_a_session_is_of_the_moment_in_which_it_began(lake):
    land(lake, 1, 2)
    with session(lake, ["orders"]) as questions:
        land(lake, 1, 1)
        assert messages(questions) == 2 * BLOCK


def test_a_file_that_was_compacted_away_is_no_failure(lake):
    land(lake, 1, 2)
    with session(lake, ["clicks", "orders"]) as questions:
        assert messages(questions) == 2 * BLOCK
        compacted(lake)
        assert messages(questions) == 2 * BLOCK


def test_a_table_that_was_empty_may_have_files_when_it_is_listed_again(lake):
    land(lake, 1, 2)
    with session(lake, ["orders", "rejected_events"]) as questions:
        assert questions.rows("select * from rejected_events") == []
        rejected = {"topic": "clicks", "partition": 0, "offset": 7, "ingested_at": AT, "payload": b"x"}
        row = rejected | {"step": "decode", "reason": "bad_json", "detail": ""}
        lake.append("rejected_events", pa.Table.from_pylist([row], REJECTED_EVENTS), {}, 1)
        compacted(lake)
        assert messages(questions) == 2 * BLOCK
        assert [found["offset"] for found in questions.rows("select * from rejected_events")] == [7]


def test_a_file_that_stays_away_is_told(lake):
    land(lake, 1, 1)
    for uri in lake.open("orders").file_uris():
        (lake.root / "orders" / uri).unlink()
    with pytest.raises(LakeUnavailable, match="cannot be read"), session(lake, ["orders"]) as questions:
        messages(questions)
