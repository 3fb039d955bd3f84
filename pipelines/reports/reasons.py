"""Why a claim won or lost, as a sentence for each reason that the rules give."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipelines.rules.claims import Standing
from pipelines.rules.codes import CodeReason
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.links import UTM, LinkAssignment, LinkReason, LinkRoster
from pipelines.rules.suspicion import Suspicion

Row = Mapping[str, Any]

POLICIES = {
    "code_wins": "the first valid code wins; without one, the last click",
    "link_wins": "the last click wins; without one, the first valid code",
    "if_involved": "the first valid code wins if its influencer has a valid click too, otherwise the last click",
    "if_winner": "the last click wins; a code never does",
}


@dataclass(frozen=True, slots=True)
class Case:
    """An order's attribution, and what the reference data and the lake know about its claims; all may be empty.

    `codes` are the rows of each normalised code, `clicks` the landed clicks by event id.
    """

    ordered_at: datetime
    policy: str
    winner: Row | None
    handles: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    links: LinkRoster | None = None
    clicks: Mapping[str, Row] = field(default_factory=dict)

    def name(self, influencer_id: str | None) -> str:
        """The influencer's handle, or the id where no handle is known."""
        return "nobody" if influencer_id is None else self.handles.get(influencer_id, influencer_id)

    def rows_of_code(self, claim: Row) -> Sequence[Row]:
        return self.codes.get(claim["code"] or "", ())

    def link_rows(self, claim: Row) -> list[LinkAssignment]:
        """The link rows that the claim's click matches."""
        click = self.clicks.get(claim["claim_id"])
        if click is None or self.links is None:
            return []
        return self.links.candidates(click["link_id"], tuple(click[f"utm_{name}"] or "" for name in UTM))


def in_words(claim: Row, case: Case) -> str:
    """The claim's verdict with its reason; raises KeyError for a reason without words."""
    return SENTENCES[claim["reason"]](claim, case)


def day(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _won(claim: Row, case: Case) -> str:
    policy, is_code = case.policy, claim["kind"] == "code"
    ways = {
        ("code_wins", True): "the code decides under code_wins",
        ("code_wins", False): "the last click decides, as no valid code was used (code_wins)",
        ("link_wins", True): "the code decides, as there is no valid click (link_wins)",
        ("link_wins", False): "the last click decides under link_wins",
        ("if_involved", True): f"the code decides, as {case.name(claim['influencer_id'])} has a valid click too "
        "(if_involved)",
        ("if_involved", False): "the last click decides, as no valid code leads whose influencer has a click too "
        "(if_involved)",
        ("if_winner", False): "the last click decides under if_winner",
    }
    return f"won: {ways.get((policy, is_code), f'it decides under {policy}')}"


def _outranked(claim: Row, case: Case) -> str:
    winner = case.winner
    if winner is None:
        return f"outranked: another claim decides under {case.policy}"
    whose = case.name(winner["influencer_id"])
    if winner["kind"] == "link":
        which = "a later click" if claim["kind"] == "link" else "the last click"
        return f"outranked: {which}, of {whose}, decides under {case.policy}"
    if claim["kind"] == "link":
        return f"outranked: the code {winner['code']} of {whose} decides under {case.policy}"
    if claim["code"] == winner["code"]:
        return f"outranked: the same code of {whose} was there before, and counts once"
    return f"outranked: the code {winner['code']} of {whose} comes first, and the first valid code decides"


def _not_involved(claim: Row, case: Case) -> str:
    if case.policy == "if_winner":
        return "not involved: under if_winner a code never wins, the last click does"
    whose = case.name(claim["influencer_id"])
    return f"not involved: under {case.policy} a code needs a valid click of its influencer, and {whose} has none"


def _unknown_code(_claim: Row, _case: Case) -> str:
    return "not valid: the reference data knows no such code"


def _code_not_started(claim: Row, case: Case) -> str:
    starts = [row["valid_from"] for row in case.rows_of_code(claim) if row["valid_from"] is not None]
    if starts and case.ordered_at < min(starts):
        return f"not valid: the code was not in force yet, it began on {day(min(starts))}"
    return "not valid: the code was not in force yet when the order was placed"


def _code_expired(claim: Row, case: Case) -> str:
    over = [row for row in case.rows_of_code(claim) if row["valid_to"] and row["valid_to"] <= case.ordered_at]
    if not over:
        return "not valid: the code had expired when the order was placed"
    last = max(over, key=lambda row: row["valid_to"])
    return f"not valid: the code of {case.name(last['influencer_id'])} had expired on {day(last['valid_to'])}"


def _code_compromised(claim: Row, case: Case) -> str:
    leaks = [row["compromised_at"] for row in case.rows_of_code(claim) if row["compromised_at"]]
    since = [leak for leak in leaks if leak <= case.ordered_at]
    on = f" on {day(max(since))}" if since else ""
    return f"not valid: the code had leaked{on}; from then on it earns nothing"


def _ambiguous_link(claim: Row, case: Case) -> str:
    at = (claim["occurred_at"] - EPOCH) // MICROSECOND
    several = [f"{row.link_id} of {case.name(row.influencer_id)}" for row in case.link_rows(claim) if row.holds(at)]
    which = f" ({', '.join(several)})" if len(several) > 1 else ""
    return f"not valid: several links match this click equally well{which}, and none is guessed"


def _link_not_valid(claim: Row, case: Case) -> str:
    rows = case.link_rows(claim)
    if len(rows) != 1:
        return "not valid: the link was not in force at the time of the click"
    link, at = rows[0], (claim["occurred_at"] - EPOCH) // MICROSECOND
    whose = f"the link {link.link_id} of {case.name(link.influencer_id)}"
    if link.valid_from is not None and at < link.valid_from:
        return f"not valid: {whose} was not in force yet, it began on {day(EPOCH + link.valid_from * MICROSECOND)}"
    if link.valid_to is not None and link.valid_to <= at:
        return f"not valid: {whose} had ended on {day(EPOCH + link.valid_to * MICROSECOND)}"
    return f"not valid: {whose} was not in force at the time of the click"


def _bot(claim: Row, case: Case) -> str:
    click = case.clicks.get(claim["claim_id"])
    if click is None:
        return "not valid: a bot made this click"
    if click["http_method"] == "HEAD":
        return "not valid: a bot made this click (it asked for the page's head only)"
    agent = click["user_agent"] or "no agent"
    return f"not valid: a bot made this click ({agent if len(agent) <= 60 else agent[:59] + '…'})"


def _self_purchase(claim: Row, case: Case) -> str:
    return f"not valid: the buyer is {case.name(claim['influencer_id'])}; nobody earns on an own order"


def _burst(_claim: Row, _case: Case) -> str:
    return "not valid: it is one of five clicks or more on this link within ten seconds; the first of them counts"


def _injected(_claim: Row, _case: Case) -> str:
    return "not valid: it came seconds before the order, which another influencer had brought by then"


SENTENCES: dict[str, Callable[[Row, Case], str]] = {
    Standing.WON: _won,
    Standing.OUTRANKED: _outranked,
    Standing.NOT_INVOLVED: _not_involved,
    Standing.BOT: _bot,
    Standing.SELF_PURCHASE: _self_purchase,
    Suspicion.BURST: _burst,
    Suspicion.INJECTED: _injected,
    CodeReason.UNKNOWN: _unknown_code,
    CodeReason.NOT_STARTED: _code_not_started,
    CodeReason.EXPIRED: _code_expired,
    CodeReason.COMPROMISED: _code_compromised,
    LinkReason.AMBIGUOUS: _ambiguous_link,
    LinkReason.NOT_VALID: _link_not_valid,
}
