"""Claims: who says to have brought an order, which of them may, and whom the policy pays."""

from collections.abc import Container, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from pipelines.rules.codes import CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.rules.orders import Order, Redemption


class Standing(StrEnum):
    """Why a resolved claim may not win, or how a valid one ended."""

    BOT = "bot"
    SELF_PURCHASE = "self_purchase"
    WON = "won"
    OUTRANKED = "outranked"
    NOT_INVOLVED = "not_involved"


class Click(msgspec.Struct, frozen=True, gc=False):
    """A click of the order's visitor inside the window, that some link row matches: one row, or why there is none."""

    event_id: str
    occurred_at: int
    link: LinkAssignment | None
    reason: str | None
    is_bot: bool


class Claim(msgspec.Struct, frozen=True, gc=False):
    """One influencer's case for one order; without a reason it is valid."""

    kind: str
    claim_id: str
    influencer_id: str | None
    campaign_id: str | None
    code: str | None
    link_id: str | None
    occurred_at: int
    reason: str | None
    credit_policy: str | None = None


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What a policy made of an order's claims."""

    policy: str
    winner: Claim | None
    involved: Container[str]  # influencers with a valid click

    def reason(self, claim: Claim) -> str:
        """Why a claim won or lost, in one slug."""
        if claim.reason is not None:
            return claim.reason
        if claim is self.winner:
            return Standing.WON
        asks_for_click = self.policy == "if_involved" and claim.influencer_id not in self.involved
        if claim.kind == "code" and (self.policy == "if_winner" or asks_for_click):
            return Standing.NOT_INVOLVED
        return Standing.OUTRANKED


def claims_of(
    order: Order,
    redemptions: Iterable[Redemption],
    clicks: Iterable[Click],
    roster: CodeRoster,
    own_customer: Mapping[str, str],
) -> list[Claim]:
    """Every claim on an order in order of time, each with the first reason that voids it.

    `clicks`: those of the order's visitor inside the window. `own_customer`: influencer -> the customer
    id under which they buy themselves.
    """
    buyer = order.customer_id
    claims = [_code_claim(redemption, order, roster) for redemption in redemptions]
    claims += [_click_claim(click) for click in clicks]
    claims.sort(key=_place)
    if buyer is None:
        return claims
    return [_unless_own(claim, buyer, own_customer) for claim in claims]


def verdict_of(claims: Sequence[Claim], default_policy: str) -> Verdict:
    """The winner among the claims under the workspace's policy, or the leading code's own."""
    valid = [claim for claim in claims if claim.reason is None]
    codes = [claim for claim in valid if claim.kind == "code"]
    clicks = [claim for claim in valid if claim.kind == "link"]
    leading = min(codes, key=_rank_of_code) if codes else None
    last_click = max(clicks, key=_rank_of_click) if clicks else None
    involved = {claim.influencer_id for claim in clicks if claim.influencer_id is not None}
    policy = default_policy if leading is None or leading.credit_policy is None else leading.credit_policy
    return Verdict(policy, _winner(policy, leading, last_click, involved), involved)


def journey_of(claims: Iterable[Claim]) -> list[Claim]:
    """The touches among claims in order of time: every valid click, each valid code at its first redemption."""
    touches: list[Claim] = []
    seen: set[str | None] = set()
    for claim in claims:
        if claim.reason is not None:
            continue
        if claim.kind == "code":
            if claim.code in seen:
                continue
            seen.add(claim.code)
        touches.append(claim)
    return touches


def _winner(
    policy: str, leading: Claim | None, last_click: Claim | None, involved: Container[str | None]
) -> Claim | None:
    if policy == "code_wins":
        return leading or last_click
    if policy == "link_wins":
        return last_click or leading
    if policy == "if_involved":
        return leading if leading is not None and leading.influencer_id in involved else last_click
    if policy == "if_winner":
        return last_click
    raise ValueError(f"{policy!r} is no policy: use code_wins, link_wins, if_involved or if_winner")


def _place(claim: Claim) -> tuple[int, str, str]:
    return claim.occurred_at, claim.claim_id, claim.kind


def _rank_of_code(claim: Claim) -> tuple[int, str, str]:
    return claim.occurred_at, claim.code or "", claim.claim_id


def _rank_of_click(claim: Claim) -> tuple[int, str]:
    return claim.occurred_at, claim.claim_id


def _code_claim(redemption: Redemption, order: Order, roster: CodeRoster) -> Claim:
    row, reason = roster.owner(redemption.code, order.ordered_at)
    return Claim(
        kind="code",
        claim_id=redemption.event_id,
        influencer_id=row.influencer_id if row else None,
        campaign_id=row.campaign_id if row else None,
        code=redemption.code,
        link_id=None,
        occurred_at=redemption.occurred_at,
        reason=reason,
        credit_policy=row.credit_policy if row else None,
    )


def _click_claim(click: Click) -> Claim:
    link = click.link
    return Claim(
        kind="link",
        claim_id=click.event_id,
        influencer_id=link.influencer_id if link else None,
        campaign_id=link.campaign_id if link else None,
        code=None,
        link_id=link.link_id if link else None,
        occurred_at=click.occurred_at,
        reason=click.reason or (Standing.BOT if click.is_bot else None),
    )


def _unless_own(claim: Claim, buyer: str, own_customer: Mapping[str, str]) -> Claim:
    if claim.reason is not None or claim.influencer_id is None or own_customer.get(claim.influencer_id) != buyer:
        return claim
    return msgspec.structs.replace(claim, reason=Standing.SELF_PURCHASE)
