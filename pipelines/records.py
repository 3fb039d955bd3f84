"""What flows between the stages: blocks of messages, and of what they say."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines import schema_store

Offsets = npt.NDArray[np.int64]

EVENTS = {topic: event for event, topic in schema_store.EVENTS.items()}
"""Each topic's event."""


class Block:
    """What flows between stages: many rows at once. `nbytes` is an estimate of its size in memory."""

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        raise TypeError(f"{type(self).__name__} does not say how large it is")


@dataclass(frozen=True, slots=True)
class Share:
    """A piece's share of the landed block that it came from: the block is through when all of WHOLE has arrived.

    `block` names this landing of offsets `start` to `end` of `source`; another try at them has another name.
    `sent_at` is the broker's timestamp of its oldest message in microseconds, None for files; `latest` its greatest
    `occurred_at`, None where all of it was rejected.
    """

    source: str
    block: str
    start: int
    end: int
    parts: int
    sent_at: int | None = None
    latest: int | None = None

    WHOLE: ClassVar[int] = 1 << 40  # so large that every piece of a piece for every shard still has a part

    def split(self, pieces: int) -> Iterator["Share"]:
        """One share for each of `pieces`, which together are this one."""
        each, left = divmod(self.parts, pieces)
        for piece in range(pieces):
            yield replace(self, parts=each + (left if piece == 0 else 0))


class Piece(Block):
    """A block, or what is left of one, on its way through attribution; `share` is None where nobody counts."""

    __slots__ = ()
    share: Share | None


@dataclass(frozen=True, slots=True)
class Messages(Block):
    """Raw messages of one partition from offset `start` to `end`, where the next block starts.

    There may be fewer messages than `end - start`: offsets of files count bytes, Kafka's have holes.
    `sent_at` are the broker's timestamps in microseconds, None for files. `gone_before`: the broker no longer
    had the messages from `start` up to this offset.
    """

    topic: str
    partition: int
    start: int
    end: int
    offsets: list[int]
    payloads: list[bytes]
    sent_at: list[int] | None = None
    gone_before: int | None = None

    @property
    def nbytes(self) -> int:
        return self.end - self.start

    @property
    def source(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Decoded(Block):
    """A block's valid messages as rows of their landing table, and its rejected ones.

    `rows` lack `ingested_at`. `unconsented` are offsets of clicks that are counted and not stored,
    `with_unknown_fields` of messages that carried more than their schema names. `sent_at` is the broker's timestamp of
    the oldest message in microseconds, None for files.
    """

    topic: str
    partition: int
    start: int
    end: int
    rows: pl.DataFrame
    rejected: pl.DataFrame
    unconsented: Offsets = field(default_factory=lambda: np.empty(0, np.int64))
    with_unknown_fields: Offsets = field(default_factory=lambda: np.empty(0, np.int64))
    sent_at: int | None = None

    @property
    def nbytes(self) -> int:
        return int(self.rows.estimated_size())

    @property
    def source(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Rows(Piece):
    """Rows of one topic on their way to attribution: what the rules read, and nothing else."""

    topic: str
    rows: pl.DataFrame
    share: Share | None = None

    @property
    def nbytes(self) -> int:
        return int(self.rows.estimated_size())


@dataclass(frozen=True, slots=True)
class OrderSets(Piece):
    """Whole event sets of orders: every message of each, and of its redemptions, repeats included."""

    events: pl.DataFrame
    redemptions: pl.DataFrame | None
    share: Share | None = None

    @property
    def nbytes(self) -> int:
        return int(self.events.estimated_size())


@dataclass(frozen=True, slots=True)
class Passed(Piece):
    """What is left of a piece that concerns no order yet: its share."""

    share: Share | None

    @property
    def nbytes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Attributed(Piece):
    """Rows of `order_attributions` without the columns of the commit; None where a piece touched no order."""

    rows: pl.DataFrame | None
    share: Share | None = None

    @property
    def nbytes(self) -> int:
        return 0 if self.rows is None else int(self.rows.estimated_size())
