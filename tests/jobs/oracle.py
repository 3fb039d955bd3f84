"""The slow way: every order of a workspace attributed from its raw lines, in plain Python over the rules alone."""

import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs

from pipelines.records import EVENTS
from pipelines.rules.attribution import Attribution
from pipelines.rules.claims import Claim, Click
from pipelines.rules.codes import normalise_code
from pipelines.rules.decoding import EPOCH, MessageDecoder, Rejection
from pipelines.rules.links import UTM, LinkRoster, resolve, utm_parameters
from pipelines.rules.orders import Order, OrderEvent, Redemption, order_state
from pipelines.rules.privacy import Pseudonyms, redact_text
from pipelines.schema_store import event_schema
from pipelines.settings import Settings, load_settings
from pipelines.stores.rulebook import Rulebook, rulebook
from pipelines.stores.workspace import Workspace
from pipelines.testing import HASH_KEY

IDENTITY = {
    "clicks": ("event_id", "visitor_id"),
    "redemptions": ("event_id", "order_id"),
    "orders": ("event_id", "order_id"),
}
EVENT_FIELDS = (
    *("order_id", "event_id", "occurred_at", "kind", "customer_id", "visitor_id", "currency"),
    *("subtotal_minor", "discount_minor", "codes", "refund_amount", "is_new_customer"),
)


def attributed(root: Path) -> dict[str, dict[str, Any]]:
    """Order id -> the columns of its attribution that say something of it, lists sorted; instants as datetimes."""
    workspace = Workspace(root)
    book = rulebook(workspace.reference(HASH_KEY), load_settings(workspace.settings_file, {}))
    clicks, orders, redemptions = (_distinct(root, topic) for topic in ("clicks", "orders", "redemptions"))
    of_visitor = _resolved(clicks, book)
    sent = defaultdict(list)
    for said in redemptions:
        redemption = Redemption(said["event_id"], said["occurred_at"], normalise_code(said["code"]))
        sent[said["order_id"]].append(redemption)
    events = defaultdict(list)
    for said in orders:
        codes = [None if code is None else normalise_code(code) for code in said["codes"] or []]
        events[said["order_id"]].append(OrderEvent(*((said | {"codes": codes})[name] for name in EVENT_FIELDS)))
    found = {}
    for order_id, its in events.items():
        order = order_state(its)
        if order is not None:
            seen = _in_window(of_visitor[order.visitor_id], order, book.rules.window)
            found[order_id] = _row(book.rules.attribute(order, sent[order_id], seen))
    return found


def lines(root: Path, topic: str) -> Iterator[tuple[int, int, bytes]]:
    """(partition, offset, line) of every message of a topic, in order."""
    single = root / "topics" / f"{topic}.ndjson"
    files = [single] if single.exists() else sorted((root / "topics" / topic).glob("*.ndjson*"), key=lambda p: p.name)
    for partition, file in enumerate(files):
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        offset = 0
        for line in content.split(b"\n"):
            if line.strip():
                yield partition, offset, line
            offset += len(line) + 1


def _distinct(root: Path, topic: str) -> list[dict[str, Any]]:
    """What the valid messages say, each event once: the first by (partition, offset)."""
    schema = event_schema(EVENTS[topic])
    find_errors = jsonschema_rs.Draft202012Validator(schema).iter_errors
    pseudonyms = Pseudonyms(HASH_KEY, Settings().hashed)
    decoder = MessageDecoder(schema, find_errors, pseudonyms.redact_id, redact_text)
    first: dict[tuple[str, ...], dict[str, Any]] = {}
    for _, _, line in lines(root, topic):
        try:
            row = decoder.decode(line)
        except Rejection:
            continue
        if (customer := row.columns.get("customer_id")) is not None:
            row.columns["customer_id"] = pseudonyms.stored("customer_id", customer)
        if topic != "clicks" or row.is_consented:
            first.setdefault(tuple(row.columns[name] for name in IDENTITY[topic]), row.columns)
    return list(first.values())


def _resolved(clicks: list[dict[str, Any]], book: Rulebook) -> dict[str | None, list[Click]]:
    roster = LinkRoster(book.links)
    of_visitor: dict[str | None, list[Click]] = defaultdict(list)
    for said in clicks:
        utm = utm_parameters(said["url"])
        candidates = roster.candidates(said["link_id"], tuple(utm.get(f"utm_{name}", "") for name in UTM))
        if candidates:
            row, reason = resolve(candidates, said["occurred_at"])
            click = Click(said["event_id"], said["occurred_at"], row, reason, said["is_bot"])
            of_visitor[said["visitor_id"]].append(click)
    return of_visitor


def _in_window(clicks: list[Click], order: Order, window: int) -> list[Click]:
    if order.visitor_id is None:
        return []
    return [click for click in clicks if 0 <= order.ordered_at - click.occurred_at <= window]


def _row(attribution: Attribution) -> dict[str, Any]:
    order, winner = attribution.order, attribution.verdict.winner
    claims = [_claim(claim, attribution.verdict.reason(claim)) for claim in attribution.claims]
    touch_fields = ("claim_id", "kind", "influencer_id", "campaign_id")
    money = ("gross_minor", "amount_minor", "gross_reporting_minor", "amount_reporting_minor")
    given = [
        {"model": credit.model}
        | {name: getattr(credit.touch, name) for name in touch_fields}
        | {"weight": credit.weight}
        | {name: getattr(credit, name) for name in money}
        for credit in attribution.credits
    ]
    of_order = (
        *("order_id", "visitor_id", "customer_id", "is_new_customer", "currency", "is_cancelled"),
        *("subtotal_minor", "refunded_minor", "net_minor"),
    )
    return {
        **{name: getattr(order, name) for name in of_order},
        "ordered_at": _instant(order.ordered_at),
        "subtotal_reporting_minor": attribution.subtotal_reporting_minor,
        "net_reporting_minor": attribution.net_reporting_minor,
        "flags": sorted(order.flags, key=repr),
        "policy": attribution.verdict.policy,
        "winner_influencer_id": winner and winner.influencer_id,
        "winner_campaign_id": winner and winner.campaign_id,
        "winner_kind": winner and winner.kind,
        "winner_claim_id": winner and winner.claim_id,
        "claims": sorted(claims, key=repr),
        "credits": sorted(given, key=repr),
    }


def _claim(claim: Claim, reason: str) -> dict[str, Any]:
    fields = ("claim_id", "kind", "influencer_id", "campaign_id", "code", "link_id")
    told = {name: getattr(claim, name) for name in fields}
    return told | {"occurred_at": _instant(claim.occurred_at), "valid": claim.reason is None, "reason": str(reason)}


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
