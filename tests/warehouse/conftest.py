"""A build small enough to see, made by dbt: three influencers, one campaign, three orders, one of them nobody's."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipelines.stores.reference import load_reference
from pipelines.stores.tables import TABLES
from pipelines.warehouse.build import build
from pipelines.warehouse.check import check
from pipelines.warehouse.sources import RESOLVED_CLICKS, BuildSettings
from tests.conftest import Ended, made_once
from tests.warehouse.approved import approved

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ARRIVED = NOON + timedelta(minutes=5)
CHECKED = datetime(2026, 3, 11, 8, 30, tzinfo=UTC)
JOURNEY_MODELS = ("first", "last", "linear", "position", "time_decay")


def place(topic: str, offset: int) -> dict:
    return {"topic": topic, "partition": 0, "offset": offset, "ingested_at": ARRIVED}


def landed(topic: str, offset: int, **typed) -> dict:
    return place(topic, offset) | {"day": NOON.date(), "shard": 0, "occurred_at": NOON} | typed


def claim(claim_id: str, kind: str, influencer_id: str, reason: str) -> dict:
    return {
        "claim_id": claim_id,
        "kind": kind,
        "influencer_id": influencer_id,
        "campaign_id": "spring",
        "code": "ana10" if kind == "code" else None,
        "link_id": "ben-link" if kind == "link" else None,
        "occurred_at": NOON,
        "valid": True,
        "reason": reason,
    }


def credit(model: str, won: dict, weight: float, net: int, gross: int) -> dict:
    return {
        "model": model,
        **{name: won[name] for name in ("claim_id", "kind", "influencer_id", "campaign_id")},
        "weight": weight,
        "gross_minor": gross,
        "amount_minor": net,
        "gross_reporting_minor": gross,
        "amount_reporting_minor": net,
    }


def attribution(order_id: str, subtotal: int, net: int, claims: list[dict]) -> dict:
    """The one revision of an order whose first claim won and whose claims all touched it."""
    winner = claims[0] if claims else None
    touches = sorted(claims, key=lambda touch: touch["claim_id"])
    shares = {
        "first": [1.0, 0.0],
        "last": [0.0, 1.0],
        "linear": [0.5, 0.5],
        "position": [0.5, 0.5],
        "time_decay": [0.5, 0.5],
    }
    credits_ = [credit("policy", winner, 1.0, net, subtotal)] if winner else []
    for model, weights in shares.items():
        weights = weights if len(touches) == 2 else [1.0]
        credits_ += [
            credit(model, touch, weight, int(net * weight), int(subtotal * weight))
            for touch, weight in zip(touches, weights, strict=False)
        ]
    return {
        "order_id": order_id,
        "revision_key": 1,
        "computed_at": ARRIVED,
        "cause": "event",
        "status": "provisional",
        "ordered_at": NOON,
        "currency": "USD",
        "subtotal_minor": subtotal,
        "refunded_minor": 0,
        "net_minor": net,
        "subtotal_reporting_minor": subtotal,
        "net_reporting_minor": net,
        "flags": [],
        "policy": "code_wins",
        "winner_influencer_id": winner and winner["influencer_id"],
        "winner_campaign_id": winner and winner["campaign_id"],
        "winner_kind": winner and winner["kind"],
        "winner_claim_id": winner and winner["claim_id"],
        "claims": claims,
        "credits": credits_,
        "reference_version": "v1",
        "is_cancelled": False,
        "digest": order_id,
    }


def placed(offset: int, order_id: str, subtotal: int, discount: int = 0) -> dict:
    money = {"currency": "USD", "subtotal_minor": subtotal, "discount_minor": discount}
    event = landed("orders", offset, event_id=f"{order_id}-placed", order_id=order_id, kind="placed", **money)
    return event | {"shipping_minor": 0, "tax_minor": 0}


def click(offset: int, visitor_id: str) -> dict:
    seen = {"visitor_id": visitor_id, "url": "https://shop.example/?utm_source=ben", "is_bot": False}
    return landed("clicks", offset, event_id=f"{visitor_id}-click", **seen)


LAKE = {
    "clicks": [click(0, "v1"), click(90, "v2")],
    "redemptions": [
        landed("redemptions", 0, event_id="r1", order_id="o1", code="ANA10", normalised_code="ana10"),
    ],
    "orders": [placed(0, "o1", 10_000, 1_000), placed(200, "o2", 5_000), placed(400, "o3", 3_000)],
    "post_metrics": [
        landed(
            "post_metrics", 0, event_id="m1", post_id="p1", influencer_id="ana", platform="tiktok",
            content_type="video", campaign_id="spring", followers=1_000, impressions=5_000,
        ),
    ],
    "rejected_events": [],
    "order_attributions": [
        attribution(
            "o1", 10_000, 9_000, [claim("r1", "code", "ana", "won"), claim("v1-click", "link", "ben", "outranked")]
        ),
        attribution("o2", 5_000, 5_000, [claim("v2-click", "link", "ben", "won")]),
        attribution("o3", 3_000, 3_000, []),
    ],
}  # fmt: skip


REFERENCE = {
    "influencers": """\
influencer_id,handle,name,platform,followers
ana,@ana,Ana,tiktok,80000
ben,@ben,Ben,instagram,3000
cy,@cy,Cy,youtube,600000
""",
    "campaigns": """\
campaign_id,name,starts_at,ends_at,timezone,currency
spring,Spring launch,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,Europe/Berlin,USD
""",
    "codes": """\
code,influencer_id,campaign_id
ANA10,ana,spring
""",
    "links": """\
link_id,influencer_id,campaign_id,utm_source
ben-link,ben,spring,ben
""",
    "costs": """\
cost_id,campaign_id,influencer_id,category,amount,currency,incurred_on
c1,spring,ana,fee,40.00,USD,2026-03-01
c2,spring,ben,fee,60.00,USD,2026-03-01
c3,spring,cy,product,20.00,USD,2026-03-01
""",
}


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory) -> Path:
    """A workspace whose lake `codetrail build` has built; not to be changed."""
    return made_once(tmp_path_factory, "small", _small)[0]


@pytest.fixture(scope="session")
def checked_workspace(small_workspace, tmp_path_factory) -> Path:
    """A copy of it after a whole check, dbt's own tests included; not to be changed."""

    def checked(root: Path) -> Ended:
        shutil.copytree(small_workspace, root, dirs_exist_ok=True)
        check(root, CHECKED)
        return Ended(0, "", "")

    return made_once(tmp_path_factory, "checked", checked)[0]


def _small(root: Path) -> Ended:
    for name, rows in LAKE.items():
        write_deltalake(root / "lake" / name, pa.Table.from_pylist(rows, schema=TABLES[name]))
    (root / "reference").mkdir()
    for name, text in REFERENCE.items():
        (root / "reference" / f"{name}.csv").write_text(text, encoding="utf-8")
    reference = load_reference(root / "reference", redact_id=str, redact_text=str)
    clicks = [
        {name: row[name] for name in ("event_id", "visitor_id", "occurred_at", "is_bot")}
        | {"influencer_id": "ben", "campaign_id": "spring", "link_id": "ben-link"}
        for row in LAKE["clicks"]
    ]
    resolved = pa.Table.from_pylist(clicks, schema=RESOLVED_CLICKS)
    build(root, reference.tables, resolved, BuildSettings("USD", lateness_days=7, watermark=NOON), ARRIVED)
    return Ended(0, "", "")


@pytest.fixture
def workspace(small_workspace, tmp_path) -> Path:
    """A workspace with a build of its own, to be damaged, checked and published."""
    (tmp_path / "warehouse").mkdir()
    shutil.copy(small_workspace / "warehouse" / "build.duckdb", tmp_path / "warehouse")
    return tmp_path


@pytest.fixture
def approve():
    """Leaves the verdict of a check on a workspace's build as it is now: see approved."""
    return approved
