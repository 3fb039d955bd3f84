"""Blocks of redemptions, and an empty lake to land them in; offsets count messages, as Kafka's do."""

import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

from pipelines.records import Decoded
from pipelines.stages.decode import BlockDecoder
from pipelines.stores.lake import Lake
from pipelines.testing import CLOCK, HASH_KEY, messages_of

DECODER = BlockDecoder("redemptions", HASH_KEY, 4)


def new_lake(root: Path) -> Lake:
    """An empty lake: a copy, since creating eight tables takes as long as a test."""
    return Lake(Path(shutil.copytree(_empty().name, root)))


@cache
def _empty() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    Lake(Path(folder.name)).create()
    return folder


def clock():
    return CLOCK


def tokens():
    """New ones, one after the other."""
    drawn = count()
    return lambda: str(next(drawn))


def redemption(offset: int) -> dict:
    at = f"2026-03-10T12:{offset // 60:02}:{offset % 60:02}Z"
    return {"event_id": f"r{offset}", "occurred_at": at, "order_id": f"o{offset}", "code": "ALEX20"}


def block(start: int, end: int, *, bad: frozenset[int] = frozenset()) -> Decoded:
    """The messages of [start, end), one an offset; those of `bad` are rejected."""
    messages = [b"no json" if offset in bad else redemption(offset) for offset in range(start, end)]
    return DECODER.decode(messages_of("redemptions", messages, start))
