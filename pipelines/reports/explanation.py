"""Explanation: one order's attribution as a reader wants it, amounts exact and instants in UTC."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ExplainedClaim:
    """A claim with its reason as a slug and in words; `number` is its place in time, `url` that of a click."""

    number: int
    kind: str
    claim_id: str
    occurred_at: datetime
    influencer_id: str | None
    handle: str | None
    campaign_id: str | None
    code: str | None
    link_id: str | None
    url: str | None
    valid: bool
    reason: str
    because: str


@dataclass(frozen=True, slots=True)
class Share:
    """What one model gives to one claim; amounts exact, those in the reporting currency null without a rate."""

    model: str
    number: int
    influencer_id: str
    handle: str | None
    campaign_id: str
    weight: float
    gross: Decimal
    amount: Decimal
    gross_reporting: Decimal | None
    amount_reporting: Decimal | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of the attribution; without a net, its events made no order."""

    revision_key: int
    computed_at: datetime
    cause: str
    net: Decimal | None
    currency: str | None
    winner_influencer_id: str | None
    winner_handle: str | None
    reference_version: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order as its current revision has it.

    `discount` is null where the order's events no longer tell it; `rate` (one unit of `currency` in
    `reporting_currency`) where no reference data is given that leads to the reporting amounts.
    `is_outdated` says that changed reference data or settings may touch the order, `reference_problem` why
    nothing could be taken from the reference data.
    """

    order_id: str
    ordered_at: datetime
    status: str
    settles_at: datetime
    watermark: datetime | None
    currency: str
    subtotal: Decimal
    discount: Decimal | None
    refunded: Decimal
    net: Decimal
    is_cancelled: bool
    reporting_currency: str
    subtotal_reporting: Decimal | None
    net_reporting: Decimal | None
    rate: Decimal | None
    flags: tuple[str, ...]
    policy: str
    default_policy: str
    winner: ExplainedClaim | None
    claims: tuple[ExplainedClaim, ...]
    credits: tuple[Share, ...]
    revisions: tuple[Revision, ...]
    reference_version: str
    is_outdated: bool
    reference_problem: str | None
