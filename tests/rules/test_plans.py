"""Plans: when a deliverable is overdue, and when a campaign's money goes faster than its time."""

from datetime import date

import pytest

from pipelines.rules.plans import Budget, OpenDeliverable, burnt_budgets, overdue_deliverables
from pipelines.rules.signals import DAY, Severity

OVERDUE_AT = 20_000 * DAY
REEL = OpenDeliverable("d1", "ana", "spring", "instagram", "reel", date(2024, 10, 3), OVERDUE_AT)


@pytest.mark.parametrize(
    ("now", "is_told"),
    [
        pytest.param(OVERDUE_AT - 1, False, id="its last day still runs"),
        pytest.param(OVERDUE_AT, True, id="its last day is over"),
        pytest.param(OVERDUE_AT + 30 * DAY - 1, True, id="for a month"),
        pytest.param(OVERDUE_AT + 30 * DAY, False, id="then it is history"),
    ],
)
def test_a_deliverable_is_overdue(now, is_told):
    assert [signal.subject for signal in overdue_deliverables([REEL], now)] == ["d1"] * is_told


def test_an_overdue_deliverable_says_what_was_agreed():
    (signal,) = overdue_deliverables([REEL], OVERDUE_AT + 2 * DAY)
    assert signal.evidence == (
        "The reel on instagram was due on 2024-10-03, 3 days ago; at the last publish no post of it was known"
    )
    assert (signal.campaign_id, signal.influencer_id, signal.since) == ("spring", "ana", OVERDUE_AT)
    assert signal.key == overdue_deliverables([REEL], OVERDUE_AT + 3 * DAY)[0].key


def budget(spent, planned=100_000):
    return Budget("spring", planned, spent, starts_at=0, ends_at=100 * DAY)


@pytest.mark.parametrize(
    ("one", "day", "severity"),
    [
        pytest.param(budget(90_000), 74, Severity.LOOK, id="nine tenths before three quarters of the time"),
        pytest.param(budget(89_999), 74, None, id="a cent less"),
        pytest.param(budget(90_000), 75, None, id="three quarters of the time are over"),
        pytest.param(budget(100_000), 10, Severity.LOOK, id="all of it"),
        pytest.param(budget(100_001), 99, Severity.ACT, id="more than planned, however late"),
        pytest.param(budget(100_001), 100, None, id="the campaign is over"),
        pytest.param(budget(100_001), -1, None, id="it has not begun"),
        pytest.param(budget(0), 50, None, id="nothing spent"),
        pytest.param(budget(0, planned=0), 50, None, id="nothing planned"),
        pytest.param(budget(5, planned=0), 50, None, id="no plan to be measured by"),
    ],
)
def test_a_budget_is_burnt(one, day, severity):
    assert [signal.severity for signal in burnt_budgets([one], day * DAY, "EUR")] == ([severity] if severity else [])


def test_a_burnt_budget_says_how_much_and_how_early():
    (signal,) = burnt_budgets([budget(95_000)], 60 * DAY, "EUR")
    assert signal.evidence == (
        "950.00 EUR of 1,000.00 EUR planned is spent (95%), 60% of the campaign's time has passed"
    )
    assert signal.key == burnt_budgets([budget(99_000)], 70 * DAY, "EUR")[0].key
