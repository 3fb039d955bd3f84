"""An order's attribution: its claims with a verdict each, and every model's exact split of its money."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pipelines.rules.claims import Claim, Click, Verdict, claims_of, journey_of, verdict_of
from pipelines.rules.codes import CodeRoster
from pipelines.rules.models import PATH_TRANSFORMS, path_parts
from pipelines.rules.money import LARGEST_MINOR, Exchange
from pipelines.rules.orders import Order, Redemption, redemptions_of
from pipelines.rules.shares import split
from pipelines.rules.suspicion import Suspicion, suspicions

DAY = 86_400_000_000  # microseconds
SUSPICIOUS_CLICK = "suspicious_click"  # the flag of an order that such a click won


class Credit(msgspec.Struct, frozen=True, gc=False):
    """A share of one order's money given to one touch by one model; amounts in minor units, None without a rate."""

    model: str
    touch: Claim
    weight: float
    gross_minor: int
    amount_minor: int
    gross_reporting_minor: int | None
    amount_reporting_minor: int | None


class Attribution(msgspec.Struct, frozen=True, gc=False):
    """Everything that the rules say of an order as of one set of events."""

    order: Order
    subtotal_reporting_minor: int | None
    net_reporting_minor: int | None
    claims: list[Claim]
    verdict: Verdict
    credits: list[Credit]


class Rules(msgspec.Struct, frozen=True):
    """The reference data and settings that decide, ready to be asked; durations in microseconds."""

    codes: CodeRoster
    exchange: Exchange
    own_customer: Mapping[str, str]
    policy: str
    window: int
    half_life: int
    path_transform: str
    suspicious_clicks: str = "count"

    def attribute(self, order: Order, sent: Iterable[Redemption], clicks: Iterable[Click]) -> Attribution:
        """The order's attribution; `sent` are its messages on `redemptions`, `clicks` its visitor's in the window."""
        claims = claims_of(order, redemptions_of(order, sent), clicks, self.codes, self.own_customer)
        suspected = {} if self.suspicious_clicks == "count" else suspicions(claims, order.ordered_at)
        if self.suspicious_clicks == "exclude":
            claims = [_unless_suspected(claim, suspected) for claim in claims]
        verdict = verdict_of(claims, self.policy)
        if self.suspicious_clicks == "flag" and _is_suspected(verdict.winner, suspected):
            order = msgspec.structs.replace(order, flags=(*order.flags, SUSPICIOUS_CLICK))
        day = order.ordered_at // DAY
        gross = self.reporting_minor(order.subtotal_minor, order.currency, day)
        net = self.reporting_minor(order.net_minor, order.currency, day)
        money = (order.subtotal_minor, order.net_minor, gross, net)
        return Attribution(
            order=order,
            subtotal_reporting_minor=gross,
            net_reporting_minor=net,
            claims=claims,
            verdict=verdict,
            credits=self._credits(order, claims, verdict, money) if claims else [],
        )

    def reporting_minor(self, minor: int, currency: str, day: int) -> int | None:
        """An amount of a day (since 1970-01-01) in the reporting currency; None without a rate.

        An amount beyond 64 bits cannot be stored: it counts as one without a rate.
        """
        reporting = self.exchange.reporting_minor(minor, currency, day)
        return None if reporting is None or reporting > LARGEST_MINOR else reporting

    def _credits(
        self, order: Order, claims: list[Claim], verdict: Verdict, money: tuple[int, int, int | None, int | None]
    ) -> list[Credit]:
        given = [] if verdict.winner is None else [Credit("policy", verdict.winner, 1.0, *money)]
        journey = journey_of(claims)
        owners = [touch.influencer_id or "" for touch in journey]
        touches = [journey[place] for place in PATH_TRANSFORMS[self.path_transform](owners)]
        ages = [max(0, order.ordered_at - touch.occurred_at) for touch in touches]
        if len(touches) == 1:
            return given + [Credit(model, touches[0], 1.0, *money) for model, _ in path_parts(ages, self.half_life)]
        shared: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}  # models often agree, on two touches or equal ages
        for model, parts in path_parts(ages, self.half_life) if touches else ():
            if parts not in shared:
                shared[parts] = _shares(parts, money)
            given += [Credit(model, touch, *share) for touch, share in zip(touches, shared[parts], strict=True)]
        return given


def _unless_suspected(claim: Claim, suspected: Mapping[str, Suspicion]) -> Claim:
    if not _is_suspected(claim, suspected):
        return claim
    return msgspec.structs.replace(claim, reason=suspected[claim.claim_id])


def _is_suspected(claim: Claim | None, suspected: Mapping[str, Suspicion]) -> bool:
    """A code's claim may bear a click's id: ids are one by kind."""
    return claim is not None and claim.kind == "link" and claim.reason is None and claim.claim_id in suspected


def _shares(parts: tuple[int, ...], money: tuple[int | None, ...]) -> list[tuple[Any, ...]]:
    """Each part's weight and its share of every amount, the same amount split once."""
    whole = sum(parts)
    if whole in parts:  # one touch has it all
        nothing = (0.0, *[None if amount is None else 0 for amount in money])
        return [(1.0, *money) if part else nothing for part in parts]
    splits: dict[int | None, Sequence[int | None]] = {None: (None,) * len(parts)}
    for amount in money:
        if amount is not None and amount not in splits:
            splits[amount] = split(amount, parts)
    return list(zip([part / whole for part in parts], *[splits[amount] for amount in money], strict=True))
