"""Snapshot: all that a page shows at one moment, as one value that is made once and shown to everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from pipelines.rules.pacing import Progress
from pipelines.rules.signals import Signal


@dataclass(frozen=True, slots=True)
class Point:
    """What happened in one minute, hour or day, which begins `at`; revenue net, in the reporting currency."""

    at: datetime
    orders: int
    net_revenue: Decimal
    clicks: int
    redemptions: int


@dataclass(frozen=True, slots=True)
class Course:
    """The last 60 minutes, 48 hours and 30 days, oldest first; hours and days of the campaign's time zone."""

    minutes: tuple[Point, ...]
    hours: tuple[Point, ...]
    days: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """A campaign's sums, or those of all orders; of a campaign what the policy pays its influencers by.

    Unattributed is what nobody earned: null for a campaign. `clicks` are all that some link row holds,
    `valid_clicks` those of them that are no bot's. A code is active that was validly redeemed in the last 24 hours.
    """

    orders: int
    provisional_orders: int
    gross_revenue: Decimal
    net_revenue: Decimal
    provisional_net_revenue: Decimal
    clicks: int
    valid_clicks: int
    redemptions: int
    active_codes: int
    unattributed_orders: int | None = None
    unattributed_net_revenue: Decimal | None = None


@dataclass(frozen=True, slots=True)
class InfluencerRow:
    """An influencer in a campaign, or in all, under one model.

    Live: clicks, orders, revenue and what follows of them. As of the last publish, and null before the first:
    `cost` (accrued until the watermark's day, commission included), `commission`, engagement, EMV. Ratios are null
    where their base is 0 or unknown. `pace` is the influencer's own target in words. `course` are the orders
    of the last 30 days, oldest first.
    """

    influencer_id: str
    handle: str
    name: str
    tier: str | None
    platform: str | None
    content_type: str | None
    clicks: int
    valid_clicks: int
    orders: float
    provisional_orders: float
    new_customer_orders: float
    gross_revenue: Decimal
    net_revenue: Decimal
    provisional_net_revenue: Decimal
    cost: Decimal | None
    commission: Decimal | None
    profit: Decimal | None
    roi_pct: float | None
    roas: float | None
    cpa: float | None
    conversion_rate: float | None
    engagements: int | None
    engagement_rate: float | None
    emv: Decimal | None
    pace: str | None
    course: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """What one model credits, what it leaves to nobody, and all orders: the first two add up to the third."""

    credited: Decimal
    unattributed: Decimal
    total: Decimal

    @property
    def adds_up(self) -> bool:
        return self.credited + self.unattributed == self.total


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign, or all of them where `campaign_id` is null; `influencers` by model."""

    campaign_id: str | None
    name: str
    timezone: str
    currency: str  # the campaign's own; all amounts are in the reporting currency
    starts_at: datetime | None
    ends_at: datetime | None
    headline: Headline
    course: Course
    influencers: Mapping[str, tuple[InfluencerRow, ...]]
    pacing: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The last published version and what its checks found; `failed_check_at`: since then a newer build failed."""

    version: int
    published_at: datetime
    as_of: datetime | None
    expectations: int
    failed_check_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stream:
    """Whether somebody feeds the lake: `state` is alive, waiting, dead, ended or none; `sentence` says it in words."""

    state: str
    sentence: str
    beat_at: datetime | None = None
    lag_messages: int | None = None
    lag_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Honesty:
    """How far the numbers can be trusted.

    `as_of` is when the newest message arrived that is counted, `provisional_until` when the last of the orders
    would be settled, null if all are. `rejected` by reason. `unpriced_orders` have no rate into the reporting
    currency and are in no amount. `sums` by model.
    """

    as_of: datetime | None
    watermark: datetime | None
    provisional_until: datetime | None
    rejected: Mapping[str, int]
    unpriced_orders: int
    sums: Mapping[str, Sums]
    published: Published | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a workspace; `campaigns` begin with all of them. `number` grows with every other content.

    `handles` of the influencers that the reference data know.
    """

    number: int
    taken_at: datetime
    workspace: str
    reporting_currency: str
    reporting_digits: int
    campaigns: tuple[CampaignView, ...]
    signals: tuple[Signal, ...]
    honesty: Honesty
    costs_until: date | None = None
    handles: Mapping[str, str] = field(default_factory=dict)
