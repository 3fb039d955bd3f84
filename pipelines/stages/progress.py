"""Progress: up to which offset each partition has gone through attribution, whatever overtakes what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.records import Share


@dataclass
class _Span:
    start: int
    end: int
    parts: int = 0


class Progress:
    """Adds up the shares of blocks whose attributions are committed.

    A partition is through up to an offset when every block below it is whole. `marks` are the offsets, by
    `topic/partition`, that are through at the beginning; a partition without one begins at 0.
    """

    def __init__(self, marks: Mapping[str, int]) -> None:
        self._marks = dict(marks)
        self._spans: dict[str, dict[str, _Span]] = {}  # by source and block

    @property
    def marks(self) -> dict[str, int]:
        """Up to which offset each partition is through."""
        return dict(self._marks)

    def add(self, shares: Iterable[Share]) -> dict[str, int]:
        """Counts shares whose attributions are committed; the marks that moved by it."""
        moved: dict[str, int] = {}
        for share in shares:
            spans = self._spans.setdefault(share.source, {})
            span = spans.setdefault(share.block, _Span(share.start, share.end))
            span.parts += share.parts
            if span.parts == Share.WHOLE:
                before = self._marks.get(share.source, 0)
                mark = self._advance(share.source, before)
                if mark > before:
                    self._marks[share.source] = moved[share.source] = mark
        return moved

    def _advance(self, source: str, mark: int) -> int:
        """The mark behind all whole blocks that follow it without a gap; blocks below it are forgotten."""
        spans = self._spans[source]
        for span in sorted(spans.values(), key=lambda span: span.start):
            if span.parts == Share.WHOLE and span.start <= mark:
                mark = max(mark, span.end)
        self._spans[source] = {block: span for block, span in spans.items() if span.end > mark}
        return mark


def furthest(of_state: Mapping[str, int] | None, at_beginning: Mapping[str, int] | None) -> Mapping[str, int] | None:
    """Up to which offset each partition is through, by an engine's state and at the beginning; None: neither says.

    A job may go on from a checkpoint of an earlier one, which had not read all that was through when this one began.
    What that checkpoint does not know of is read from where the lake stood, so no block ever fills the gap before it.
    """
    if of_state is None or at_beginning is None:
        return at_beginning if of_state is None else of_state
    return {
        source: max(of_state.get(source, 0), at_beginning.get(source, 0)) for source in {**of_state, **at_beginning}
    }
