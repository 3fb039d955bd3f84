"""Seen: a great many 64-bit identities, and which of some more are not among them."""

import numpy as np
from numpy.typing import NDArray

Identities = NDArray[np.uint64]


class Seen:
    """A set that only grows: 8 bytes each, and a look-up that does not go through all of them.

    Held as sorted runs, each more than twice as long as the next (a log-structured merge), so there are few.
    """

    def __init__(self) -> None:
        self._runs: list[Identities] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def unseen(self, identities: Identities) -> NDArray[np.bool_]:
        """Of each one, in their order, whether it is not here, nor before it among them."""
        is_new = np.zeros(len(identities), dtype=bool)
        is_new[np.unique(identities, return_index=True)[1]] = True
        for run in self._runs:
            place = np.searchsorted(run, identities)
            is_new &= run[np.minimum(place, len(run) - 1)] != identities
        return is_new

    def add(self, identities: Identities) -> None:
        """Takes in such as are `unseen`."""
        if not len(identities):
            return
        run = np.sort(identities)
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)
