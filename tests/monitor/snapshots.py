"""Hand-made snapshots: a small world in the middle of a campaign, and what is under watch in it."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.live.snapshot import (
    CampaignView,
    Course,
    Headline,
    Honesty,
    InfluencerRow,
    Point,
    Published,
    Snapshot,
    Stream,
    Sums,
)
from pipelines.live.watched import OrderQuery, OrderRow, Orders
from pipelines.rules.models import MODELS
from pipelines.rules.pacing import Target, progress
from pipelines.rules.signals import Kind, Severity, Signal, SubjectKind

NOW = datetime(2026, 3, 20, 13, 37, 5, tzinfo=UTC)
ZONE = "Europe/Berlin"
MICROS = 1_000_000
HANDLES = (
    ("emma.bakes", "Emma Brandt", "micro", "instagram", "reel"),
    ("fitwithjonas", "Jonas Keller", "mid", "tiktok", "video"),
    ("leni_travels", "Leni Vogt", "macro", "youtube", "video"),
    ("studio.noor", "Noor Haddad", "nano", "instagram", "story"),
    ("thegreenfork", "Sam Otieno", "micro", "tiktok", "video"),
    ("marathon_mia", "Mia Lindqvist", "mid", "instagram", "post"),
    ("pixelpaul", "Paul Weber", "mega", "twitch", "stream"),
    ("silent.sophie", "Sophie Roth", "nano", "instagram", None),
)


def cents(number: int) -> Decimal:
    return Decimal(number).scaleb(-2)


def points(count: int, step: timedelta, end: datetime, scale: int) -> tuple[Point, ...]:
    made = []
    for n in range(count):
        orders = max(0, (n * 7919 % 11) * scale // 6 + (n * n) % 3 - 1)
        at = end - step * (count - 1 - n)
        made.append(Point(at, orders, cents(orders * 4_735), orders * 17 + n % 5, orders + n % 2))
    return tuple(made)


def course() -> Course:
    there = NOW.astimezone(ZoneInfo(ZONE))
    midnight = there.replace(hour=0, minute=0, second=0)
    hour = NOW.replace(minute=0, second=0)
    minute = NOW.replace(second=0)
    days = tuple(
        replace(p, at=(midnight - timedelta(days=29 - n)).astimezone(UTC))
        for n, p in enumerate(points(30, timedelta(days=1), NOW, 40))
    )
    return Course(points(60, timedelta(minutes=1), minute, 2), points(48, timedelta(hours=1), hour, 8), days)


def influencer(number: int, **changes: object) -> InfluencerRow:
    handle, name, tier, platform, content = HANDLES[number % len(HANDLES)]
    is_silent = handle.startswith("silent")
    orders = 0 if is_silent else 120 - 13 * number
    revenue = cents(orders * 5_417)
    cost = cents(180_000 + 23_500 * number)
    row = InfluencerRow(
        influencer_id=f"inf-{number:03}",
        handle=handle,
        name=name,
        tier=tier,
        platform=platform,
        content_type=content,
        clicks=orders * 31 + 20,
        valid_clicks=orders * 29,
        orders=float(orders),
        provisional_orders=float(orders // 4),
        new_customer_orders=float(orders // 2),
        gross_revenue=revenue + cents(orders * 300),
        net_revenue=revenue,
        provisional_net_revenue=cents(orders // 4 * 5_417),
        cost=cost,
        commission=cents(orders * 400),
        profit=revenue - cost,
        roi_pct=float((revenue - cost) / cost * 100),
        roas=float(revenue / cost),
        cpa=float(cost / orders) if orders else None,
        conversion_rate=1 / 29 if orders else None,
        engagements=None if is_silent else 5_200 + 917 * number,
        engagement_rate=None if is_silent else 0.031 + number / 500,
        emv=None if is_silent else cents(410_000 + 77_700 * number),
        pace=None if number % 3 else "Behind: 61 of 100 orders, where 74 were expected by now.",
        course=tuple(float((n * (number + 3)) % 7 if not is_silent else 0) for n in range(30)),
    )
    return replace(row, **changes)


def signals() -> tuple[Signal, ...]:
    since = int((NOW - timedelta(minutes=37)).timestamp()) * MICROS
    return (
        Signal(Kind.LEAKED_CODE, "EMMA20", SubjectKind.CODE, "spring", "inf-000", Severity.ACT, since,
               "61 of 64 redemptions of the last 24 hours came without a click of emma.bakes; one in five is usual.",
               "Ask emma.bakes where the code was posted; set compromised_at in codes.csv if it was not by her."),
        Signal(Kind.UNKNOWN_CODE, "ALEX2O", SubjectKind.CODE, None, None, Severity.ACT, since,
               '"ALEX2O" was typed 14 times in the last hour and is no code. It looks like "ALEX20".',
               "Add the spelling to codes.csv with its owner, or correct the caption."),
        Signal(Kind.SPIKE, "JONAS15", SubjectKind.CODE, "spring", "inf-001", Severity.LOOK, since,
               "23 redemptions in this hour; at this hour of the week 4 are usual (robust z 6.1).",
               "Look at what was posted, and whether the stock lasts."),
    )  # fmt: skip


def targets() -> tuple:
    by_day = {date(2026, 3, day): Decimal(9 + day * 5 % 7) for day in range(1, 21)}
    one = Target("spring", None, "orders", Decimal(320), date(2026, 3, 1), date(2026, 3, 31))
    two = Target("spring", None, "revenue", Decimal(60_000), date(2026, 3, 1), date(2026, 3, 31))
    three = Target("spring", "inf-000", "orders", Decimal(600), date(2026, 3, 1), date(2026, 3, 31))
    four = Target("spring", None, "clicks", Decimal(900), date(2026, 4, 1), date(2026, 4, 30))
    money = {day: amount * Decimal("259.13") for day, amount in by_day.items()}
    return tuple(
        progress(target, days, NOW, ZONE, "USD", 2)
        for target, days in ((one, by_day), (two, money), (three, by_day), (four, by_day))
    )


def under(model: str, rows: tuple[InfluencerRow, ...]) -> tuple[InfluencerRow, ...]:
    """The same money, moved from the second to the first by as many cents as the model has in order."""
    moved = cents(12_345) * MODELS.index(model)
    first, second, *others = rows
    part = MODELS.index(model) / 4
    return (
        replace(first, net_revenue=first.net_revenue + moved, orders=first.orders + part),
        replace(second, net_revenue=second.net_revenue - moved, orders=second.orders - part),
        *others,
    )


def campaign(campaign_id: str | None, name: str, count: int, **changes: object) -> CampaignView:
    rows = tuple(influencer(number) for number in range(count))
    revenue = sum((row.net_revenue for row in rows), Decimal(0))
    orders = int(sum(row.orders for row in rows))
    lost = campaign_id is None
    head = Headline(
        orders=orders + (93 if lost else 0),
        provisional_orders=orders // 4,
        gross_revenue=revenue + cents(99_000),
        net_revenue=revenue + (cents(451_233) if lost else 0),
        provisional_net_revenue=cents(int(revenue) * 25),
        clicks=sum(row.clicks for row in rows),
        valid_clicks=sum(row.valid_clicks for row in rows),
        redemptions=orders // 2,
        active_codes=11,
        unattributed_orders=93 if lost else None,
        unattributed_net_revenue=cents(451_233) if lost else None,
    )
    made = CampaignView(
        campaign_id=campaign_id,
        name=name,
        timezone="UTC" if lost else ZONE,
        currency="USD" if lost else "EUR",
        starts_at=None if lost else datetime(2026, 2, 28, 23, tzinfo=UTC),
        ends_at=None if lost else datetime(2026, 3, 31, 22, tzinfo=UTC),
        headline=head,
        course=course(),
        influencers={model: under(model, rows) for model in MODELS} if count > 1 else dict.fromkeys(MODELS, rows),
        pacing=targets() if campaign_id in (None, "spring") else (),
    )
    return replace(made, **changes)


def snapshot(number: int = 1, **changes: object) -> Snapshot:
    every = campaign(None, "All campaigns", 8)
    credited = sum((row.net_revenue for row in every.influencers["policy"]), Decimal(0))
    lost = cents(451_233)
    made = Snapshot(
        number=number,
        taken_at=NOW,
        workspace="demo",
        reporting_currency="USD",
        reporting_digits=2,
        campaigns=(every, campaign("spring", "Spring Glow", 5), campaign("run", "Run for it", 2)),
        signals=signals(),
        honesty=Honesty(
            as_of=NOW - timedelta(seconds=2),
            watermark=NOW - timedelta(minutes=5),
            provisional_until=NOW + timedelta(days=7),
            rejected={"bad_json": 12, "missing_field": 41, "unknown_currency": 3},
            unpriced_orders=2,
            sums={model: Sums(credited, lost, credited + lost) for model in MODELS},
            published=Published(3, NOW - timedelta(hours=6), NOW - timedelta(hours=6, minutes=4), 412, None),
        ),
        costs_until=date(2026, 3, 20),
    )
    return replace(made, **changes)


def empty_snapshot() -> Snapshot:
    nothing = Headline(0, 0, Decimal(0), Decimal(0), Decimal(0), 0, 0, 0, 0, 0, Decimal(0))
    every = campaign(None, "All campaigns", 0, headline=nothing, course=Course((), (), ()), pacing=())
    honesty = Honesty(None, None, None, {}, 0, {}, None)
    return snapshot(campaigns=(every,), signals=(), honesty=honesty, costs_until=None)


def with_row(**changes: object) -> Snapshot:
    """A snapshot whose first influencer of the campaign spring has other fields."""
    made = snapshot()
    every, spring, run = made.campaigns
    first, *others = spring.influencers["policy"]
    rows = {**spring.influencers, "policy": (replace(first, **changes), *others)}
    return replace(made, campaigns=(every, replace(spring, influencers=rows), run))


ALIVE = Stream("alive", "The stream is fed: last sign of life 1 second ago.", NOW, 0, 0.4)
DEAD = Stream("dead", "Nobody feeds the lake: the last sign of life was 40 seconds ago.", NOW - timedelta(seconds=40))


@dataclass
class HandWatched:
    """What a test says there is to be seen; `show` is a refresh that found something."""

    snapshot: Snapshot = field(default_factory=snapshot)
    refreshed_at: datetime = NOW
    problem: str | None = None
    state: Stream = ALIVE
    order_count: int = 250
    queries: list[OrderQuery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._moved = asyncio.Condition()

    def stream(self, now: datetime) -> Stream:
        return self.state

    async def changed(self, after: int) -> Snapshot:
        async with self._moved:
            await self._moved.wait_for(lambda: self.snapshot.number != after)
        return self.snapshot

    async def show(self, newer: Snapshot) -> None:
        async with self._moved:
            self.snapshot = newer
            self._moved.notify_all()

    def orders(self, query: OrderQuery) -> Orders:
        self.queries.append(query)
        there = range(query.offset, min(self.order_count, query.offset + query.limit))
        return Orders(self.order_count, tuple(order(number) for number in there))


def order(number: int) -> OrderRow:
    net = cents(1_000 + number * 37)
    return OrderRow(
        order_id=f"o-{number:05}",
        ordered_at=NOW - timedelta(minutes=number),
        status="provisional" if number < 60 else "settled",
        currency="EUR",
        net=net,
        net_reporting=None if number == 7 else net * 2,
        credited=None if number == 7 else net * 2,
        winner=HANDLES[number % 7][0],
    )
