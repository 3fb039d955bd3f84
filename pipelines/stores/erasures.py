"""Erasures: which people were erased, as keyed hashes, and the erasure that is under way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import polars as pl

from pipelines.failures import BadInput
from pipelines.rules.erasure import Person
from pipelines.stores.lake import Lake
from pipelines.stores.tables import ERASURES

JOURNAL = "_erasure.json"
EXPIRY = "_expiry"
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Journal:
    """An erasure under way: whose it is, as a tombstone, who they are, and what was found of them before it began."""

    tombstone: str
    person: Person
    found: Mapping[str, int] = field(default_factory=dict)


def tombstones(lake: Lake) -> frozenset[str]:
    """Of every id that was erased."""
    return frozenset(lake.read("erasures", ["tombstone"])["tombstone"]) if lake.exists("erasures") else frozenset()


def erased_at(lake: Lake, tombstone: str) -> datetime | None:
    """When an id was erased last; None if it never was."""
    if not lake.exists("erasures"):
        return None
    at: datetime | None = lake.read("erasures", ["erased_at"], pl.col("tombstone") == tombstone)["erased_at"].max()  # type: ignore[assignment]
    return at


def remember_erased(
    lake: Lake, ids: Iterable[tuple[str, str]], at: datetime, by: str, receipt: str, epoch: int
) -> None:
    """Stores (field, tombstone) of the ids of one person, but for those that are there."""
    known = tombstones(lake)
    rows = [(receipt, at, by, name, tombstone) for name, tombstone in ids if tombstone not in known]
    if rows:
        frame = pl.DataFrame(rows, schema=pl.Schema(ERASURES), orient="row")
        lake.append("erasures", frame.to_arrow().cast(ERASURES), {}, epoch)


def require_no_erasure(lake: Lake) -> None:
    """Raises BadInput while an erasure or a renaming is half done: what came now would not join what is renamed."""
    require_no_expiry(lake)
    if (lake.root / JOURNAL).exists():
        raise BadInput(
            f"an erasure of {lake.root} was not finished: run `codetrail erase --customer ID --yes` again with the "
            "same ID, which ends it; nothing was read"
        )


def require_no_expiry(lake: Lake) -> None:
    """Raises BadInput while people that nobody has seen for long are renamed in some tables and not in all."""
    if (lake.root / EXPIRY).exists():
        raise BadInput(
            f"the renaming of people in {lake.root} that nobody has seen for long was not finished: run `codetrail "
            "compact`, which ends it; nothing was read"
        )


def read_journal(lake: Lake) -> Journal | None:
    """The erasure that is half done, if there is one."""
    try:
        return msgspec.json.decode((lake.root / JOURNAL).read_bytes(), type=Journal)
    except FileNotFoundError:
        return None


def write_journal(lake: Lake, journal: Journal) -> None:
    """Leaves word of an erasure, whole or not at all, for the owner's eyes: it names the person until it is over."""
    staged = lake.root / f"{JOURNAL}.tmp"
    staged.unlink(missing_ok=True)
    staged.touch(mode=OWNER_ONLY)
    staged.write_bytes(msgspec.json.encode(journal))
    staged.replace(lake.root / JOURNAL)


def note_of(lake: Lake, name: str, fresh: str) -> str:
    """The secret of a renaming under way, or this one for a renaming that begins."""
    note = lake.root / name
    if not note.exists():
        staged = note.with_suffix(".tmp")
        staged.touch(mode=OWNER_ONLY)
        staged.write_text(fresh)
        staged.replace(note)
    return note.read_text()


def close_note(lake: Lake, name: str) -> None:
    (lake.root / name).unlink(missing_ok=True)


def close_journal(lake: Lake) -> None:
    (lake.root / JOURNAL).unlink(missing_ok=True)
