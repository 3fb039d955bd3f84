"""Unrecognised: codes that are typed and links that are clicked right now, and that are nobody's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.rules.signals import DAY, Kind, Severity, Signal, SubjectKind, counted, money, printable, quoted
from pipelines.rules.spelling import Speller

LEAST_TYPED = 3  # once or twice is one person's slip
LEAST_CLICKS = 10
MOST_NAMED = 50  # of a kind: who tries codes by the thousand does not fill the page
NO_LINK, AMBIGUOUS, NOT_VALID = "no_link", "ambiguous_link", "link_not_valid"
LINK_EVIDENCE = {
    NO_LINK: "which no row of the links matches",
    AMBIGUOUS: "which several rows of the links match",
    NOT_VALID: "whose row of the links did not hold at that time",
}
LINK_ADVICE = {
    NO_LINK: "Correct it where it was published, or add a row for it to the links.",
    AMBIGUOUS: "Fill a utm column more in the links, and in what is published, so that one row alone matches.",
    NOT_VALID: "Have it taken down where it was published, or move the end of its validity in the links.",
}


@dataclass(frozen=True, slots=True)
class KnownCode:
    """A code of the reference data as it was announced, and whose it is; None where it changed hands."""

    announced: str
    influencer_id: str | None = None
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A normalised code that no row has: its uses in the last 24 hours, the latest of them in microseconds.

    `at_stake_minor` is the net of those orders that nobody earned, in minor units of the reporting currency; None if
    it is not known.
    """

    code: str
    uses: int
    last_used_at: int
    at_stake_minor: int | None = None


@dataclass(frozen=True, slots=True)
class UnresolvedLink:
    """What clicks of the last 24 hours, bots left out, named in vain: a link id, or the utm parameters as one text.

    `reason` as the lake has it: no_link, ambiguous_link or link_not_valid. `last_click_at` in microseconds.
    """

    named: str
    named_by: SubjectKind
    reason: str
    clicks: int
    last_click_at: int


def unknown_codes(typed: Iterable[UnknownCode], speller: Speller[KnownCode], currency: str) -> list[Signal]:
    """Each unknown code that was typed at least 3 times, with the one that was meant, if one alone is near.

    Of more than 50 the others are one signal. Each is about the day (UTC) of its latest use, and so told anew on the
    next day that has one.
    """
    ranked = sorted((one for one in typed if one.uses >= LEAST_TYPED), key=lambda one: (-one.uses, one.code))
    named, others = ranked[:MOST_NAMED], ranked[MOST_NAMED:]
    signals = [_unknown_code(one, speller.nearest(one.code), currency) for one in named]
    if others:
        signals.append(_guessed_codes(others))
    return signals


def unresolved_links(links: Iterable[UnresolvedLink]) -> list[Signal]:
    """Each link or text that at least 10 clicks named in vain; of more than 50 the others are one signal."""
    ranked = sorted((one for one in links if one.clicks >= LEAST_CLICKS), key=lambda one: (-one.clicks, one.named))
    named, others = ranked[:MOST_NAMED], ranked[MOST_NAMED:]
    signals = [_unresolved_link(one) for one in named]
    if others:
        signals.append(_other_links(others))
    return signals


def _unknown_code(one: UnknownCode, meant: KnownCode | None, currency: str) -> Signal:
    stake = f", in orders of {money(one.at_stake_minor, currency)} that nobody earned" if one.at_stake_minor else ""
    question = f": did you mean {printable(meant.announced)}?" if meant else "; no known code is near it"
    return Signal(
        kind=Kind.UNKNOWN_CODE,
        subject=one.code,
        subject_kind=SubjectKind.CODE,
        campaign_id=meant.campaign_id if meant else None,
        influencer_id=meant.influencer_id if meant else None,
        severity=Severity.ACT if meant or one.at_stake_minor else Severity.LOOK,
        since=_day(one.last_used_at),
        evidence=f"{quoted(one.code)} was typed {counted(one.uses, 'time')} in the last 24 hours{stake}{question}",
        advice="Have the post corrected; as long as people type it, add it to the codes as a code of the same holder."
        if meant
        else "Ask who announced it and add it to the codes; if nobody did, somebody is trying codes.",
    )


def _guessed_codes(others: Sequence[UnknownCode]) -> Signal:
    uses = sum(one.uses for one in others)
    return Signal(
        kind=Kind.UNKNOWN_CODE,
        subject="other codes",  # a normalised code holds no space
        subject_kind=SubjectKind.CODE,
        campaign_id=None,
        influencer_id=None,
        severity=Severity.ACT,
        since=max(_day(one.last_used_at) for one in others),
        evidence=f"{counted(len(others), 'other unknown code')} typed {counted(uses, 'time')} in the last 24 hours",
        advice="So many are tried by a machine: limit attempts at the checkout.",
    )


def _unresolved_link(one: UnresolvedLink) -> Signal:
    what = "the link id" if one.named_by is SubjectKind.LINK else "the parameters"
    return Signal(
        kind=Kind.UNRESOLVED_LINK,
        subject=one.named,
        subject_kind=one.named_by,
        campaign_id=None,
        influencer_id=None,
        severity=Severity.ACT,
        since=_day(one.last_click_at),
        evidence=f"{counted(one.clicks, 'click')} in the last 24 hours named {what} {quoted(one.named)}, "
        f"{LINK_EVIDENCE[one.reason]}",
        advice=LINK_ADVICE[one.reason],
    )


def _other_links(others: Sequence[UnresolvedLink]) -> Signal:
    clicks = sum(one.clicks for one in others)
    return Signal(
        kind=Kind.UNRESOLVED_LINK,
        subject="other links",
        subject_kind=SubjectKind.UTM,
        campaign_id=None,
        influencer_id=None,
        severity=Severity.LOOK,
        since=max(_day(one.last_click_at) for one in others),
        evidence=f"{counted(len(others), 'other link')} that are nobody's got {counted(clicks, 'click')} in the last "
        "24 hours",
        advice="See the unresolved clicks of the warehouse for all of them.",
    )


def _day(at: int) -> int:
    return at // DAY * DAY
