"""Commit: only what says something new becomes a revision, the next of its order, with the watermark of its moment."""

from datetime import timedelta

import apache_beam as beam
import polars as pl
import pytest

from pipelines.engines import run_direct
from pipelines.failures import LakeUnavailable, Superseded
from pipelines.records import Attributed, Share
from pipelines.rules.attribution import DAY, Rules
from pipelines.rules.codes import CodeRoster
from pipelines.rules.money import Exchange
from pipelines.rules.orders import OrderEvent, order_state
from pipelines.stages import commit
from pipelines.stages.commit import NOTHING_NEW, Commit, Committer, Revisions, commit_revisions, finish
from pipelines.stages.land import Land
from pipelines.stages.revisions import revision_rows
from pipelines.stores.lake import EPOCH, WATERMARK, attributed_mark
from pipelines.stores.tables import ORDER_ATTRIBUTIONS
from pipelines.testing import CLOCK, current_attributions
from tests.stages.landing import block, clock, new_lake, tokens

RULES = Rules(CodeRoster([]), Exchange("USD", {}), {}, "code_wins", 30 * DAY, 7 * DAY, "none")
NOON = 1_773_144_000_000_000  # 2026-03-10T12:00:00Z, when `landing.block` begins
REVISIONS = Revisions("event", "v1", ("redemptions/0",), disorder=0, idle_after=7 * DAY, lateness=7 * DAY)


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def attributed(*cents, at=NOON, gone=()):
    """Orders o0, o1, … of these subtotals in cents; `gone` are sets of events that are no order (any more)."""
    events = [OrderEvent(f"o{n}", "e", at, "placed", currency="USD", subtotal_minor=c) for n, c in enumerate(cents)]
    return Attributed(revision_rows([RULES.attribute(order_state([e]), [], []) for e in events], gone, {}))


def committed(lake, *blocks, epoch=1, revisions=REVISIONS):
    """Commits the blocks; (order, revision_key, subtotal) of every revision that the lake has then."""

    def build(p):
        _ = (
            p
            | beam.Create(blocks, reshuffle=False).with_output_types(Attributed)
            | Commit(lake, epoch, clock, revisions, tokens(), 30 * DAY)
        )

    run_direct(build)
    return sorted(lake.read("order_attributions").select("order_id", "revision_key", "subtotal_minor").rows())


def test_an_attribution_equal_to_the_current_one_is_dropped(lake):
    assert committed(lake, attributed(500)) == [("o0", 1, 500)]
    version = lake.open("order_attributions").version()
    assert committed(lake, attributed(500)) == [("o0", 1, 500)]
    assert lake.open("order_attributions").version() == version


def test_a_change_is_the_next_revision_and_a_change_back_another(lake):
    committed(lake, attributed(500))
    committed(lake, attributed(700))
    assert committed(lake, attributed(500)) == [("o0", 1, 500), ("o0", 2, 700), ("o0", 3, 500)]


def test_of_an_order_s_attributions_in_one_commit_the_last_counts(lake):
    assert committed(lake, attributed(500), attributed(600, 100)) == [("o0", 1, 600), ("o1", 1, 100)]


def test_keys_go_on_from_commit_to_commit_of_one_bundle(lake, monkeypatch):
    monkeypatch.setattr(commit, "FLUSH_ROWS", 1)
    assert committed(lake, attributed(500), attributed(500), attributed(600)) == [("o0", 1, 500), ("o0", 2, 600)]


def test_what_never_was_an_order_is_no_revision(lake):
    assert committed(lake, attributed(gone=["o9"])) == []


def test_what_is_no_order_any_more_says_so_once(lake):
    committed(lake, attributed(500))
    assert committed(lake, attributed(gone=["o0"])) == [("o0", 1, 500), ("o0", 2, None)]
    assert committed(lake, attributed(gone=["o0"])) == [("o0", 1, 500), ("o0", 2, None)]
    assert current_attributions(lake).height == 0
    assert committed(lake, attributed(500))[-1] == ("o0", 3, 500)


def test_a_superseded_run_stops(lake):
    lake.append("order_attributions", ORDER_ATTRIBUTIONS.empty_table(), {EPOCH: 2}, epoch=2)
    with pytest.raises(Superseded, match="this one, run 1, stops"):
        committed(lake, attributed(500))
    assert lake.rows("order_attributions") == 0


def test_a_revision_says_why_under_which_rules_and_when(lake):
    committed(lake, attributed(500))
    [row] = lake.read("order_attributions").to_dicts()
    assert (row["cause"], row["reference_version"], row["computed_at"]) == ("event", "v1", CLOCK)


@pytest.mark.parametrize(
    ("ordered_at", "status"),
    [
        pytest.param(NOON + 60_000_000 - 7 * DAY, "settled", id="the lateness behind the watermark"),
        pytest.param(NOON + 60_000_001 - 7 * DAY, "provisional", id="a microsecond less"),
    ],
)
def test_an_order_is_settled_as_of_the_watermark_of_its_commit(lake, ordered_at, status):
    run_direct(lambda p: p | beam.Create([block(0, 61)]) | Land(lake, 1, clock, tokens()))  # up to 12:01:00
    committed(lake, attributed(500, at=ordered_at))
    assert lake.read("order_attributions")["status"].to_list() == [status]


def test_the_end_of_a_run_is_an_empty_commit_with_marks_and_watermark(lake):
    run_direct(lambda p: p | beam.Create([block(0, 61)]) | Land(lake, 1, clock, tokens()))
    finish(Commit(lake, 1, clock, REVISIONS, tokens(), 0), {"redemptions/0": 61})
    mark = attributed_mark("redemptions/0")
    found = lake.transactions("order_attributions", [mark, WATERMARK])
    assert found == {mark: 61, WATERMARK: NOON + 60_000_000}
    assert lake.rows("order_attributions") == 0


def test_the_watermark_never_goes_back_nor_beyond_the_clock(lake):
    run_direct(lambda p: p | beam.Create([block(0, 61)]) | Land(lake, 1, clock, tokens()))
    early = CLOCK - timedelta(days=60)
    finish(Commit(lake, 1, lambda: early, REVISIONS, tokens(), 0), {})
    assert lake.watermark() == early
    finish(Commit(lake, 1, clock, REVISIONS, tokens(), 0), {})
    reached = lake.watermark()
    finish(Commit(lake, 1, lambda: early, REVISIONS, tokens(), 0), {})
    assert lake.watermark() == reached > early


def test_revisions_are_stored_with_the_contract_s_columns(lake):
    committed(lake, attributed(500))
    assert pl.Schema(ORDER_ATTRIBUTIONS) == lake.read("order_attributions").schema


def test_of_two_committers_the_one_that_has_not_seen_the_other_s_commit_fails(lake):
    """A worker that was given up may still be at it when another has taken its place."""
    given_up = Committer(transform := Commit(lake, 1, clock, REVISIONS, tokens(), 30 * DAY))
    new = Committer(transform)
    commit_revisions(transform, NOTHING_NEW, {"redemptions/0": 1}, NOON, clock(), commits=new.commits)
    with pytest.raises(LakeUnavailable, match=r"written to by somebody else since it was read, as its commits say"):
        commit_revisions(transform, NOTHING_NEW, {"redemptions/0": 2}, NOON, clock(), commits=given_up.commits)
    assert lake.transactions("order_attributions", [attributed_mark("redemptions/0")]) == {
        "redemptions/0 attributed": 1
    }
    assert Committer(transform).commits == new.commits + 1


def test_what_a_committer_that_was_given_up_had_heard_of_counts_for_nothing(lake):
    """It has seen the click and not the order, the one that goes on the order and not the click: they never met."""
    transform = Commit(lake, 1, clock, REVISIONS, tokens(), 30 * DAY, is_endless=True)
    commit_revisions(transform, NOTHING_NEW, {"redemptions/0": 7}, NOON, clock())
    new = Committer(transform)
    new.go_on_from({"redemptions/0": 4, "orders/0": 2})
    assert new.moved == {"redemptions/0": 4, "orders/0": 2}
    assert new.count(Share("orders/0", "a", 2, 3, Share.WHOLE, latest=NOON))
    assert not new.count(Share("redemptions/0", "b", 5, 9, Share.WHOLE))
    assert new.moved == {"redemptions/0": 4, "orders/0": 3}
    assert new.progress.marks == new.moved
    assert new.latest["orders/0"] == NOON


def test_a_committer_that_goes_on_from_where_the_lake_is_has_nothing_to_say(lake):
    transform = Commit(lake, 1, clock, REVISIONS, tokens(), 30 * DAY, is_endless=True)
    commit_revisions(transform, NOTHING_NEW, {"redemptions/0": 7}, NOON, clock())
    same = Committer(transform)
    same.go_on_from({"redemptions/0": 7})
    assert same.moved == {}
    fewer = Committer(transform)
    fewer.go_on_from({})
    assert fewer.moved == {"redemptions/0": 0}
