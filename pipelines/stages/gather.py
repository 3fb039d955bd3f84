"""Gather: small blocks wait for each other within a bundle, so that one commit takes all of them."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from pipelines.records import Decoded

MESSAGES_A_COMMIT = 10_000  # a block of a run that catches up is larger, and commits by itself


class Committing(Protocol):
    """What becomes of blocks that are committed together; its objects are pickled with the stage."""

    def open(self) -> None: ...

    def commit(self, blocks: Sequence[Decoded]) -> Iterator[Any]:
        """Commits the blocks, in the order in which they came, and gives what goes on to the next stage."""
        ...

    def close(self) -> None: ...


class Gathered(beam.DoFn):
    """Commits the blocks of a bundle together, or as soon as they hold MESSAGES_A_COMMIT messages.

    What a commit gives goes on with it, before the bundle ends: a bundle that fails is tried again whole.
    """

    def __init__(self, committing: Committing) -> None:
        self._committing = committing

    def setup(self) -> None:
        self._committing.open()

    def start_bundle(self) -> None:
        self._blocks: list[Decoded] = []
        self._messages = 0

    def process(self, block: Decoded, at: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        self._blocks.append(block)
        self._at = at
        self._messages += block.rows.height + block.rejected.height
        if self._messages >= MESSAGES_A_COMMIT:
            yield from self._committing.commit(self._taken())

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._blocks:
            for given in self._committing.commit(self._taken()):
                yield GlobalWindows.windowed_value(given, self._at)

    def teardown(self) -> None:
        self._committing.close()

    def _taken(self) -> list[Decoded]:
        taken, self._blocks, self._messages = self._blocks, [], 0
        return taken
