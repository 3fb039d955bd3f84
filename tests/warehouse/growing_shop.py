"""A shop that grows: its first build, late events that move orders of that, and versions published in between."""

import csv
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from pipelines.settings import load_settings
from pipelines.stores.rulebook import rulebook
from pipelines.stores.workspace import Workspace
from pipelines.testing import CLOCK, HASH_KEY, current_attributions, write_topic
from pipelines.warehouse.build import BuildResult, build
from pipelines.warehouse.clicks import click_batches
from pipelines.warehouse.history import HISTORY
from pipelines.warehouse.last_build import BUILD
from pipelines.warehouse.sources import BuildSettings
from pipelines.warehouse.versions import Version

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
COUPON_SITE = "https://www.retailmenot.com/view/shop"
SETTINGS = BuildSettings("USD", lateness_days=7, history_from=datetime(2026, 1, 1, tzinfo=UTC))


def build_shop(root: Path, *, full_refresh: bool = False) -> BuildResult:
    workspace = Workspace(root)
    reference = workspace.reference(HASH_KEY)
    links = rulebook(reference, load_settings(workspace.settings_file, {})).links
    settings = replace(SETTINGS, watermark=workspace.lake.watermark())
    clicks = partial(click_batches, workspace.lake, links)
    return build(root, reference.tables, clicks, settings, CLOCK, full_refresh=full_refresh)


def kept(root: Path, name: str) -> Path:
    """A copy of the build as it is now, of the same name: views name the database by it."""
    (root / name).mkdir()
    return Path(shutil.copy(root / "warehouse" / BUILD, root / name))


def publish_by_hand(root: Path, number: int) -> None:
    """A line in the history, as if the build that there is had been checked and published."""
    with duckdb.connect(str(root / "warehouse" / BUILD), read_only=True) as connection:
        computed_at = "select max(computed_at) from intermediate.int_current_attributions"
        until = connection.execute(computed_at).fetchall()[0][0]
    version = Version(number, CLOCK, "", None, None, 0, 0, "USD", 2, {}, until)
    (root / "published").mkdir(exist_ok=True)
    with (root / "published" / HISTORY).open("ab") as history:
        history.write(msgspec.json.encode(version) + b"\n")


def late_events(root: Path) -> None:
    """What moves orders of the last build: a customer's earlier one, a click, an amendment, a refund, a tombstone."""
    orders = current_attributions(Workspace(root).lake).to_dicts()
    bought = [order for order in orders if order["net_minor"] and order["customer_id"] and order["visitor_id"]]
    refunded, amended, cancelled, clicked = bought[:4]
    used = next(order for order in bought[4:] if any(c["kind"] == "code" and c["valid"] for c in order["claims"]))
    claim = next(claim for order in orders for claim in order["claims"] if claim["kind"] == "link" and claim["valid"])

    def event(order: dict[str, Any], kind: str, **told: Any) -> dict[str, Any]:
        at = (order["ordered_at"] + timedelta(hours=1)).isoformat()
        return {"event_id": f"late-{kind}", "occurred_at": at, "order_id": order["order_id"], "kind": kind} | told

    earlier = {"event_id": "earlier", "order_id": "earlier", "kind": "placed", "customer_id": amended["customer_id"]}
    at = (amended["ordered_at"] - timedelta(days=1)).isoformat()
    events = [
        event(refunded, "refunded", refund_amount="1"),
        event(amended, "amended", currency=amended["currency"], subtotal="77"),
        event(cancelled, "cancelled"),
        earlier | {"occurred_at": at, "currency": "USD", "subtotal": "9.90"},
        {"event_id": "unmade", "occurred_at": at, "order_id": "unmade", "kind": "cancelled"},
    ]
    write_topic(root, "orders/0", events)
    seen = (clicked["ordered_at"] - timedelta(minutes=1)).isoformat()
    click = {"event_id": "late-click", "visitor_id": clicked["visitor_id"], "url": "https://shop.example/"}
    referral = {"event_id": "late-referral", "visitor_id": used["visitor_id"], "url": "https://shop.example/"}
    came = (used["ordered_at"] - timedelta(minutes=1)).isoformat()
    clicks = [
        click | {"occurred_at": seen, "link_id": claim["link_id"]},
        referral | {"occurred_at": came, "referrer": COUPON_SITE},  # nobody's claim: the order itself stays as it is
    ]
    write_topic(root, "clicks/0", [*clicks, click_of_a_link(root, 1)])
    post = {"event_id": "late-post", "post_id": "late", "influencer_id": claim["influencer_id"], "occurred_at": seen}
    write_topic(root, "post_metrics", [post | {"platform": "tiktok", "content_type": "video", "caption": "New! #ａｄ"}])


def click_of_a_link(root: Path, place: int) -> dict[str, Any]:
    """One and the same click, said to be of the link in this place of the reference data."""
    with (root / "reference" / "links.csv").open(encoding="utf-8") as stream:
        links = list(csv.DictReader(stream))
    at = (UNTIL - timedelta(days=20 + place)).isoformat()
    return {"event_id": "twice", "visitor_id": "twice", "occurred_at": at, "url": "https://shop.example/"} | {
        "link_id": links[place]["link_id"]
    }
