"""Profit, ROI and ROAS of a revenue and a cost, as every model of the built marts shows them."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.build import build
from tests.warehouse.tokyo_world import BUILT_AT, SETTINGS, lone_order, reference_tables, resolved_clicks, write_lake

TABLE = "roi.csv"
MARCH = {"starts_at": datetime(2026, 3, 1, tzinfo=UTC), "ends_at": datetime(2026, 4, 1, tzinfo=UTC)}


def earner(row: dict[str, str]) -> str:
    return f"earns {row['net_revenue']}, costs {row['cost_total']}"


@pytest.fixture(scope="module")
def marts(tmp_path_factory):
    """A campaign with an influencer for each row, who brought one order of that revenue and was paid one fee."""
    root = tmp_path_factory.mktemp("roi")
    with (Path(__file__).parent / TABLE).open(encoding="utf-8", newline="") as file:
        rows = {earner(row): row for row in csv.DictReader(file)}
    minor = {name: 100 * int(row["net_revenue"]) for name, row in rows.items()}
    sold = [
        lone_order(f"order of {name}", datetime(2026, 3, 2, tzinfo=UTC), (name, "code", f"claim of {name}"), net, net)
        for name, net in minor.items()
        if net
    ]
    fee = {"campaign_id": "spring", "category": "fee", "currency": "USD", "incurred_on": date(2026, 3, 2)}
    reference = reference_tables(
        {
            "influencers": [
                {"influencer_id": name, "handle": name, "name": name, "platform": "instagram"} for name in rows
            ],
            "campaigns": [{"campaign_id": "spring", "name": "Spring", "currency": "USD", **MARCH}],
            "codes": [
                {"code": f"CODE{n}", "influencer_id": name, "campaign_id": "spring"} for n, name in enumerate(rows)
            ],
            "costs": [
                {"cost_id": name, "influencer_id": name, "amount": Decimal(row["cost_total"]), **fee}
                for name, row in rows.items()
                if row["cost_total"] != "0"
            ],
        }
    )
    write_lake(root, order_attributions=sold)
    build(root, reference, resolved_clicks([]), SETTINGS, BUILT_AT)
    with duckdb.connect(str(root / "warehouse" / "build.duckdb"), read_only=True) as connection:
        yield connection


def test_a_return(row, marts):
    found = marts.execute(
        "select distinct net_revenue, cost_total, profit, round(roi_pct, 1), roas from fct_influencer_roi "
        "where influencer_id = ?",
        [earner(row)],
    ).fetchall()
    assert [(*rest, ratio and float(f"{ratio:.4g}")) for *rest, ratio in found] == [
        (
            *(Decimal(row[name]) for name in ("net_revenue", "cost_total", "profit")),
            *(float(row[name]) if row[name] else None for name in ("roi_pct", "roas")),
        )
    ]
