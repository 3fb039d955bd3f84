"""Suspicion: which valid clicks of an order look like no honest visit, by the other claims beside them."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from pipelines.rules.claims import Claim

BURST_CLICKS = 5
BURST_SPAN = 10_000_000  # microseconds
INJECTION_SPAN = 10_000_000  # microseconds


class Suspicion(StrEnum):
    """Why a click is suspicious."""

    BURST = "burst"
    INJECTED = "injected"


def suspicions(claims: Iterable[Claim], ordered_at: int) -> dict[str, Suspicion]:
    """The suspicious among an order's valid clicks, by claim id.

    `burst`: within ten seconds at least five of them came through one link; all but the first, which may be a visit.
    `injected`: it came in the last ten seconds before the order, too late for anybody to look and pay, and after
    another influencer's valid click or beside another's valid code.
    A function of the set of claims: neither their order nor what is not among them matters.
    """
    valid = [claim for claim in claims if claim.reason is None]
    clicks = sorted((claim for claim in valid if claim.kind == "link"), key=_place)
    found = {claim.claim_id: Suspicion.INJECTED for claim in clicks if _is_injected(claim, valid, ordered_at)}
    by_link: dict[str | None, list[Claim]] = {}
    for click in clicks:
        by_link.setdefault(click.link_id, []).append(click)
    for of_link in by_link.values():
        found |= dict.fromkeys(_bursts(of_link), Suspicion.BURST)
    return found


def _bursts(clicks: Sequence[Claim]) -> set[str]:
    """Of one link's clicks, in order, those of bursts but for each burst's first."""
    found: set[str] = set()
    for place in range(len(clicks) - BURST_CLICKS + 1):
        first, *others = clicks[place : place + BURST_CLICKS]
        if others[-1].occurred_at - first.occurred_at <= BURST_SPAN:
            found.update(click.claim_id for click in others)
    return found


def _is_injected(click: Claim, valid: Iterable[Claim], ordered_at: int) -> bool:
    return ordered_at - click.occurred_at <= INJECTION_SPAN and any(
        other.influencer_id != click.influencer_id and (other.kind == "code" or _place(other) < _place(click))
        for other in valid
    )


def _place(claim: Claim) -> tuple[int, str]:
    return claim.occurred_at, claim.claim_id
