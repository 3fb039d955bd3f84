"""A hand-made explanation: two touches, of which the code won."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pipelines.reports.explanation import ExplainedClaim, Explanation, Revision, Share
from pipelines.rules.models import MODELS

AT = datetime(2026, 3, 19, 9, tzinfo=UTC)
NET = Decimal("80.01")


def claim(number: int, kind: str, who: str, reason: str, **named: str) -> ExplainedClaim:
    return ExplainedClaim(
        number=number,
        kind=kind,
        claim_id=f"c-{number}",
        occurred_at=AT - timedelta(hours=2 - number),
        influencer_id=f"inf-{who}",
        handle=who,
        campaign_id="spring",
        code=named.get("code"),
        link_id=named.get("link"),
        url=None,
        valid=True,
        reason=reason,
        because=f"{reason}: because it is so",
    )


def share(model: str, number: int, who: str, amount: Decimal) -> Share:
    return Share(
        model, number, f"inf-{who}", who, "spring", float(amount / NET), amount, amount, amount * 2, amount * 2
    )


def explanation(code: str = "emma20") -> Explanation:
    first = claim(1, "link", "jonas", "outranked", link="lnk-1")
    won = claim(2, "code", "emma", "won", code=code)
    halves = (Decimal("40.01"), Decimal("40.00"))
    given = [share("policy", 2, "emma", NET)]
    given += [
        share(model, number, who, half)
        for model in MODELS[1:]
        for number, who, half in zip((1, 2), ("jonas", "emma"), halves, strict=True)
    ]
    return Explanation(
        order_id="o-00001",
        ordered_at=AT,
        status="provisional",
        settles_at=AT + timedelta(days=7),
        watermark=AT,
        currency="EUR",
        subtotal=Decimal("90.01"),
        discount=Decimal("10.00"),
        refunded=Decimal("0.00"),
        net=NET,
        is_cancelled=False,
        reporting_currency="USD",
        subtotal_reporting=Decimal("180.02"),
        net_reporting=NET * 2,
        rate=Decimal(2),
        flags=("over_refunded",),
        policy="code_wins",
        default_policy="link_wins",
        winner=won,
        claims=(first, won),
        credits=tuple(given),
        revisions=(Revision(1, AT, "event", NET, "EUR", "inf-emma", "emma", "v1"),),
        reference_version="v1",
        is_outdated=True,
        reference_problem=None,
    )
