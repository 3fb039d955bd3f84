"""A live run and its reference data: a code that is added late is picked up in seconds, without a restart."""

import shutil
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from pipelines.stores.reference_history import recorded_versions
from tests.end_to_end.live_run import LiveRun, assert_as_if_nothing_happened, ends_of, events_of, replayed, send

pytestmark = pytest.mark.slow
WITHIN = timedelta(seconds=10)  # the promise


def unknown_code(lake):
    """The code that most orders name and nobody has."""
    claims = lake.read("order_attributions", ["claims"]).explode("claims").drop_nulls().unnest("claims")
    unknown = claims.filter(pl.col("reason") == "unknown_code")
    return unknown.group_by("code").len().sort("len", "code")["code"][-1]


def restated(lake):
    return lake.read("order_attributions", None, pl.col("cause") == "reference")


def test_a_code_that_is_added_late_is_picked_up_within_seconds(own_broker, prism, shop, tmp_path):
    events = events_of(shop)
    half = len(events) // 2
    own_broker.reset()
    root = tmp_path / "live"
    shutil.copytree(shop / "reference", root / "reference")
    codes = root / "reference" / "codes.csv"
    send(own_broker, events[:half])
    with LiveRun(root, own_broker, prism) as run:
        run.wait_until_caught_up(ends_of(own_broker))
        code = unknown_code(run.lake)
        announced = codes.read_text()
        codes.write_text(announced + "an overlap of itself,inf-001\n" * 2)
        run.wait_until(lambda: "reference data not usable" in run.said, "wrong reference data told")
        holder = announced.splitlines()[1].split(",")[1:3]
        row = dict(zip(announced.splitlines()[0].split(","), [code, *holder], strict=False))
        codes.write_text(
            announced + ",".join(row.get(name, "") for name in announced.splitlines()[0].split(",")) + "\n"
        )
        written_at = datetime.now(UTC)
        run.wait_until(lambda: len(recorded_versions(run.lake)) == 2 and restated(run.lake).height, "orders restated")
        revised = restated(run.lake)
        assert revised["computed_at"].max() - written_at < WITHIN
        assert revised.filter(pl.col("winner_influencer_id") == holder[0]).height
        send(own_broker, events[half:])
        run.wait_until_caught_up(ends_of(own_broker))
        assert run.process.poll() is None
        assert run.stop() == 0
    clean = tmp_path / "clean"
    shutil.copytree(root / "reference", clean / "reference")
    assert_as_if_nothing_happened(run.lake, replayed(clean, own_broker))
