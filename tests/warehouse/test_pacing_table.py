"""The targets of a terminal: a sentence each, and how many there are of each verdict."""

from io import StringIO

import duckdb
from rich.console import Console

from pipelines.warehouse.pacing_table import pacing_table
from pipelines.warehouse.publish import publish
from tests.warehouse.conftest import ARRIVED


def shown(table):
    console = Console(file=StringIO(), width=100)
    console.print(table)
    return " ".join(console.file.getvalue().split())


def test_what_still_runs_comes_first(workspace, approve):
    with duckdb.connect(str(workspace / "warehouse" / "build.duckdb")) as build:
        for metric, verdict, ends_on, influencer in [
            ("orders", "missed", "2026-05-01", None),
            ("clicks", "on_track", "2026-04-01", "ana"),
            ("revenue", "behind", "2026-04-02", None),
        ]:
            build.execute(
                "insert into fct_pacing (campaign_id, influencer_id, metric, ends_on, verdict, sentence) "
                "values ('spring', ?, ?, ?, ?, ?)",
                [influencer, metric, ends_on, verdict, f"All about {metric}."],
            )
    approve(workspace)
    publish(workspace, ARRIVED)
    told = shown(pacing_table(workspace))
    places = [told.index(f"All about {metric}.") for metric in ("revenue", "clicks", "orders")]
    assert places == sorted(places)
    assert "Spring launch, @ana" in told
    assert "Of 3 targets: 1 behind, 1 on track, 1 missed" in told
    assert "All about orders." not in shown(pacing_table(workspace, shown=2))


def test_no_target_says_where_to_write_one(workspace, approve):
    approve(workspace)
    publish(workspace, ARRIVED)
    assert "There are no targets: write reference/targets.csv" in shown(pacing_table(workspace))
