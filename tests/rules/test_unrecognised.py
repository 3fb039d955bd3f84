"""Unrecognised: unknown codes with the one that was meant, and links whose clicks are nobody's."""

import pytest

from pipelines.rules.signals import DAY, Kind, Severity, SubjectKind
from pipelines.rules.spelling import Speller
from pipelines.rules.unrecognised import MOST_NAMED, KnownCode, UnknownCode, UnresolvedLink, unknown_codes
from pipelines.rules.unrecognised import unresolved_links as unresolved

TODAY = 20_000 * DAY
SPELLER = Speller(
    {
        "alex20": KnownCode("ALEX20", "alex", "spring"),
        "ben10": KnownCode("BEN10"),
        "lena5": KnownCode("Lena5\x1b[31m", "lena", "spring"),
    }
)


def typed(code="alex2o", uses=14, stake=None, at=TODAY + 5):
    return UnknownCode(code, uses, at, stake)


def told(*codes, currency="EUR"):
    return unknown_codes(codes, SPELLER, currency)


@pytest.mark.parametrize(
    ("one", "currency", "evidence"),
    [
        pytest.param(
            typed(),
            "EUR",
            '"alex2o" was typed 14 times in the last 24 hours: did you mean ALEX20?',
            id="near a known one",
        ),
        pytest.param(
            typed(stake=123_450),
            "EUR",
            '"alex2o" was typed 14 times in the last 24 hours, in orders of 1,234.50 EUR that nobody earned: '
            "did you mean ALEX20?",
            id="with the money",
        ),
        pytest.param(
            typed("welcome", stake=1200),
            "JPY",
            '"welcome" was typed 14 times in the last 24 hours, in orders of 1,200 JPY that nobody earned; '
            "no known code is near it",
            id="near none, in a currency without minor units",
        ),
        pytest.param(
            typed("a\n\u202eb" + "x" * 200, 3),
            "EUR",
            '"a\\n\\u202eb' + "x" * 56 + '…" was typed 3 times in the last 24 hours; no known code is near it',
            id="what a stranger typed stays on its line",
        ),
        pytest.param(
            typed("lema5", 3),
            "EUR",
            '"lema5" was typed 3 times in the last 24 hours: did you mean Lena5\\x1b[31m?',
            id="and so does what the reference data say",
        ),
    ],
)
def test_an_unknown_code_says_its_number_its_money_and_what_was_meant(one, currency, evidence):
    (signal,) = told(one, currency=currency)
    assert signal.evidence == evidence


@pytest.mark.parametrize(
    ("one", "whose", "severity"),
    [
        pytest.param(typed(), ("alex", "spring"), Severity.ACT, id="somebody's"),
        pytest.param(typed("bem10"), (None, None), Severity.ACT, id="of one that changed hands"),
        pytest.param(typed("welcome"), (None, None), Severity.LOOK, id="of none"),
        pytest.param(typed("welcome", stake=1), (None, None), Severity.ACT, id="of none, with money"),
    ],
)
def test_whose_it_may_be_and_what_it_wants(one, whose, severity):
    (signal,) = told(one)
    assert ((signal.influencer_id, signal.campaign_id), signal.severity) == (whose, severity)
    assert (signal.kind, signal.subject, signal.subject_kind) == (Kind.UNKNOWN_CODE, one.code, SubjectKind.CODE)


def test_one_or_two_slips_are_not_told():
    assert told(typed(uses=2)) == []


def test_a_code_is_told_anew_on_a_day_that_has_it_again():
    keys = [told(typed(at=at))[0].key for at in (TODAY, TODAY + DAY - 1, TODAY + DAY)]
    assert keys[0] == keys[1] != keys[2]


def test_who_tries_codes_by_the_hundred_is_one_signal_more():
    signals = told(*(typed(f"try{number:04}", 3 + number) for number in range(MOST_NAMED + 20)))
    assert len(signals) == MOST_NAMED + 1
    assert signals[0].subject == f"try{MOST_NAMED + 19:04}"  # the most typed
    uses = sum(3 + number for number in range(20))
    assert signals[-1].evidence == f"20 other unknown codes typed {uses} times in the last 24 hours"


def link(named="summer", named_by=SubjectKind.LINK, reason="no_link", clicks=58):
    return UnresolvedLink(named, named_by, reason, clicks, TODAY + 5)


@pytest.mark.parametrize(
    ("one", "evidence"),
    [
        pytest.param(
            link(),
            '58 clicks in the last 24 hours named the link id "summer", which no row of the links matches',
            id="a link id of no row",
        ),
        pytest.param(
            link("source=ig campaign=spring", SubjectKind.UTM, "ambiguous_link"),
            '58 clicks in the last 24 hours named the parameters "source=ig campaign=spring", which several rows of '
            "the links match",
            id="parameters of several rows",
        ),
        pytest.param(
            link("summer", SubjectKind.LINK, "link_not_valid"),
            '58 clicks in the last 24 hours named the link id "summer", whose row of the links did not hold at that '
            "time",
            id="a link that had ended",
        ),
    ],
)
def test_an_unresolved_link_says_what_it_named_and_why_that_is_nobody(one, evidence):
    (signal,) = unresolved([one])
    assert (signal.evidence, signal.kind, signal.subject_kind) == (evidence, Kind.UNRESOLVED_LINK, one.named_by)


def test_a_few_clicks_are_not_told():
    assert unresolved([link(clicks=9)]) == []
    assert len(unresolved([link(clicks=10)])) == 1


def test_links_made_up_by_the_hundred_are_one_signal_more():
    signals = unresolved([link(f"l{number:04}", clicks=10 + number) for number in range(MOST_NAMED + 3)])
    assert [signal.subject for signal in signals[-2:]] == ["l0003", "other links"]
    assert signals[-1].evidence == "3 other links that are nobody's got 33 clicks in the last 24 hours"
