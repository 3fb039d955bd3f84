"""Links: which row of the links a click came through, by its id or by its utm parameters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote_plus

import msgspec

UTM = ("source", "medium", "campaign", "content", "term")
_NAMES = frozenset(f"utm_{name}" for name in UTM)


class LinkReason(StrEnum):
    """Why a click on a link cannot claim an order."""

    AMBIGUOUS = "ambiguous_link"
    NOT_VALID = "link_not_valid"


class LinkAssignment(msgspec.Struct, frozen=True, gc=False):
    """A link lent to an influencer for a campaign during [valid_from, valid_to); `utm` in the order of UTM."""

    link_id: str
    influencer_id: str
    campaign_id: str
    utm: tuple[str, ...] = ("",) * len(UTM)
    valid_from: int | None = None
    valid_to: int | None = None

    def holds(self, at: int) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)


def normalise_utm(value: str) -> str:
    """The spelling under which utm values are compared."""
    return value.strip().casefold()


@lru_cache(maxsize=65_536)
def utm_parameters(url: str) -> Mapping[str, str]:
    """The utm parameters of a URL, trimmed and casefolded: the first of a repeated name.

    Read is the text between the first `?` and the first `#`, split at `&` and percent-decoded (`+` is a
    space, bad UTF-8 becomes U+FFFD); names are case-sensitive. A URL that is none has none.
    """
    before_fragment = url.partition("#")[0]
    query = before_fragment.partition("?")[2]
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = unquote_plus(name, errors="replace")
        if name in _NAMES and name not in found:
            found[name] = normalise_utm(unquote_plus(value, errors="replace"))
    return found


class LinkRoster:
    """Every row of the links; answers which rows a click matches and which of them held at its time."""

    def __init__(self, rows: Iterable[LinkAssignment]) -> None:
        self._by_id: defaultdict[str, list[LinkAssignment]] = defaultdict(list)
        self._by_utm: defaultdict[tuple[int, ...], defaultdict[tuple[str, ...], list[LinkAssignment]]]
        self._by_utm = defaultdict(lambda: defaultdict(list))
        for row in rows:
            self._by_id[row.link_id].append(row)
            values = [normalise_utm(value) for value in row.utm]
            filled = tuple(i for i, value in enumerate(values) if value)
            if filled:
                self._by_utm[filled][tuple(values[i] for i in filled)].append(row)
        self._by_filled = sorted(self._by_utm.items(), key=lambda item: -len(item[0]))

    def candidates(self, link_id: str | None, utm: tuple[str, ...]) -> list[LinkAssignment]:
        """The rows that a click matches: those of its link id, else those that fill most of its utm parameters.

        `utm` as `utm_parameters` spells them, in the order of UTM, empty where absent.
        """
        if link_id is not None and link_id in self._by_id:
            return self._by_id[link_id]
        found: list[LinkAssignment] = []
        most = 0
        for filled, rows in self._by_filled:
            if len(filled) < most:
                break
            match = rows.get(tuple(utm[i] for i in filled))
            if match:
                found += match
                most = len(filled)
        return found


def resolve(candidates: Iterable[LinkAssignment], at: int) -> tuple[LinkAssignment | None, LinkReason | None]:
    """The one candidate that held at the click's time, or why there is none."""
    held = [row for row in candidates if row.holds(at)]
    if not held:
        return None, LinkReason.NOT_VALID
    if len(held) > 1:
        return None, LinkReason.AMBIGUOUS
    return held[0], None
