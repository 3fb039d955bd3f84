"""What influencers are owed, reckoned slowly and plainly: the commission ledger must say the same to the minor unit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pipelines.rules.money import minor_digits
from pipelines.rules.orders import OrderEvent, order_state

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TAKING_BACK = ("amendment", "refund", "cancellation")
Row = Mapping[str, Any]


class Entry(NamedTuple):
    """An entry of the ledger; amounts in minor units of the plan's and of the reporting currency."""

    order_id: str | None
    influencer_id: str
    campaign_id: str
    plan_id: str
    month: date
    cause: str
    entered_at: datetime
    amount: int | None
    commission: int | None
    state: str
    is_clawback: bool


class Line(NamedTuple):
    """An order that somebody won, or would have won if the claim were not void."""

    order_id: str
    influencer_id: str
    campaign_id: str
    code: str | None
    is_void: bool


@dataclass(frozen=True)
class Books:
    """Everything that decides what is owed; reference rows as the tables have them."""

    events: Mapping[str, Sequence[OrderEvent]]
    winners: Mapping[str, tuple[str, str]]  # order → kind and id of the claim
    claims: Mapping[str, Sequence[Row]]
    plans: Sequence[Row]
    campaigns: Sequence[Row]
    codes: Sequence[Row]
    rates: Sequence[Row]
    reporting_currency: str
    lateness_days: int
    watermark: datetime | None

    def ledger(self) -> list[Entry]:
        months: defaultdict[tuple[str, str, str, date], list[tuple[datetime, Line]]] = defaultdict(list)
        for order_id in self.claims:
            for line in self._lines(order_id):
                plan = self._plan_of(line)
                if plan is not None:
                    ordered_at = self._ordered_at(order_id)
                    month = ordered_at.astimezone(self._zone(line.campaign_id)).date().replace(day=1)
                    months[line.influencer_id, line.campaign_id, plan, month].append((ordered_at, line))
        return [entry for key, lines in months.items() for entry in self._month(key, sorted(lines))]

    def _lines(self, order_id: str) -> list[Line]:
        claims = self.claims[order_id]
        won = next((c for c in claims if (c["kind"], c["claim_id"]) == self.winners.get(order_id)), None)
        void = [claim for claim in claims if claim["reason"] in ("code_compromised", "self_purchase")]
        codes = sorted(
            (claim for claim in void if claim["kind"] == "code"),
            key=lambda claim: (claim["occurred_at"], claim["code"], claim["claim_id"]),
        )
        clicks = sorted(
            (claim for claim in void if claim["kind"] == "link"),
            key=lambda claim: (claim["occurred_at"], claim["claim_id"]),
        )
        leading = None
        if won is None or won["kind"] == "link":
            leading = codes[0] if codes else clicks[-1] if clicks and won is None else None
        lines = [self._line(order_id, won, False)] if won else []
        if leading and (won is None or _owner(leading) != _owner(won)):
            lines.append(self._line(order_id, leading, True))
        return lines

    def _line(self, order_id: str, claim: Row, is_void: bool) -> Line:
        return Line(order_id, *_owner(claim), claim["code"], is_void)

    def _plan_of(self, line: Line) -> str | None:
        at = self._ordered_at(line.order_id)
        for row in self.codes:
            starts, ends = row["valid_from"] or EPOCH, row["valid_to"] or datetime.max.replace(tzinfo=UTC)
            if row["normalised_code"] == line.code and starts <= at < ends and row["commission_plan_id"]:
                return str(row["commission_plan_id"])
        return self._campaign(line.campaign_id)["commission_plan_id"]

    def _month(self, key: tuple[str, str, str, date], lines: list[tuple[datetime, Line]]) -> list[Entry]:
        campaign, plan, month = key[1], Plan.of(key[2], self.plans), key[3]
        currency = plan.currency or self._campaign(campaign)["currency"]
        lock = timedelta(days=self.lateness_days if plan.lock_days is None else plan.lock_days)
        following = (month + timedelta(days=31)).replace(day=1)
        ends = datetime(following.year, following.month, 1, tzinfo=self._zone(campaign)).astimezone(UTC)
        entries: list[Entry] = []
        below, owed, owed_reporting, locks = 0, 0, [], []
        for ordered_at, line in lines:
            worths = self._worths(line, plan, currency, below, ordered_at)
            entries += _entries_of(line, key, worths, ordered_at + lock, self._state(ordered_at + lock, ends))
            if not line.is_void:
                _, _, base, worth, reporting = worths[-1]
                below, owed = below + (base or 0), owed + (worth or 0)
                owed_reporting.append(reporting)
                locks += [ordered_at + lock] if worth else []
        cap = plan.minor(plan.cap, currency)
        if cap is not None and owed > cap:
            part = None if None in owed_reporting else -round(Fraction(sum(owed_reporting) * (owed - cap), owed))
            last = max(ordered_at for ordered_at, line in lines if not line.is_void)
            place = (None, key[0], key[1], key[2], month, "cap", last)
            entries.append(Entry(*place, cap - owed, part, self._state(min(locks), ends), False))
        return entries

    def _worths(
        self, line: Line, plan: "Plan", currency: str, below: int, ordered_at: datetime
    ) -> list[tuple[str, datetime, int | None, int | None, int | None]]:
        """Cause, time, net in the plan's currency, and worth in both currencies, after each event of the order."""
        told = sorted(self.events[line.order_id], key=lambda event: (event.occurred_at, event.event_id))
        worths = []
        for count in range(1, len(told) + 1):
            state = order_state(told[:count])
            if state is None:
                continue
            base = self._exchange(state.net_minor, state.currency, currency, ordered_at)
            worth = plan.worth(base, state.net_minor, below, currency)
            reporting = None if worth is None else self._exchange(worth, currency, self.reporting_currency, ordered_at)
            cause = {"refunded": "refund", "cancelled": "cancellation"}.get(told[count - 1].kind, "amendment")
            at = EPOCH + timedelta(microseconds=told[count - 1].occurred_at)
            worths.append((cause if worths else "order", at, base, worth, reporting))
        return worths[:1] if line.is_void else worths

    def _exchange(self, minor: int, currency: str, into: str, at: datetime) -> int | None:
        """Half-even, by the latest rates on or before the day in UTC; None without one."""
        if currency == into:
            return minor
        of, to = self._rate(currency, at), self._rate(into, at)
        if of is None or to is None:
            return None
        shift = Fraction(10) ** ((minor_digits(into) or 0) - (minor_digits(currency) or 0))
        return round(minor * of / to * shift)

    def _rate(self, currency: str, at: datetime) -> Fraction | None:
        if currency == self.reporting_currency:
            return Fraction(1)
        day = at.astimezone(UTC).date()
        rows = [row for row in self.rates if row["currency"] == currency and row["rate_date"] <= day]
        return Fraction(max(rows, key=lambda row: row["rate_date"])["rate"]) if rows else None

    def _state(self, locked_at: datetime, month_ends: datetime) -> str:
        if self.watermark is None or locked_at > self.watermark:
            return "pending"
        return "locked" if month_ends > self.watermark else "payable"

    def _ordered_at(self, order_id: str) -> datetime:
        placed = min(event.occurred_at for event in self.events[order_id] if event.kind == "placed")
        return EPOCH + timedelta(microseconds=placed)

    def _campaign(self, campaign_id: str) -> Row:
        return next(row for row in self.campaigns if row["campaign_id"] == campaign_id)

    def _zone(self, campaign_id: str) -> ZoneInfo:
        return ZoneInfo(self._campaign(campaign_id)["timezone"] or "UTC")


class Plan(NamedTuple):
    """A commission plan, its tiers from the lowest."""

    kind: str
    amount: Decimal | None
    currency: str | None
    cap: Decimal | None
    lock_days: int | None
    tiers: tuple[tuple[Decimal, Decimal], ...]  # from which net of the month, per cent

    @classmethod
    def of(cls, plan_id: str, rows: Sequence[Row]) -> "Plan":
        own = sorted(
            (row for row in rows if row["plan_id"] == plan_id), key=lambda row: row["tier_from"] or Decimal(-1)
        )

        def said(column: str) -> Any:
            return next((row[column] for row in own if row[column] is not None), None)

        tiers = tuple((row["tier_from"] or Decimal(0), row["rate"] or Decimal(0)) for row in own)
        return cls(own[0]["kind"], said("amount"), said("currency"), said("cap"), said("lock_days"), tiers)

    def worth(self, base: int | None, net: int, below: int, currency: str) -> int | None:
        if self.kind == "flat":
            return (self.minor(self.amount, currency) or 0) if net > 0 else 0
        if base is None:
            return None
        earned = Fraction(0)
        starts = [self.minor(tier_from, currency) or 0 for tier_from, _ in self.tiers]
        for (_, rate), start, end in zip(self.tiers, starts, [*starts[1:], below + base], strict=True):
            earned += max(0, min(below + base, end) - max(below, start)) * Fraction(rate) / 100
        return floor(earned + Fraction(1, 2))

    @staticmethod
    def minor(amount: Decimal | None, currency: str) -> int | None:
        return None if amount is None else int(amount * 10 ** (minor_digits(currency) or 0))


def _owner(claim: Row) -> tuple[str, str]:
    return claim["influencer_id"], claim["campaign_id"]


def _entries_of(
    line: Line,
    key: tuple[str, str, str, date],
    worths: list[tuple[str, datetime, int | None, int | None, int | None]],
    locked_at: datetime,
    state: str,
) -> list[Entry]:
    found: list[tuple[str, datetime, int | None, int | None]] = []
    before: tuple[int | None, int | None] = (0, 0)
    for cause, at, _, worth, reporting in worths:
        amount, commission = _less(worth, before[0]), _less(reporting, before[1])
        before = (worth, reporting)
        if cause == "order" or amount != 0:
            found.append((cause, at, amount, commission))
    if line.is_void:
        ((_, at, amount, commission),) = found
        found.append(("void", at, _less(0, amount), _less(0, commission)))
    causes = {cause for cause, _, amount, _ in found if amount}
    if line.is_void or (worths[-1][3] == 0 and causes & {"refund", "cancellation"}):
        state = "reversed"
    return [
        Entry(line.order_id, key[0], key[1], key[2], key[3], cause, at, amount, commission, state,
              cause in TAKING_BACK and amount is not None and amount < 0 and at >= locked_at)
        for cause, at, amount, commission in found
    ]  # fmt: skip


def _less(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


def owed(entries: Sequence[Entry]) -> dict[tuple[str, str, str, date], int]:
    """What is owed per influencer, campaign, plan and month, in minor units of the plan's currency."""
    sums: defaultdict[tuple[str, str, str, date], int] = defaultdict(int)
    for entry in entries:
        sums[entry.influencer_id, entry.campaign_id, entry.plan_id, entry.month] += entry.amount or 0
    return dict(sums)
