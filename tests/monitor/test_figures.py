"""How counts, amounts, shares and moments are written."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.monitor import figures

NIGHT = datetime(2026, 3, 28, 23, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (figures.count(1234), "1,234"),
        (figures.count(3.0), "3"),
        (figures.count(2.5), "2.50"),
        (figures.count(None), "–"),
        (figures.money(Decimal("1234567.5"), 2), "1,234,567.50"),
        (figures.money(Decimal(1500), 0), "1,500"),
        (figures.money(Decimal(-3445), 2), "−3,445.00"),
        (figures.money(-0.001, 2), "0.00"),
        (figures.money(None, 2), "–"),
        (figures.percent(0.0345), "3.5 %"),
        (figures.percent(None), "–"),
        (figures.points(-100.0), "−100.0 %"),
        (figures.ratio(1.005), "1.00"),
        (figures.instant(NIGHT, "Europe/Berlin"), "29 Mar 2026, 00:30:07"),
        (figures.instant(None, "UTC"), "–"),
        (figures.to_the_minute(NIGHT, "Asia/Tokyo"), "29 Mar 2026, 08:30"),
        (figures.spell(NIGHT, "UTC", "day"), "Sat 28 Mar 2026"),
        (figures.spell(NIGHT, "UTC", "hour"), "28 Mar, 23:30"),
        (figures.machine(NIGHT), "2026-03-28T23:30:07Z"),
        (figures.share(1, 4), 0.25),
        (figures.share(1, 0), None),
        (figures.share(None, 4), None),
    ],
)
def test_figures_are_written_alike_everywhere(written, expected):
    assert written == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_an_amount_is_never_rounded(amount):
    assert Decimal(figures.money(amount, 2).replace(",", "").replace("−", "-")) == amount
