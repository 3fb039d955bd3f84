"""Every reason of the rules has its words."""

from datetime import UTC, datetime

import pytest

from pipelines.reports.reasons import POLICIES, SENTENCES, Case, in_words
from pipelines.rules.claims import Standing
from pipelines.rules.codes import CodeReason
from pipelines.rules.links import LinkReason
from pipelines.rules.suspicion import Suspicion

ALL_REASONS = [*Standing, *CodeReason, *LinkReason, *Suspicion]
AT = datetime(2026, 3, 1, tzinfo=UTC)


def claim(kind: str, reason: str, influencer_id: str | None = "ana", **more) -> dict:
    identity = {"claim_id": f"{kind}-1", "kind": kind, "influencer_id": influencer_id, "campaign_id": "spring"}
    where = {"code": "ana10" if kind == "code" else None, "link_id": "l1" if kind == "link" else None}
    return identity | where | {"occurred_at": AT, "valid": True, "reason": reason} | more


def case(policy: str = "code_wins", winner: dict | None = None, **known) -> Case:
    return Case(ordered_at=AT, policy=policy, winner=winner, handles={"ana": "@ana", "ben": "@ben"}, **known)


def test_every_reason_of_the_rules_has_a_sentence_and_no_other():
    assert set(SENTENCES) == set(ALL_REASONS)


@pytest.mark.parametrize("kind", ["code", "link"])
@pytest.mark.parametrize("reason", ALL_REASONS)
@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_sentence_needs_no_more_than_the_claim(policy, reason, kind):
    sentence = in_words(claim(kind, reason), case(policy))
    assert ": " in sentence
    assert "_" not in sentence.replace(policy, "")


BEN_CODE = claim("code", "won", "ben", claim_id="code-2", code="ben5")
BEN_CLICK = claim("link", "won", "ben", claim_id="link-2")


@pytest.mark.parametrize(
    ("told", "of", "sentence"),
    [
        pytest.param(
            claim("code", "won"), case(), "won: the code decides under code_wins", id="a code under code_wins"
        ),
        pytest.param(
            claim("link", "won"),
            case("if_winner"),
            "won: the last click decides under if_winner",
            id="a click under if_winner",
        ),
        pytest.param(
            claim("code", "won"),
            case("if_involved"),
            "won: the code decides, as @ana has a valid click too (if_involved)",
            id="an involved code",
        ),
        pytest.param(
            claim("link", "outranked"),
            case(winner=BEN_CODE),
            "outranked: the code ben5 of @ben decides under code_wins",
            id="a click loses to a code",
        ),
        pytest.param(
            claim("link", "outranked"),
            case("link_wins", winner=BEN_CLICK),
            "outranked: a later click, of @ben, decides under link_wins",
            id="a click loses to a later one",
        ),
        pytest.param(
            claim("code", "outranked"),
            case("link_wins", winner=BEN_CLICK),
            "outranked: the last click, of @ben, decides under link_wins",
            id="a code loses to a click",
        ),
        pytest.param(
            claim("code", "outranked"),
            case(winner=BEN_CODE),
            "outranked: the code ben5 of @ben comes first, and the first valid code decides",
            id="a code loses to an earlier one",
        ),
        pytest.param(
            claim("code", "outranked", "ben", code="ben5"),
            case(winner=BEN_CODE),
            "outranked: the same code of @ben was there before, and counts once",
            id="a code loses to itself",
        ),
        pytest.param(
            claim("code", "not_involved"),
            case("if_involved", winner=BEN_CLICK),
            "not involved: under if_involved a code needs a valid click of its influencer, and @ana has none",
            id="a code without a click",
        ),
        pytest.param(
            claim("code", "code_compromised"),
            case(
                codes={"ana10": [{"compromised_at": AT, "valid_from": None, "valid_to": None, "influencer_id": "ana"}]}
            ),
            "not valid: the code had leaked on 2026-03-01 00:00 UTC; from then on it earns nothing",
            id="a leaked code with its day",
        ),
        pytest.param(
            claim("code", "code_expired", None),
            case(
                codes={"ana10": [{"compromised_at": None, "valid_from": None, "valid_to": AT, "influencer_id": "ana"}]}
            ),
            "not valid: the code of @ana had expired on 2026-03-01 00:00 UTC",
            id="an expired code with its day",
        ),
        pytest.param(
            claim("link", "bot"),
            case(clicks={"link-1": {"http_method": "GET", "user_agent": "Googlebot/2.1"}}),
            "not valid: a bot made this click (Googlebot/2.1)",
            id="a bot with its name",
        ),
    ],
)
def test_a_sentence_says_who_and_when(told, of, sentence):
    assert in_words(told, of) == sentence
