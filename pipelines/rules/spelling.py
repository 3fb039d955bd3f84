"""Spelling: which known code somebody meant who typed one that does not exist."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

CONFUSED = ("0o", "1il", "5s", "2z", "8b", "6g")  # look alike on a screen, and sound alike in no video
CONFUSION = 0.5  # slips: to take one for the other is likelier than another letter
MOST_SLIPS = 2
LETTERS_A_SLIP = 3  # of a code of five letters, two slips make another word
_LOOKS = str.maketrans({letter: group[0] for group in CONFUSED for letter in group})


def distance(one: str, other: str) -> float:
    """How many slips of the hand or the eye lie between two normalised codes.

    A letter too many, missing or wrong, or two neighbours exchanged, is one slip (restricted Damerau-Levenshtein);
    one that only looks like the right one is half a slip.
    """
    before: list[float] = []
    last: list[float] = [*range(len(other) + 1)]
    for i, letter in enumerate(one):
        row = [i + 1.0]
        for j, their in enumerate(other):
            least = min(last[j + 1] + 1, row[j] + 1, last[j] + _wrong(letter, their))
            if i and j and letter == other[j - 1] and one[i - 1] == their:
                least = min(least, before[j - 1] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]


class Speller(Generic[T]):
    """The known codes, by their normalised spelling, and what each of them stands for."""

    def __init__(self, known: Mapping[str, T]) -> None:
        self._known = known
        self._by_length: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
        for code in known:
            self._by_length[len(code)].append((_letters(code), code))
        self._nearest = lru_cache(4096)(self._measured)  # a page asks for the same ones again and again

    def nearest(self, typed: str) -> T | None:
        """What the one code nearest to a normalised spelling stands for.

        None if two are equally near, or if none is within two slips and a slip for each three letters of the shorter
        of both.
        """
        return self._nearest(typed)

    def _measured(self, typed: str) -> T | None:
        near = sorted((distance(typed, code), code) for code in self._candidates(typed))
        near = [(slips, code) for slips, code in near if slips <= _most_slips(typed, code)]
        if not near or (len(near) > 1 and near[0][0] == near[1][0]):
            return None
        return self._known[near[0][1]]

    def _candidates(self, typed: str) -> list[str]:
        """All that can be within two slips, and few others: a slip takes one kind of letter and brings one, at most."""
        letters = _letters(typed)
        return [
            code
            for length in range(len(typed) - MOST_SLIPS, len(typed) + MOST_SLIPS + 1)
            for theirs, code in self._by_length.get(length, ())
            if (letters ^ theirs).bit_count() <= 2 * MOST_SLIPS
        ]


def _most_slips(typed: str, code: str) -> float:
    return min(MOST_SLIPS, min(len(typed), len(code)) / LETTERS_A_SLIP)


def _wrong(letter: str, their: str) -> float:
    if letter == their:
        return 0
    return CONFUSION if letter.translate(_LOOKS) == their.translate(_LOOKS) else 1


def _letters(code: str) -> int:
    """The set of a code's letters as bits, those that look alike as one."""
    bits = 0
    for letter in code.translate(_LOOKS):
        bits |= 1 << ord(letter) % 64
    return bits
