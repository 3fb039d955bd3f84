"""What if: other rules over a lake give what a replay under them would, but for the name of the policy; no writes."""

import shutil
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings

from pipelines.jobs.drain import drain_topics
from pipelines.jobs.whatif import what_if
from pipelines.stores.lake import Lake
from pipelines.testing import current_attributions, drain, world_of
from tests.jobs.test_restate import OTHER_SETTINGS, events_of
from tests.jobs.worlds import WORLDS, write_reference

MONEY = ["order_id", "winner_claim_id", "winner_influencer_id", "net_reporting_minor", "credits"]


def money(rows):
    """Of each order, who gets what of it."""
    return {row["order_id"]: row for row in rows.select(MONEY).to_dicts()}


def files(root):
    return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


@pytest.mark.slow
@settings(max_examples=5)
@given(WORLDS, OTHER_SETTINGS)
def test_other_rules_move_what_a_replay_under_them_would(events, options):
    with tempfile.TemporaryDirectory() as folder:
        root, clean = Path(folder) / "shop", Path(folder) / "clean"
        write_reference(root)
        events_of(root, events)
        drain(root)
        before = files(root)
        world = world_of(root)
        found = what_if(world, world_of(root, **options).settings)
        assert found.waiting == 0
        assert files(root) == before
        shutil.copytree(root, clean, ignore=shutil.ignore_patterns("lake"))
        drain_topics(world_of(clean, **options))
        after = money(current_attributions(Lake(root / "lake")))
        if found.plan.revisions.height:
            after |= money(found.plan.revisions.filter(pl.col("ordered_at").is_not_null()))
        assert after == money(current_attributions(Lake(clean / "lake")))
