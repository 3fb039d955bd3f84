"""Answers: what the API gives beside the parts of a snapshot: types that say in JSON what the page says in words."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipelines.live.snapshot import CampaignView, Course, Headline, Honesty, InfluencerRow, Snapshot, Stream
from pipelines.monitor.rows import reckoning, shown_rows
from pipelines.monitor.view import View
from pipelines.monitor.words import from_micros
from pipelines.rules.pacing import Progress
from pipelines.rules.signals import Signal


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer, and what to do."""

    error: str


@dataclass(frozen=True, slots=True)
class ShownSignal:
    """A signal that holds now; by its `key` it is recognised again."""

    key: str
    kind: str
    subject: str
    subject_kind: str
    campaign_id: str | None
    influencer_id: str | None
    severity: str
    since: datetime
    evidence: str
    advice: str


@dataclass(frozen=True, slots=True)
class CampaignSummary:
    """A campaign's sums; the first, without an id, is all of them."""

    campaign_id: str | None
    name: str
    timezone: str
    currency: str
    starts_at: datetime | None
    ends_at: datetime | None
    headline: Headline


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign whole, its influencers under every model."""

    campaign_id: str | None
    name: str
    timezone: str
    currency: str
    starts_at: datetime | None
    ends_at: datetime | None
    headline: Headline
    course: Course
    influencers: dict[str, tuple[InfluencerRow, ...]]
    pacing: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class Influencers:
    """The influencers of a campaign, or of all, under one model; amounts in `currency`.

    `credited` to those of this campaign, filtered out or not, `elsewhere` to others, `unattributed` to nobody:
    they add up to `total`, all orders.
    """

    campaign_id: str | None
    model: str
    currency: str
    rows: tuple[InfluencerRow, ...]
    credited: Decimal | None
    elsewhere: Decimal | None
    unattributed: Decimal | None
    total: Decimal | None
    adds_up: bool | None


@dataclass(frozen=True, slots=True)
class Truth:
    """How far the numbers can be trusted, and whether they move."""

    number: int
    taken_at: datetime
    refreshed_at: datetime
    problem: str | None
    honesty: Honesty
    stream: Stream


@dataclass(frozen=True, slots=True)
class Whole:
    """All that the page shows at one moment."""

    number: int
    taken_at: datetime
    workspace: str
    reporting_currency: str
    reporting_digits: int
    costs_until: date | None
    campaigns: tuple[Campaign, ...]
    signals: tuple[ShownSignal, ...]
    honesty: Honesty
    stream: Stream


def whole(snapshot: Snapshot, stream: Stream) -> Whole:
    return Whole(
        number=snapshot.number,
        taken_at=snapshot.taken_at,
        workspace=snapshot.workspace,
        reporting_currency=snapshot.reporting_currency,
        reporting_digits=snapshot.reporting_digits,
        costs_until=snapshot.costs_until,
        campaigns=tuple(campaign(each) for each in snapshot.campaigns),
        signals=tuple(shown_signal(signal) for signal in snapshot.signals),
        honesty=snapshot.honesty,
        stream=stream,
    )


def campaign(shown: CampaignView) -> Campaign:
    return Campaign(
        campaign_id=shown.campaign_id,
        name=shown.name,
        timezone=shown.timezone,
        currency=shown.currency,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        headline=shown.headline,
        course=shown.course,
        influencers=dict(shown.influencers),
        pacing=shown.pacing,
    )


def summary(shown: CampaignView) -> CampaignSummary:
    return CampaignSummary(
        campaign_id=shown.campaign_id,
        name=shown.name,
        timezone=shown.timezone,
        currency=shown.currency,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        headline=shown.headline,
    )


def influencers(snapshot: Snapshot, shown: CampaignView, view: View) -> Influencers:
    """The rows that the view shows, in its order, and what they are a part of."""
    found = reckoning(snapshot, shown, view.model)
    return Influencers(
        campaign_id=shown.campaign_id,
        model=view.model,
        currency=snapshot.reporting_currency,
        rows=shown_rows(shown, view),
        credited=found.here if found else None,
        elsewhere=found.elsewhere if found else None,
        unattributed=found.sums.unattributed if found else None,
        total=found.sums.total if found else None,
        adds_up=found.adds_up if found else None,
    )


def shown_signal(signal: Signal) -> ShownSignal:
    return ShownSignal(
        key=signal.key,
        kind=str(signal.kind),
        subject=signal.subject,
        subject_kind=str(signal.subject_kind),
        campaign_id=signal.campaign_id,
        influencer_id=signal.influencer_id,
        severity=str(signal.severity),
        since=from_micros(signal.since),
        evidence=signal.evidence,
        advice=signal.advice,
    )
