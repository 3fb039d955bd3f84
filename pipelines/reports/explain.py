"""Explain: all that the lake says of one order: its money, every claim with its reason, every model's split."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.failures import BadInput
from pipelines.jobs.pending import may_change
from pipelines.reports.evidence import case_of
from pipelines.reports.explain_page import rendered as rendered
from pipelines.reports.explanation import ExplainedClaim, Explanation, Revision, Share
from pipelines.reports.reasons import Case, in_words
from pipelines.reports.whereabouts import whereabouts
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.models import MODELS
from pipelines.rules.money import Exchange, exact
from pipelines.rules.privacy import Pseudonyms, holds_email
from pipelines.rules.watermark import is_settled
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.stores.reference import Reference
from pipelines.stores.rulebook import Rulebook, rulebook
from pipelines.stores.workspace import Workspace


def explain(workspace: Workspace, settings: Settings, hash_key: Callable[[], bytes], order_id: str) -> Explanation:
    """Why the order's money went where it went, as of the lake's newest watermark.

    The reference data adds handles, dates and the rate; without it the rest is told. An id that holds an e-mail
    address is looked for as the lake knows it. Raises BadInput for what is no order, with where it might be.
    """
    lake = workspace.lake
    order_id = Pseudonyms(hash_key()).redact_id(order_id) if holds_email(order_id) else order_id
    rows = _revisions(lake, order_id)
    if not rows or rows[-1]["ordered_at"] is None:
        raise BadInput(whereabouts(lake, order_id))
    current = rows[-1]
    reference, book, problem = _reference(workspace, settings, hash_key)
    made_with = _settings_of(lake, current["reference_version"]) or json.loads(settings.deciding())
    case = case_of(lake, current, reference, book)
    claims = _claims(current, case)
    winner = next((c for c in claims if (c.kind, c.claim_id) == _key(current, "winner_")), None)
    reporting = made_with["reporting_currency"]
    currency = current["currency"]
    watermark = lake.watermark()
    return Explanation(
        order_id=order_id,
        ordered_at=current["ordered_at"],
        status=_status(current["ordered_at"], settings, watermark),
        settles_at=current["ordered_at"] + timedelta(microseconds=settings.lateness),
        watermark=watermark,
        currency=currency,
        subtotal=exact(current["subtotal_minor"], currency),
        discount=_discount(lake, current),
        refunded=exact(current["refunded_minor"], currency),
        net=exact(current["net_minor"], currency),
        is_cancelled=bool(current["is_cancelled"]),
        reporting_currency=reporting,
        subtotal_reporting=_exact(current["subtotal_reporting_minor"], reporting),
        net_reporting=_exact(current["net_reporting_minor"], reporting),
        rate=_rate(current, reporting, reference),
        flags=tuple(current["flags"] or ()),
        policy=current["policy"],
        default_policy=made_with["policy"],
        winner=winner,
        claims=claims,
        credits=_credits(current, claims, reporting),
        revisions=tuple(_revision(row, case) for row in rows),
        reference_version=current["reference_version"],
        is_outdated=book is not None and may_change(lake, order_id, book, settings),
        reference_problem=problem,
    )


def _exact(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else exact(minor, currency)


def _reference(
    workspace: Workspace, settings: Settings, hash_key: Callable[[], bytes]
) -> tuple[Reference | None, Rulebook | None, str | None]:
    """The reference data and what decides under it, or why there is none to use."""
    try:
        reference = workspace.reference(hash_key(), settings)
        return reference, rulebook(reference, settings), None
    except BadInput as problem:
        return None, None, str(problem)


def _revisions(lake: Lake, order_id: str) -> list[dict[str, Any]]:
    if not lake.exists("order_attributions"):
        return []
    return lake.read("order_attributions", None, pl.col("order_id") == order_id).sort("revision_key").to_dicts()


def _settings_of(lake: Lake, reference_version: str) -> dict[str, Any]:
    rows = lake.read("reference_versions", ["settings"], pl.col("reference_version") == reference_version)
    return json.loads(rows["settings"][-1]) if rows.height else {}


def _status(ordered_at: datetime, settings: Settings, watermark: datetime | None) -> str:
    mark = None if watermark is None else (watermark - EPOCH) // MICROSECOND
    settled = is_settled((ordered_at - EPOCH) // MICROSECOND, settings.lateness, mark)
    return "settled" if settled else "provisional"


def _discount(lake: Lake, order: dict[str, Any]) -> Decimal | None:
    """The discount of the event that gave the amounts, which the attribution itself does not repeat."""
    columns = ["partition", "offset", "event_id", "occurred_at", "kind", "currency", "subtotal_minor", "discount_minor"]
    events = lake.read("orders", columns, pl.col("order_id") == order["order_id"])
    priced = (
        events.sort("partition", "offset")
        .unique("event_id", keep="first", maintain_order=True)
        .filter(pl.col("kind").is_in(["placed", "amended"]))
        .sort("occurred_at", "event_id")
    )
    if not priced.height:
        return None
    latest = priced.row(-1, named=True)
    same = all(latest[name] == order[name] for name in ("currency", "subtotal_minor"))
    return exact(latest["discount_minor"] or 0, order["currency"]) if same else None


def _rate(order: dict[str, Any], reporting: str, reference: Reference | None) -> Decimal | None:
    """The rate that leads from the order's amounts to its reporting amounts; None if none does."""
    currency, first_day = order["currency"], EPOCH.date()
    if currency == reporting:
        return Decimal(1)
    if reference is None or order["net_reporting_minor"] is None:
        return None
    ordered_on = (order["ordered_at"].date() - first_day).days
    rows = [row for row in reference.tables["fx_rates"].to_pylist() if row["currency"] == currency]
    rates = [((row["rate_date"] - first_day).days, row["rate"]) for row in rows]
    past = [(since, rate) for since, rate in rates if since <= ordered_on]
    exchange = Exchange(reporting, {currency: rates})
    leads = all(
        exchange.reporting_minor(order[f"{part}_minor"], currency, ordered_on) == order[f"{part}_reporting_minor"]
        for part in ("subtotal", "net")
    )
    return max(past)[1].normalize() if past and leads else None


def _claims(order: dict[str, Any], case: Case) -> tuple[ExplainedClaim, ...]:
    in_time = sorted(order["claims"] or (), key=lambda c: (c["occurred_at"], c["claim_id"], c["kind"]))
    return tuple(
        ExplainedClaim(
            number=number,
            handle=case.handles.get(claim["influencer_id"]),
            url=case.clicks[claim["claim_id"]]["url"] if _is_known_click(claim, case) else None,
            because=in_words(claim, case),
            **claim,
        )
        for number, claim in enumerate(in_time, 1)
    )


def _is_known_click(claim: dict[str, Any], case: Case) -> bool:
    return claim["kind"] == "link" and claim["claim_id"] in case.clicks


def _credits(order: dict[str, Any], claims: Sequence[ExplainedClaim], reporting: str) -> tuple[Share, ...]:
    by_key = {(claim.kind, claim.claim_id): claim for claim in claims}
    shares = []
    for given in order["credits"] or ():
        claim = by_key[_key(given)]
        shares.append(
            Share(
                model=given["model"],
                number=claim.number,
                influencer_id=given["influencer_id"],
                handle=claim.handle,
                campaign_id=given["campaign_id"],
                weight=given["weight"],
                gross=exact(given["gross_minor"], order["currency"]),
                amount=exact(given["amount_minor"], order["currency"]),
                gross_reporting=_exact(given["gross_reporting_minor"], reporting),
                amount_reporting=_exact(given["amount_reporting_minor"], reporting),
            )
        )
    return tuple(sorted(shares, key=lambda share: (MODELS.index(share.model), share.number)))


def _key(row: dict[str, Any], prefix: str = "") -> tuple[str, str]:
    """Empty texts where there is no winner: no claim has such a key."""
    return row[f"{prefix}kind"] or "", row[f"{prefix}claim_id"] or ""


def _revision(row: dict[str, Any], case: Case) -> Revision:
    return Revision(
        revision_key=row["revision_key"],
        computed_at=row["computed_at"],
        cause=row["cause"],
        net=_exact(row["net_minor"], row["currency"] or ""),
        currency=row["currency"],
        winner_influencer_id=row["winner_influencer_id"],
        winner_handle=case.handles.get(row["winner_influencer_id"]),
        reference_version=row["reference_version"],
    )
