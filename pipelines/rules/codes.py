"""Promotion codes: when two spellings are one code, and whose a code was at a moment."""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from unicodedata import category, normalize

import msgspec


class CodeReason(StrEnum):
    """Why a redeemed code cannot claim an order; the slugs appear in the lake, the docs and the page."""

    UNKNOWN = "unknown_code"
    NOT_STARTED = "code_not_started"
    EXPIRED = "code_expired"
    COMPROMISED = "code_compromised"


class CodeAssignment(msgspec.Struct, frozen=True, gc=False):
    """A code lent to an influencer for a campaign during [valid_from, valid_to); None is open."""

    code: str
    influencer_id: str
    campaign_id: str
    valid_from: int | None = None
    valid_to: int | None = None
    credit_policy: str | None = None
    compromised_at: int | None = None

    def starts_after(self, at: int) -> bool:
        return self.valid_from is not None and at < self.valid_from

    def ended_by(self, at: int) -> bool:
        return self.valid_to is not None and self.valid_to <= at

    def compromised_by(self, at: int) -> bool:
        return self.compromised_at is not None and self.compromised_at <= at


class OverlappingCodes(ValueError):
    """Two assignments of one code share a moment, so an order in it would have two owners."""


@lru_cache(maxsize=65_536)
def normalise_code(typed: str) -> str:
    """The spelling under which codes are compared.

    NFKC folds full-width letters and ligatures; whitespace and format characters (Cf), which come
    along with copy and paste, are removed; case is folded. Letters of another script stay apart: a
    Cyrillic А makes another code.
    """
    compatible = normalize("NFKC", typed)
    return "".join(c for c in compatible if not c.isspace() and category(c) != "Cf").casefold()


class CodeRoster:
    """Every assignment of every code; answers whose a code was when an order was placed.

    `assignments`: of each normalised code, in order of time.
    """

    def __init__(self, assignments: Iterable[CodeAssignment]) -> None:
        by_code: defaultdict[str, list[CodeAssignment]] = defaultdict(list)
        for assignment in assignments:
            by_code[normalise_code(assignment.code)].append(assignment)
        self.assignments = {code: _in_order_of_time(rows) for code, rows in by_code.items()}

    def differing(self, other: "CodeRoster") -> set[str]:
        """The normalised codes of which the other has other assignments."""
        every = {*self.assignments, *other.assignments}
        return {code for code in every if self.assignments.get(code) != other.assignments.get(code)}

    def owner(self, normalised: str, ordered_at: int) -> tuple[CodeAssignment | None, CodeReason | None]:
        """The assignment that holds `ordered_at`, and the reason if it may not claim the order."""
        rows = self.assignments.get(normalised)
        if rows is None:
            return None, CodeReason.UNKNOWN
        for row in rows:
            if not row.starts_after(ordered_at) and not row.ended_by(ordered_at):
                return row, CodeReason.COMPROMISED if row.compromised_by(ordered_at) else None
        return None, CodeReason.NOT_STARTED if rows[0].starts_after(ordered_at) else CodeReason.EXPIRED


def _in_order_of_time(rows: list[CodeAssignment]) -> list[CodeAssignment]:
    rows = sorted(rows, key=lambda row: (row.valid_from is not None, row.valid_from or 0))
    for earlier, later in pairwise(rows):
        if earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to:
            raise OverlappingCodes(f"{earlier} and {later} are both valid at a moment: end one before the other begins")
    return rows
