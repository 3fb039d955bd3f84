"""The work that all do: a simulated world's topic files and reference data, and the list of bots as one pattern."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from pipelines.rules.fraud import LINK_PREVIEW_AGENTS
from pipelines.simulate.deliveries import Delivery
from pipelines.simulate.faults import PROFILES
from pipelines.simulate.world import make_world
from pipelines.simulate.writing import write_lines

SEED = 1
PARTS = 5  # files a topic, for who streams whole files
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
# Repeats, disorder, crawlers and mistyped codes; nothing to reject, as no peer says what is wrong with a message.
FAULTS = replace(PROFILES["mild"], malformed=0.0)


def make_work(root: Path, orders: int) -> None:
    """Fills the workspace, unless a run before this one did."""
    bots = root / "bots.regex"
    if bots.exists():
        return
    topics = root / "topics"
    topics.mkdir(parents=True)

    def write(delivery: Delivery) -> None:
        write_lines(topics / f"{delivery.topic}.ndjson", delivery.lines, delivery.order, delivery.inserts)

    make_world(root, write, seed=SEED, orders=orders, faults=FAULTS, until=UNTIL)
    for topic in topics.iterdir():
        _split(topic, root / "parts" / topic.stem)
    crawlers = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA]
    bots.write_text("|".join([*map(re.escape, LINK_PREVIEW_AGENTS), *crawlers]), encoding="utf-8")


def _split(file: Path, folder: Path) -> None:
    """The file's lines in PARTS files of equal length, in order; their ages are in that order too."""
    folder.mkdir(parents=True)
    lines = file.read_bytes().splitlines(keepends=True)
    for part in range(PARTS):
        chosen = lines[part * len(lines) // PARTS : (part + 1) * len(lines) // PARTS]
        made = folder / f"{part}.ndjson"
        made.write_bytes(b"".join(chosen))
        os.utime(made, (part, part))  # seconds since 1970: a stream takes the oldest first


def messages_in(root: Path) -> int:
    """How many messages the topic files hold."""
    return sum(1 for file in (root / "topics").iterdir() for _ in file.open("rb"))
