"""Gather: what arrives together is committed together, and large blocks do not wait."""

from dataclasses import dataclass, field

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.engines import run_direct
from pipelines.stages import gather
from pipelines.stages.gather import Gathered
from pipelines.stages.land import Land
from tests.stages.landing import block, clock, new_lake, tokens

SMALL = [block(0, 3), block(3, 5), block(5, 9)]


@dataclass
class Written:
    """Gives what is committed together as the offsets at which the blocks start."""

    opened: list[str] = field(default_factory=list)

    def open(self):
        self.opened.append("open")

    def commit(self, blocks):
        assert self.opened == ["open"]
        yield [b.start for b in blocks]

    def close(self):
        self.opened.clear()


def committed(blocks, expected):
    def build(p):
        together = p | beam.Create(blocks, reshuffle=False) | beam.ParDo(Gathered(Written()))
        assert_that(together, equal_to(expected))

    run_direct(build)


def test_small_blocks_are_committed_together_in_their_order():
    committed(SMALL, [[0, 3, 5]])


@pytest.mark.parametrize(("messages", "expected"), [(1, [[0], [3], [5]]), (5, [[0, 3], [5]])])
def test_blocks_that_hold_enough_do_not_wait(monkeypatch, messages, expected):
    monkeypatch.setattr(gather, "MESSAGES_A_COMMIT", messages)
    committed(SMALL, expected)


def test_nothing_is_no_commit():
    committed([], [])


def test_blocks_that_land_together_are_one_version_of_the_table(tmp_path):
    lake = new_lake(tmp_path / "lake")
    before = lake.open("redemptions").version()

    def build(p):
        rows = p | beam.Create(SMALL, reshuffle=False) | Land(lake, 1, clock, tokens())
        assert_that(rows | beam.Map(lambda r: r.rows.height), equal_to([b.rows.height for b in SMALL]))

    run_direct(build)
    assert lake.open("redemptions").version() == before + 1
    assert sorted(lake.read("redemptions")["offset"].to_list()) == list(range(9))
    assert lake.transactions("redemptions", ["redemptions/0"]) == {"redemptions/0": 9}
