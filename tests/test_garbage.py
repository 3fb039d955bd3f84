"""How often Python looks for garbage."""

import gc

import pytest

from pipelines.garbage import looked_for_seldom


class Ring:
    """Garbage that names itself."""

    def __init__(self) -> None:
        self.me = self


def times_looked(rings: int) -> int:
    """How often Python looks while so many become garbage."""
    gc.collect()
    before = gc.get_stats()[0]["collections"]
    for _ in range(rings):
        Ring()
    return gc.get_stats()[0]["collections"] - before


@pytest.fixture(autouse=True)
def _as_python_begins():
    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*thresholds)


def test_it_is_looked_for_seldom_within_and_as_before_afterwards():
    often = times_looked(10_000)
    with looked_for_seldom():
        assert times_looked(10_000) == 0
        assert times_looked(300_000) > 0  # a process of many days does not grow for ever
    assert times_looked(10_000) == pytest.approx(often, abs=2)
    assert often > 10


def test_a_failure_ends_it_too():
    with pytest.raises(ValueError, match="on the way"), looked_for_seldom():
        raise ValueError("on the way")
    assert gc.get_threshold() == (700, 10, 10)
