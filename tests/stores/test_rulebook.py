"""The rulebook: reference data and settings as the rules ask for them, and the version that names both."""

from datetime import UTC, date, datetime

import pytest

from pipelines.rules.codes import CodeReason
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.settings import Settings
from pipelines.stores.rulebook import rulebook

HANDOVER = (datetime(2026, 3, 16, tzinfo=UTC) - EPOCH) // MICROSECOND
LEAKED = (datetime(2026, 3, 20, tzinfo=UTC) - EPOCH) // MICROSECOND


@pytest.fixture
def book(reference_folder):
    return rulebook(reference_folder.load(), Settings())


@pytest.mark.parametrize(
    ("ordered_at", "owner", "reason"),
    [
        pytest.param(HANDOVER - 1, "alex", None, id="the last instant of the first owner"),
        pytest.param(HANDOVER, "brianna", None, id="the first instant of the next"),
        pytest.param(LEAKED, "brianna", CodeReason.COMPROMISED, id="from the leak on"),
    ],
)
def test_codes_with_their_times(book, ordered_at, owner, reason):
    row, found = book.rules.codes.owner("alex20", ordered_at)
    assert (row.influencer_id, found) == (owner, reason)


def test_a_code_s_own_policy(book):
    row, _ = book.rules.codes.owner("alex20", HANDOVER)
    assert row.credit_policy == "link_wins"


def test_links_with_their_times_and_utm(book):
    assert [(link.influencer_id, link.utm, link.valid_from, link.valid_to) for link in book.links] == [
        ("alex", ("ig", "", "spring", "alex", ""), None, HANDOVER),
        ("brianna", ("ig", "", "spring", "alex", ""), HANDOVER, None),
    ]


def test_rates_by_day(book):
    days = [(date(2026, 1, n) - date(1970, 1, 1)).days for n in (1, 2, 9)]
    assert [book.rules.exchange.reporting_minor(100_000, "EUR", day) for day in days] == [108_320, 108_300, 108_300]
    assert book.rules.exchange.reporting_minor(100_000, "EUR", days[0] - 1) is None


def test_only_influencers_who_buy_under_an_id_of_their_own_are_listed(book):
    assert book.rules.own_customer == {"alex": "k-7"}


def test_durations_are_microseconds(reference_folder):
    rules = rulebook(reference_folder.load(), Settings(window_days=0.5, half_life_days=2)).rules
    assert (rules.window, rules.half_life) == (43_200_000_000, 172_800_000_000)


def test_the_version_names_what_decides_and_nothing_else(reference_folder):
    reference = reference_folder.load()
    version = rulebook(reference, Settings()).reference_version
    assert rulebook(reference, Settings(lateness_days=1)).reference_version == version
    assert rulebook(reference, Settings(policy="if_winner")).reference_version != version
    reference_folder.write_rows("codes", reference_folder.rows("codes")[:1])
    assert rulebook(reference_folder.load(), Settings()).reference_version != version
