"""Moved models: what stands behind a source that moved is made anew, and every name is one that dbt knows."""

import pytest

from pipelines.stores.tables import TABLES
from pipelines.warehouse.changes import SAYING
from pipelines.warehouse.dbt_runner import parse_project
from pipelines.warehouse.last_build import Since
from pipelines.warehouse.moved_models import MADE_OF, moved_models

VIEWS = ("--exclude", "config.materialized:view")


def since(*moved, is_republished=False):
    return Since({}, frozenset(moved), is_republished)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (moved_models(since(), set()), None),
        (moved_models(since("orders"), set()), ["--select", "source:lake.orders+", *VIEWS]),
        (
            moved_models(since("post_metrics"), {"run_settings"}),
            ["--select", "source:lake.captions+", "source:lake.post_metrics+", "source:lake.run_settings+", *VIEWS],
        ),
        (
            moved_models(since(is_republished=True), {"changed_orders"}),
            ["--select", "source:lake.changed_orders+", "source:lake.published_versions+", *VIEWS],
        ),
    ],
)
def test_what_moved_is_selected_with_all_behind_it(options, found):
    assert options == found


def test_every_source_of_the_lake_is_known_to_move(tmp_path):
    """A source that nobody names here would stay as it was in the last build, whatever comes into it."""
    sources = {s.name for s in parse_project(tmp_path).sources.values() if s.source_name == "lake"}
    derived = {name for names in MADE_OF.values() for name in names}
    former = {"former_model_shares", "former_lift_intervals", "former_lines", "former_days"}
    repeated = former | {"clicks_of_changed_visitors"}  # as the tables of changes say
    constant = {"currencies"}  # with the locked package
    assert sources - repeated - constant <= {*TABLES, *derived, *SAYING, "run_settings", "published_versions"}
    assert derived | set(SAYING) <= sources
