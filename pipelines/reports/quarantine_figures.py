"""What the quarantine reports, and what each reason means."""

from dataclasses import dataclass
from datetime import datetime

from pipelines.failures import Reason
from pipelines.stores.releases import Release

MEANINGS = {
    Reason.TOO_LARGE: "the message is longer than 1,048,576 bytes",
    Reason.BAD_UTF8: "the bytes are no UTF-8 text",
    Reason.BAD_JSON: "the text is no JSON, or not all of it",
    Reason.NOT_AN_OBJECT: "it is JSON, but no object with named fields",
    Reason.MISSING_FIELD: "a field that the event needs is absent or empty",
    Reason.WRONG_TYPE: "a field is of another type than its schema says, such as a number for a text",
    Reason.BAD_LENGTH: "an id or a text is empty or too long",
    Reason.BAD_VALUE: "a field has a value that its schema does not know",
    Reason.BAD_TIME: "a time is no RFC 3339 instant with its offset from UTC",
    Reason.ABSURD_TIME: "a time is before the year 2000, or too far ahead",
    Reason.BAD_MONEY: "an amount is not written as digits with a decimal point, or is too large",
    Reason.TOO_MANY_DECIMALS: "an amount has more decimals than its currency",
    Reason.UNKNOWN_CURRENCY: "the currency is no ISO 4217 code",
}


@dataclass(frozen=True, slots=True)
class RejectedCount:
    """How many events were rejected for a reason, with what it means."""

    reason: str
    meaning: str
    events: int


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A rejected event in one line; `preview` is its beginning, escaped."""

    topic: str
    partition: int
    offset: int
    ingested_at: datetime
    step: str
    reason: str
    detail: str
    size: int
    preview: str
    standing: str = "open"


@dataclass(frozen=True, slots=True)
class RejectedEvents:
    """The rejected events that were asked for: `total` of them, counted by reason, and the newest."""

    total: int
    reasons: tuple[RejectedCount, ...]
    newest: tuple[RejectedLine, ...]


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """One rejected event: the first bytes of its payload (base64 in JSON) and the same as escaped text.

    `releases` is what people did with it, the oldest first.

    E-mail and IP addresses were taken out before it was stored; `size` is the length of what is stored.
    """

    topic: str
    partition: int
    offset: int
    ingested_at: datetime
    step: str
    reason: str
    meaning: str
    detail: str
    size: int
    payload: bytes
    text: str
    standing: str = "open"
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True, slots=True)
class TriedMessage:
    """A rejected message as it would be sent; `left` is why it would be rejected again, None if it passes."""

    topic: str
    partition: int
    offset: int
    reason: str
    standing: str
    left: str | None
    detail: str
    is_counted_only: bool
    message: str


@dataclass(frozen=True, slots=True)
class TriedMessages:
    """The messages that were tried, `passing` of which would pass; `sent` is None where nothing was to be written."""

    tried: tuple[TriedMessage, ...]
    passing: int
    sent: tuple[Release, ...] | None = None
    found: tuple[Release, ...] = ()
    before: int = 0


@dataclass(frozen=True, slots=True)
class DroppedMessages:
    """The messages that were dropped; `before` of those asked for were released already."""

    dropped: tuple[Release, ...]
    before: int
