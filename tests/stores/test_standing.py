"""Standing: of each partition what the app transactions say, and nothing of those without one."""

import apache_beam as beam
import pytest

from pipelines.engines import run_direct
from pipelines.stages.land import Land
from pipelines.stores.lake import WATERMARK, attributed_mark
from pipelines.stores.standing import attributed_offsets, landed_offsets, latest_events, watermark_before
from pipelines.stores.tables import ORDER_ATTRIBUTIONS
from tests.stages.landing import block, clock, new_lake, tokens

SOURCES = ("redemptions/0", "redemptions/1", "orders/0")


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def test_of_an_empty_lake_there_is_nothing(lake):
    assert landed_offsets(lake, SOURCES) == attributed_offsets(lake, SOURCES) == latest_events(lake, SOURCES) == {}
    assert watermark_before(lake) is None


def test_each_partition_s_own(lake):
    run_direct(lambda p: p | beam.Create([block(0, 61)]) | Land(lake, 1, clock, tokens()))
    assert landed_offsets(lake, SOURCES) == {"redemptions/0": 61}
    assert latest_events(lake, SOURCES) == {"redemptions/0": 1_773_144_060_000_000}  # 2026-03-10T12:01:00Z
    marks = {attributed_mark("redemptions/0"): 40, attributed_mark("orders/0"): 3, WATERMARK: 5}
    lake.append("order_attributions", ORDER_ATTRIBUTIONS.empty_table(), marks, epoch=1)
    assert attributed_offsets(lake, SOURCES) == {"redemptions/0": 40, "orders/0": 3}
    assert attributed_offsets(lake, SOURCES[1:2]) == {}
    assert watermark_before(lake) == 5
