"""A workspace with the hard cases of posts: corrections, late arrivals, umlauts, no caption, no campaign."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.warehouse.build import build
from pipelines.warehouse.sources import BuildSettings
from tests.warehouse.tokyo_world import at, lone_order, reference_tables, resolved_clicks, snapshot, write_lake

NOW = datetime(2026, 3, 12, 11, tzinfo=UTC)  # noon in Berlin
SETTINGS = BuildSettings("USD", lateness_days=7, watermark=NOW)
REEL = {"post_id": "p1", "influencer_id": "ben", "campaign_id": "spring", "posted_at": at(1, 20)}
LATE_REEL = {"post_id": "p3", "influencer_id": "ben", "campaign_id": "spring", "posted_at": at(5, 9)}
UMLAUT_AS_TWO = "Fru\u0308hling"

SNAPSHOTS = [  # in the order in which they arrived: the newest first, one of them twice with other figures
    snapshot(0, at(3, 10), **REEL, event_id="m3", impressions=1400, reach=900, likes=25, saves=2),
    snapshot(
        1,
        at(1, 22),
        **REEL,
        event_id="m1",
        impressions=1000,
        reach=800,
        likes=10,
        caption=f"Endlich #{UMLAUT_AS_TWO}! Mit LÉNA 10 wird es billiger. #Werbung",
    ),
    snapshot(2, at(1, 23) + timedelta(minutes=30), **REEL, event_id="m2", impressions=1500, likes=20, followers=50),
    snapshot(3, at(1, 22), **REEL, event_id="m1", impressions=9999, likes=9999),
    snapshot(4, at(6), **LATE_REEL, event_id="m4", impressions=100, caption="Wieder #Frühlingserwachen, LÉNA100"),
    snapshot(5, at(7), post_id="p2", influencer_id="jörg", event_id="m5", platform="youtube", impressions=70, views=60),
]

ORDERED_AT = [
    datetime(2026, 2, 28, 23, 30, tzinfo=UTC),  # the first of March in Berlin
    *(at(day, 12) for day in (3, 3, 4, 6, 8, 9)),
    at(12, 10),
    NOW + timedelta(seconds=1),  # behind the watermark: not counted yet
]
ORDERS = [lone_order(f"o{k}", moment, ("ben", "link", "c1"), 1000, 900) for k, moment in enumerate(ORDERED_AT)]

LINKED = {"influencer_id": "ben", "campaign_id": "spring", "link_id": "l-ben"}
CLICKS = [
    {"event_id": "c1", "visitor_id": "v1", **LINKED},
    {"event_id": "c2", "visitor_id": "v2", **LINKED, "is_bot": True},
]


def owed(deliverable_id: str, due_on: int, **other: Any) -> dict[str, Any]:
    row = {"deliverable_id": deliverable_id, "campaign_id": "spring", "influencer_id": "ben", "platform": "instagram"}
    return row | {"content_type": "reel", "due_on": date(2026, 3, due_on)} | other


def target(metric: str, goal: int, starts_on: int, ends_on: int, influencer_id: str | None = None) -> dict[str, Any]:
    days = {"starts_on": date(2026, 3, starts_on), "ends_on": date(2026, 3, ends_on)}
    return {"campaign_id": "spring", "influencer_id": influencer_id, "metric": metric, "target": Decimal(goal), **days}


def spent(channel: str, day: date, spend: str, revenue: str | None) -> dict[str, Any]:
    row = {"channel": channel, "day": day, "spend": Decimal(spend), "currency": "EUR", "orders": Decimal(2)}
    return row | {"revenue": revenue and Decimal(revenue)}


REFERENCE: dict[str, list[dict[str, Any]]] = {
    "influencers": [
        {"influencer_id": "ben", "handle": "@ben", "name": "Ben", "platform": "instagram", "followers": 40},
        {"influencer_id": "jörg", "handle": "@jörg", "name": "Jörg", "platform": "youtube"},
    ],
    "campaigns": [
        {
            "campaign_id": "spring",
            "name": "Frühling",
            "timezone": "Europe/Berlin",
            "starts_at": at(1),
            "ends_at": at(31),
            "currency": "EUR",
        }
    ],
    "codes": [{"code": "LÉNA10", "influencer_id": "ben", "campaign_id": "spring"}],
    "links": [{"link_id": "l-ben", "influencer_id": "ben", "campaign_id": "spring", "post_id": "p1"}],
    "costs": [
        {
            "cost_id": "k1",
            "campaign_id": "spring",
            "influencer_id": "ben",
            "post_id": "p1",
            "category": "boost",
            "amount": Decimal(7),
            "currency": "USD",
            "incurred_on": date(2026, 3, 2),
        }
    ],
    "fx_rates": [
        {"rate_date": date(2026, 2, 1), "currency": "EUR", "rate": Decimal("1.10")},
        {"rate_date": date(2026, 3, 3), "currency": "EUR", "rate": Decimal("1.20")},
    ],
    "rate_card": [
        {"platform": "instagram", "content_type": "reel", "cpm": Decimal(10), "cpe": Decimal("0.5"), "currency": "EUR"}
    ],
    "deliverables": [
        owed("d1", 2, required_hashtags="#FRÜHLING werbung", required_code="LÉNA10", required_link_id="l-ben"),
        owed("d2", 4, required_hashtags="#Frühling", required_code="LÉNA10"),
        owed("d3", 11, influencer_id="jörg", platform="youtube", content_type="video"),
        owed("d4", 12, influencer_id="jörg", platform="youtube", content_type="short"),
    ],
    "targets": [
        target("orders", 10, 1, 20),
        target("orders", 5, 14, 20, "ben"),
        target("revenue", 50, 1, 10, "ben"),
        target("impressions", 2000, 1, 12),
        target("clicks", 1, 1, 31),
    ],
    "channels": [
        spent("search", date(2026, 3, 2), "10.00", "50.00"),
        spent("search", date(2026, 3, 4), "10.00", None),
    ],
    "audience_quality": [
        {"influencer_id": "ben", "day": date(2026, 3, 1), "source": "audit", "score": Decimal("0.8")},
        {"influencer_id": "ben", "day": date(2026, 3, 13), "source": "audit", "score": Decimal("0.1")},
    ],
}


@cache
def built_posts(folder: Path) -> Path:
    """The workspace `folder`/posts, built once for all tests of a session."""
    root = folder / "posts"
    root.mkdir()
    write_lake(root, order_attributions=ORDERS, post_metrics=SNAPSHOTS)
    build(root, reference_tables(REFERENCE), resolved_clicks(CLICKS), SETTINGS, NOW)
    return root


def read(root: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse" / "build.duckdb"), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(query).fetchall()
