"""Targets of a running campaign: what is there by the watermark, what a straight line asks for, where it leads."""

import re
from datetime import date
from decimal import Decimal
from math import sqrt
from statistics import mean, variance

import pytest
from scipy.stats import t as student

from pipelines.warehouse.dbt_runner import project_dir
from tests.warehouse.posts_world import ORDERED_AT, built_posts, read


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    root = built_posts(tmp_path_factory.getbasetemp())
    return lambda query: read(root, query)


def test_each_target_and_its_verdict(rows):
    assert rows(
        "select metric, influencer_id, starts_on, as_of, actual, verdict from fct_pacing order by 1, 2 nulls first"
    ) == [
        ("clicks", None, date(2026, 3, 1), date(2026, 3, 12), 1, "reached"),
        ("impressions", None, date(2026, 3, 1), date(2026, 3, 12), 1500, "behind"),
        ("orders", None, date(2026, 3, 1), date(2026, 3, 12), 8, "ahead"),
        ("orders", "ben", date(2026, 3, 14), date(2026, 3, 12), 0, "not_started"),
        ("revenue", "ben", date(2026, 3, 1), date(2026, 3, 12), 63, "reached"),
    ]


def test_expected_is_a_straight_line_over_the_days_passed(rows):
    """Eleven days and a half of twenty, in Berlin, where it is noon."""
    assert rows(
        "select time_share, expected, pace from fct_pacing where metric = 'orders' and influencer_id is null"
    ) == [(11.5 / 20, Decimal("5.75"), 8 / 5.75)]


def test_the_projection_is_the_mean_of_the_whole_days_with_its_prediction_interval(rows):
    in_berlin = [1, *(moment.day for moment in ORDERED_AT[1:])]
    counts = [in_berlin.count(day) for day in range(1, 12)]
    left, actual = 8.5, 8
    middle = actual + mean(counts) * left
    margin = student.ppf(0.975, len(counts) - 1) * sqrt(variance(counts) * (left + left**2 / len(counts)))
    ((projected, low, high),) = rows(
        "select projected, projected_low, projected_high from fct_pacing "
        "where metric = 'orders' and influencer_id is null"
    )
    assert float(projected) == pytest.approx(middle, abs=1e-4)
    assert float(low) == pytest.approx(max(actual, middle - margin), abs=0.01)
    assert float(high) == pytest.approx(middle + margin, abs=0.01)


def test_after_its_end_a_target_projects_nothing(rows):
    assert rows(
        "select time_share, projected, projected_low, projected_high, sentence from fct_pacing where metric = 'revenue'"
    ) == [(1.0, 63, 63, 63, "Reached: 63.00 of 50.00 USD revenue by 10 March 2026.")]


def test_the_quantiles_are_students():
    text = (project_dir() / "models" / "intermediate" / "int_target_progress.sql").read_text(encoding="utf-8")
    listed = [
        float(number) for number in re.findall(r"\b\d+\.\d{6}\b", text.partition("unnest([")[2].partition("]")[0])
    ]
    assert listed == [round(float(student.ppf(0.975, degrees)), 6) for degrees in range(1, len(listed) + 1)]
    assert len(listed) == 30
