"""Current: of each order the revision that holds, at hand or read back, tells what is news."""

import polars as pl
import pytest

from pipelines.rules.attribution import DAY
from pipelines.stages.commit import NOTHING_NEW
from pipelines.stages.current import Current
from pipelines.stages.working_set import BEGINNING
from pipelines.stores.tables import ORDER_ATTRIBUTIONS
from pipelines.testing import CLOCK
from tests.stages.landing import new_lake

MARCH = 1_772_323_200_000_000  # 2026-03-01T00:00:00Z


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path / "lake")


def attributed(*orders, at=MARCH):
    """Rows as they reach the committer: (order, digest, evidence) each."""
    schema = {"order_id": pl.String, "digest": pl.String, "evidence": pl.Int64}
    return pl.DataFrame(orders, schema=schema, orient="row").with_columns(
        ordered_at=pl.lit(at, pl.Int64).cast(pl.Datetime("us", "UTC"))
    )


def store(lake, rows):
    """What the commit does with what is new."""
    told = {"computed_at": CLOCK, "cause": "event", "status": "provisional", "reference_version": "v1"}
    full = pl.concat(
        [NOTHING_NEW, rows.with_columns(**{k: pl.lit(v) for k, v in told.items()})], how="diagonal_relaxed"
    )
    stored = full.select(ORDER_ATTRIBUTIONS.names).to_arrow().cast(ORDER_ATTRIBUTIONS)
    lake.append("order_attributions", stored, {}, epoch=1)


def news(current, *orders, at=MARCH):
    """What of these is new; (order, key, digest)."""
    new = current.changed(attributed(*orders, at=at))
    current.add(new)
    return new.select("order_id", "revision_key", "digest").rows()


def test_an_order_s_first_attribution_is_new_and_its_repeat_is_not(lake):
    current = Current(lake, BEGINNING)
    assert news(current, ("o", "a", 1)) == [("o", 1, "a")]
    assert news(current, ("o", "a", 2)) == []
    assert news(current, ("o", "b", 3)) == [("o", 2, "b")]


def test_what_knew_less_than_what_holds_came_too_late(lake):
    current = Current(lake, BEGINNING)
    assert news(current, ("o", "both clicks", 5)) == [("o", 1, "both clicks")]
    assert news(current, ("o", "one click", 4)) == []
    assert news(current, ("o", "one click", 4), ("o", "three clicks", 6), ("o", "none", 3)) == [
        ("o", 2, "three clicks")
    ]


@pytest.mark.parametrize(
    "horizon", [pytest.param(MARCH, id="of the horizon's time"), pytest.param(MARCH + DAY, id="older than the horizon")]
)
def test_what_the_lake_has_holds(lake, horizon):
    store(lake, Current(lake, BEGINNING).changed(attributed(("o", "a", 1), ("p", "a", 1))))
    store(lake, Current(lake, BEGINNING).changed(attributed(("o", "b", 1))))
    current = Current(lake, horizon)
    assert news(current, ("o", "b", 0), ("p", "b", 0), ("q", "a", 0)) == [("p", 2, "b"), ("q", 1, "a")]


def test_what_was_let_go_is_read_back(lake):
    current = Current(lake, BEGINNING)
    new = current.changed(attributed(("o", "a", 1)))
    store(lake, new)
    current.add(new)
    current.close(MARCH + 1)
    assert news(current, ("o", "a", 1)) == []
    assert news(current, ("o", "b", 2)) == [("o", 2, "b")]


def test_an_order_that_is_none_any_more_may_come_back(lake):
    current = Current(lake, BEGINNING)
    assert news(current, ("o", "none", 1), at=None) == []
    news(current, ("o", "a", 1))
    assert news(current, ("o", "none", 2), at=None) == [("o", 2, "none")]
    assert news(current, ("o", "a", 3)) == [("o", 3, "a")]
