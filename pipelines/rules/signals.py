"""Signals: what in a running campaign wants a person's eye, with its evidence and the thing to do."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pipelines.rules.money import exact

MINUTE = 60_000_000  # microseconds
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST_QUOTE = 60  # characters: what strangers typed does not fill the sentence


class Kind(StrEnum):
    """What a signal says; the slugs appear in the page, the API and the webhook."""

    SPIKE = "spike"
    DROP = "drop"
    LEAKED_CODE = "leaked_code"
    BOT_BURST = "bot_burst"
    UNKNOWN_CODE = "unknown_code"
    UNRESOLVED_LINK = "unresolved_link"
    DELIVERABLE_OVERDUE = "deliverable_overdue"
    BUDGET_BURNT = "budget_burnt"


class SubjectKind(StrEnum):
    """What the subject of a signal is the name of."""

    CODE = "code"
    LINK = "link"
    UTM = "utm"
    DELIVERABLE = "deliverable"
    CAMPAIGN = "campaign"


class Severity(StrEnum):
    """Whether money or trust is lost until somebody acts, or a look is enough."""

    ACT = "act"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that holds now.

    `since` is the hour, ten minutes or day (UTC) that it is about, in microseconds: as long as it is about the same,
    its `key` is the same. `evidence` and `advice` are plain sentences; names in them are printable, and not escaped
    for any format.
    """

    kind: Kind
    subject: str
    subject_kind: SubjectKind
    campaign_id: str | None
    influencer_id: str | None
    severity: Severity
    since: int
    evidence: str
    advice: str

    @property
    def key(self) -> str:
        """By which the same signal is recognised again: of ASCII, and safe in a header, whatever the subject."""
        about = repr(
            (self.kind.value, self.subject_kind.value, self.subject, self.campaign_id, self.influencer_id, self.since)
        )
        return f"{self.kind}-{hashlib.sha256(about.encode()).hexdigest()[:32]}"


def in_order(signals: Iterable[Signal]) -> list[Signal]:
    """Each key once; first what wants an act, then by kind, then the latest, then by subject."""
    kinds = list(Kind)
    once = {signal.key: signal for signal in signals}
    return sorted(
        once.values(),
        key=lambda signal: (
            *(signal.severity is Severity.LOOK, kinds.index(signal.kind), -signal.since),
            *(signal.subject, signal.key),
        ),
    )


def quoted(text: str) -> str:
    """A name as others wrote it, `printable`, in quotation marks."""
    return f'"{printable(text)}"'


def printable(text: str) -> str:
    """A text on one line: each control and direction mark as an escape, cut where it is long."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:LONGEST_QUOTE])
    return shown + ("…" if len(text) > LONGEST_QUOTE else "")


def counted(number: int, noun: str) -> str:
    """`1 click`, `1,234 clicks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def money(minor: int, currency: str) -> str:
    """An amount of minor units as it is read: `1,234.50 EUR`, `1,234 JPY`."""
    return f"{exact(minor, currency):,f} {currency}"


def clock_time(at: int) -> str:
    """`14:00`, in UTC."""
    return f"{_instant(at):%H:%M}"


def calendar_day(at: int) -> str:
    """`2026-03-01`, in UTC."""
    return f"{_instant(at):%Y-%m-%d}"


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
