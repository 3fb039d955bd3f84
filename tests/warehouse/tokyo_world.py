"""A workspace small enough to work out by hand: four influencers, one campaign in Tokyo, one that nobody works for."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from pipelines.schema_store import REFERENCE_TABLES, reference_schema
from pipelines.stores.reference_cells import arrow_type
from pipelines.stores.tables import TABLES
from pipelines.warehouse.build import BuildResult, build
from pipelines.warehouse.sources import RESOLVED_CLICKS, BuildSettings

BUILT_AT = datetime(2026, 3, 20, tzinfo=UTC)
SETTINGS = BuildSettings("USD", lateness_days=7, watermark=datetime(2026, 3, 10, tzinfo=UTC))
PATH_MODELS = ("first", "last", "linear", "position", "time_decay")


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def touch(influencer: str, kind: str, claim_id: str, weight: float, gross: int, net: int) -> dict[str, Any]:
    return {
        "claim_id": claim_id,
        "kind": kind,
        "influencer_id": influencer,
        "campaign_id": "spring",
        "weight": weight,
        "gross_minor": gross,
        "amount_minor": net,
        "gross_reporting_minor": gross,
        "amount_reporting_minor": net,
    }


def claim(influencer: str | None, kind: str, claim_id: str, reason: str) -> dict[str, Any]:
    return {
        "claim_id": claim_id,
        "kind": kind,
        "influencer_id": influencer,
        "campaign_id": influencer and "spring",
        "code": "ana10" if kind == "code" else None,
        "link_id": "l-ben" if kind == "link" else None,
        "occurred_at": at(1),
        "valid": reason in ("won", "outranked"),
        "reason": reason,
    }


def revision(order_id: str, ordered_at: datetime | None, gross: int, net: int, **other: Any) -> dict[str, Any]:
    row = {
        "order_id": order_id,
        "revision_key": 1,
        "computed_at": at(9),
        "cause": "event",
        "status": "provisional",
        "ordered_at": ordered_at,
        "currency": "USD",
        "subtotal_minor": gross,
        "refunded_minor": 0,
        "net_minor": net,
        "subtotal_reporting_minor": gross,
        "net_reporting_minor": net,
        "flags": [],
        "policy": "code_wins",
        "claims": [],
        "credits": [],
        "reference_version": "v1",
        "is_cancelled": False,
        "digest": "-",
    }
    return row | other


def won_by(influencer: str, kind: str, claim_id: str) -> dict[str, Any]:
    return {
        "winner_influencer_id": influencer,
        "winner_campaign_id": "spring",
        "winner_kind": kind,
        "winner_claim_id": claim_id,
        "claims": [claim(influencer, kind, claim_id, "won")],
    }


def credits_of(by_model: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{"model": model, **touch} for model, touches in by_model.items() for touch in touches]


def shared_order() -> dict[str, Any]:
    """Ben's click, then Ana's code, which wins: every model splits otherwise."""
    half = [touch("ben", "link", "c1", 0.5, 5000, 4500), touch("ana", "code", "o1#0", 0.5, 5000, 4500)]
    ben = [touch("ben", "link", "c1", 1.0, 10000, 9000), touch("ana", "code", "o1#0", 0.0, 0, 0)]
    ana = [touch("ben", "link", "c1", 0.0, 0, 0), touch("ana", "code", "o1#0", 1.0, 10000, 9000)]
    third = [touch("ben", "link", "c1", 0.25, 2500, 2250), touch("ana", "code", "o1#0", 0.75, 7500, 6750)]
    split = {"policy": ana[1:], "first": ben, "last": ana, "linear": half, "position": half, "time_decay": third}
    won = won_by("ana", "code", "o1#0")
    won["claims"] = [*won["claims"], claim("ben", "link", "c1", "outranked")]
    return revision(
        "o1", at(1, 16), 10000, 9000, revision_key=2, is_new_customer=True, credits=credits_of(split), **won
    )


def lone_order(
    order_id: str, ordered_at: datetime, owner: tuple[str, str, str], gross: int, net: int, **other: Any
) -> dict[str, Any]:
    everywhere = {model: [touch(*owner, 1.0, gross, net)] for model in ("policy", *PATH_MODELS)}
    return revision(order_id, ordered_at, gross, net, credits=credits_of(everywhere), **won_by(*owner), **other)


def euro_order() -> dict[str, Any]:
    """50.00 EUR at 1.10."""
    order = lone_order("o2", at(2), ("ben", "link", "c2"), 5500, 5500)
    shares = [credit | {"gross_minor": 5000, "amount_minor": 5000} for credit in order["credits"]]
    return order | {"currency": "EUR", "subtotal_minor": 5000, "net_minor": 5000, "credits": shares}


ATTRIBUTIONS = [
    revision("o1", at(1, 16), 99900, 99900),
    shared_order(),
    euro_order(),
    revision("o3", at(3), 2000, 2000, claims=[claim(None, "code", "r3", "unknown_code")]),
    lone_order("o4", at(9), ("ana", "code", "o4#0"), 3000, 0, is_cancelled=True),
    revision("o5", at(3), 7700, 7700),
    revision("o5", None, 0, 0, revision_key=2),
]


def snapshot(offset: int, occurred_at: datetime, **columns: Any) -> dict[str, Any]:
    place = {"topic": "post_metrics", "partition": 0, "offset": offset, "ingested_at": at(9)}
    post = {"shard": 0, "platform": "instagram", "content_type": "reel", "event_id": f"m{offset}"}
    return place | post | {"occurred_at": occurred_at, "day": occurred_at.date()} | columns


SNAPSHOTS = [
    snapshot(0, at(5), post_id="p1", influencer_id="ana", campaign_id="spring", posted_at=at(1, 20), impressions=400),
    snapshot(
        1,
        at(6),
        post_id="p1",
        influencer_id="ana",
        campaign_id="spring",
        posted_at=at(1, 20),
        impressions=1000,
        reach=800,
        views=500,
        likes=10,
        comments=5,
        shares=3,
        saves=2,
    ),
    snapshot(2, at(7), post_id="p2", influencer_id="ben", followers=4000, impressions=70),
]

CLICKS = [
    {"event_id": "c1", "visitor_id": "v1", "influencer_id": "ben", "campaign_id": "spring", "link_id": "l-ben"},
    {"event_id": "c2", "visitor_id": "v2", "influencer_id": "ben", "campaign_id": "spring", "link_id": "l-ben"},
    {
        "event_id": "c3",
        "visitor_id": "v3",
        "influencer_id": "ben",
        "campaign_id": "spring",
        "link_id": "l-ben",
        "is_bot": True,
    },
    {"event_id": "c4", "visitor_id": "v4", "reason": "ambiguous_link"},
]

NOON = {"starts_at": at(1), "ends_at": at(31), "currency": "USD"}
REFERENCE_ROWS: dict[str, list[dict[str, Any]]] = {
    "influencers": [
        {
            "influencer_id": "ana",
            "handle": "@ana",
            "name": "Ana",
            "platform": "instagram",
            "followers": 200_000,
            "tier": "mid",
        },
        {"influencer_id": "ben", "handle": "@ben", "name": "Ben", "platform": "youtube"},
        {"influencer_id": "cora", "handle": "@cora", "name": "Cora", "platform": "tiktok", "tier": "macro"},
        {"influencer_id": "dan", "handle": "@dan", "name": "Dan", "platform": "blog"},
    ],
    "campaigns": [
        {"campaign_id": "spring", "name": "Spring", "timezone": "Asia/Tokyo", **NOON},
        {"campaign_id": "bare", "name": "Bare", "timezone": "UTC", **NOON},
    ],
    "codes": [{"code": "ANA10", "influencer_id": "ana", "campaign_id": "spring"}],
    "links": [
        {"link_id": "l-ben", "influencer_id": "ben", "campaign_id": "spring"},
        {"link_id": "l-dan", "influencer_id": "dan", "campaign_id": "spring"},
    ],
    "costs": [
        {
            "cost_id": "k1",
            "campaign_id": "spring",
            "influencer_id": "cora",
            "category": "fee",
            "amount": Decimal(700),
            "currency": "USD",
            "incurred_on": date(2026, 3, 4),
        },
        {
            "cost_id": "k2",
            "campaign_id": "spring",
            "category": "agency",
            "amount": Decimal("100.01"),
            "currency": "EUR",
            "incurred_on": date(2026, 3, 31),
            "period_start": date(2026, 3, 1),
            "period_end": date(2026, 3, 3),
        },
        {
            "cost_id": "k3",
            "campaign_id": "bare",
            "category": "platform",
            "amount": Decimal(10),
            "currency": "USD",
            "incurred_on": date(2026, 3, 1),
        },
        {
            "cost_id": "k4",
            "campaign_id": "spring",
            "influencer_id": "ana",
            "category": "product",
            "amount": Decimal(500),
            "currency": "JPY",
            "incurred_on": date(2026, 3, 2),
        },
    ],
    "fx_rates": [
        {"rate_date": date(2026, 2, 1), "currency": "EUR", "rate": Decimal("1.10")},
        {"rate_date": date(2026, 3, 3), "currency": "EUR", "rate": Decimal("1.20")},
        {"rate_date": date(2026, 1, 1), "currency": "JPY", "rate": Decimal("0.0067")},
    ],
    "rate_card": [
        {
            "platform": "instagram",
            "content_type": "reel",
            "cpm": Decimal(10),
            "cpe": Decimal("0.5"),
            "currency": "EUR",
        }
    ],
}


def reference_tables(rows: dict[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    tables = {}
    for name in REFERENCE_TABLES:
        columns = reference_schema(name)["properties"]
        schema = pa.schema([(column, arrow_type(spec)) for column, spec in columns.items()])
        tables[name] = pa.Table.from_pylist(rows.get(name, []), schema=schema)
    return tables


def resolved_clicks(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"occurred_at": at(1), "is_bot": False, **row} for row in rows], schema=RESOLVED_CLICKS
    )


def write_lake(root: Path, **rows: list[dict[str, Any]]) -> None:
    for name, content in rows.items():
        write_deltalake(root / "lake" / name, pa.Table.from_pylist(content, schema=TABLES[name]))


def build_world(root: Path, rows: dict[str, list[dict[str, Any]]] | None = None) -> BuildResult:
    """Builds the workspace `root`; `rows` replace those of the reference tables that they name."""
    write_lake(root, order_attributions=ATTRIBUTIONS, post_metrics=SNAPSHOTS)
    reference = reference_tables(REFERENCE_ROWS | (rows or {}))
    return build(root, reference, resolved_clicks(CLICKS), SETTINGS, BUILT_AT)
