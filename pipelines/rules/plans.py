"""Plans: what was agreed for a campaign and is overdue, and money that goes faster than its time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pipelines.rules.signals import DAY, Kind, Severity, Signal, SubjectKind, counted, money

FORGOTTEN = 30 * DAY  # what a month of reminders did not bring will not come; the marts go on naming it
BURNT = 0.9  # of the money
EARLY = 0.75  # of the time


@dataclass(frozen=True, slots=True)
class OpenDeliverable:
    """A deliverable that is open or missing in the published fct_deliverables.

    `overdue_at` is the end of its last day in the campaign's time zone, in microseconds.
    """

    deliverable_id: str
    influencer_id: str
    campaign_id: str
    platform: str
    content_type: str
    due_on: date
    overdue_at: int


@dataclass(frozen=True, slots=True)
class Budget:
    """A campaign's costs in minor units of the reporting currency, and its time in microseconds.

    Reference data know no budget but the costs themselves, those to come among them. `planned_minor` is all of them
    from the campaign's first day on; `spent_minor` is the part of it whose day has come, a period's cost day by day.
    What was due before the first day is in neither: it was decided, not burnt. Nor is commission, which comes with
    its sales.
    """

    campaign_id: str
    planned_minor: int
    spent_minor: int
    starts_at: int
    ends_at: int


def overdue_deliverables(deliverables: Iterable[OpenDeliverable], now: int) -> list[Signal]:
    """Each deliverable whose last day is over at the watermark `now`, for a month from then."""
    return [_overdue(one, now) for one in deliverables if one.overdue_at <= now < one.overdue_at + FORGOTTEN]


def burnt_budgets(budgets: Iterable[Budget], now: int, currency: str) -> list[Signal]:
    """Each running campaign that spent more than planned, or 90 % of it before 75 % of its time had passed."""
    running = (one for one in budgets if one.starts_at <= now < one.ends_at and one.planned_minor > 0)
    return [_burnt(one, now, currency) for one in running if _is_burnt(one, now)]


def _overdue(one: OpenDeliverable, now: int) -> Signal:
    days = (now - one.overdue_at) // DAY + 1
    return Signal(
        kind=Kind.DELIVERABLE_OVERDUE,
        subject=one.deliverable_id,
        subject_kind=SubjectKind.DELIVERABLE,
        campaign_id=one.campaign_id,
        influencer_id=one.influencer_id,
        severity=Severity.ACT,
        since=one.overdue_at,
        evidence=f"The {one.content_type} on {one.platform} was due on {one.due_on.isoformat()}, "
        f"{counted(days, 'day')} ago; at the last publish no post of it was known",
        advice="Ask the influencer for it, or agree on another day and change it in the deliverables.",
    )


def _is_burnt(one: Budget, now: int) -> bool:
    is_early = (now - one.starts_at) < EARLY * (one.ends_at - one.starts_at)
    return one.spent_minor > one.planned_minor or (one.spent_minor >= BURNT * one.planned_minor and is_early)


def _burnt(one: Budget, now: int, currency: str) -> Signal:
    spent, passed = one.spent_minor / one.planned_minor, (now - one.starts_at) / (one.ends_at - one.starts_at)
    return Signal(
        kind=Kind.BUDGET_BURNT,
        subject=one.campaign_id,
        subject_kind=SubjectKind.CAMPAIGN,
        campaign_id=one.campaign_id,
        influencer_id=None,
        severity=Severity.ACT if one.spent_minor > one.planned_minor else Severity.LOOK,
        since=one.starts_at,
        evidence=f"{money(one.spent_minor, currency)} of {money(one.planned_minor, currency)} planned is spent "
        f"({spent:.0%}), {passed:.0%} of the campaign's time has passed",
        advice="Agree what the rest may cost; if it is agreed already, enter it in the costs.",
    )
