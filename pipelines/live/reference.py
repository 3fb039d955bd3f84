"""Reference: who and what the numbers are about, as the reference data names them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pipelines.rules.codes import normalise_code
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.pacing import Target
from pipelines.rules.spelling import Speller
from pipelines.rules.unrecognised import KnownCode
from pipelines.stores.reference import Reference


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's name and time; `currency` is its own."""

    campaign_id: str
    name: str
    timezone: str
    currency: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """An influencer."""

    influencer_id: str
    handle: str
    name: str
    tier: str | None
    platform: str | None
    followers: int | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A row of a code or a link: whose it is, and when, in microseconds; null: open. `void_at`: compromised."""

    name: str
    influencer_id: str
    campaign_id: str
    valid_from: int | None
    valid_to: int | None
    void_at: int | None = None

    def holds(self, instant: int) -> bool:
        """Whether it is valid then."""
        ends = [end for end in (self.valid_to, self.void_at) if end is not None]
        return (self.valid_from is None or self.valid_from <= instant) and all(instant < end for end in ends)


@dataclass(frozen=True)
class Roster:
    """The reference data as a page asks it; codes are normalised."""

    campaigns: tuple[Campaign, ...]
    people: dict[str, Person]
    targets: tuple[Target, ...]
    codes: tuple[Holding, ...]
    links: tuple[Holding, ...]
    speller: Speller[KnownCode]

    @cached_property
    def pairs(self) -> set[tuple[str, str]]:
        """Who works in which campaign."""
        return {(one.influencer_id, one.campaign_id) for one in (*self.codes, *self.links)}

    @cached_property
    def handles(self) -> dict[str, str]:
        """What each influencer is called."""
        return {influencer: person.handle for influencer, person in self.people.items()}


def roster(reference: Reference) -> Roster:
    """What a page needs of the reference data: campaigns with the latest first."""
    rows = {name: table.to_pylist() for name, table in reference.tables.items()}
    campaigns = [_of(Campaign, row) for row in rows["campaigns"]]
    return Roster(
        campaigns=tuple(sorted(campaigns, key=lambda one: (one.starts_at, one.campaign_id), reverse=True)),
        people={row["influencer_id"]: _of(Person, row) for row in rows["influencers"]},
        targets=tuple(_of(Target, row) for row in rows["targets"]),
        codes=tuple(_holding(normalise_code(row["code"]), row, row["compromised_at"]) for row in rows["codes"]),
        links=tuple(_holding(row["link_id"], row) for row in rows["links"]),
        speller=Speller(_known(rows["codes"])),
    )


def _of(kind: Any, row: dict[str, Any]) -> Any:
    return kind(**{name: row[name] for name in kind.__slots__})


def _holding(name: str, row: dict[str, Any], void_at: datetime | None = None) -> Holding:
    bounds = (_micros(row["valid_from"]), _micros(row["valid_to"]), _micros(void_at))
    return Holding(name, row["influencer_id"], row["campaign_id"], *bounds)


def _known(rows: Iterable[dict[str, Any]]) -> dict[str, KnownCode]:
    """Each normalised code with whose it is; one that changed hands is nobody's in particular."""
    found: dict[str, KnownCode] = {}
    for row in rows:
        code = normalise_code(row["code"])
        mine = KnownCode(row["code"], row["influencer_id"], row["campaign_id"])
        before = found.setdefault(code, mine)
        if (before.influencer_id, before.campaign_id) != (mine.influencer_id, mine.campaign_id):
            found[code] = KnownCode(before.announced)
    return found


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else (instant - EPOCH) // MICROSECOND
