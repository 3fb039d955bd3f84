"""Hostile simulated worlds: shuffled, and read in two halves by two runs, each ends as its lines say one by one."""

import json
import random
from collections import defaultdict
from datetime import UTC, datetime
from shutil import copytree

import pytest

from pipelines.simulate.world import simulate
from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_lakes, assert_money_adds_up, drain, lake_state
from tests.jobs import oracle

pytestmark = pytest.mark.slow

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
TOPICS = ("clicks", "redemptions", "orders")  # a post's metrics attribute nothing, and are most of a world so small


def world(root, seed):
    simulate(root, seed=seed, orders=60, faults="hostile", until=UNTIL)
    (root / "topics" / "post_metrics.ndjson").unlink()
    return root


def shuffled(lines, chance):
    """The lines in another order, but those of one event id as they were: the first of them counts."""
    mixed = chance.sample(lines, len(lines))
    waiting = defaultdict(list)
    for line in reversed(lines):
        waiting[event_id(line)].append(line)
    return [waiting[event_id(line)].pop() for line in mixed]


def event_id(line):
    try:
        return str(json.loads(line)["event_id"])
    except (ValueError, KeyError, TypeError):
        return line


def halves(root, chance):
    """Cuts each topic file in two at any byte; what is missing of each."""
    rest = {}
    for topic in TOPICS:
        file = root / "topics" / f"{topic}.ndjson"
        content = file.read_bytes()
        cut = chance.randrange(len(content))
        file.write_bytes(content[:cut])
        rest[file] = content[cut:]
    return rest


def run_in_two(root, chance):
    rest = halves(root, chance)
    drain(root, block_messages=chance.choice([300, 50_000]))
    for file, content in rest.items():
        with file.open("ab") as stream:
            stream.write(content)
    drain(root, block_messages=chance.choice([300, 50_000]))
    return Lake(root / "lake")


def attributions(lake):
    rows = lake_state(lake)["order_attributions"].values()
    return {row["order_id"]: {name: row[name] for name in row if name != "digest"} for row in rows}


@pytest.mark.parametrize("seed", range(100, 130))
def test_shuffled_in_two_halves(tmp_path, seed):
    root = world(tmp_path, seed)
    chance = random.Random(seed)
    expected = oracle.attributed(root)
    for topic in TOPICS:
        file = root / "topics" / f"{topic}.ndjson"
        file.write_bytes(b"\n".join(shuffled(file.read_bytes().rstrip(b"\n").split(b"\n"), chance)) + b"\n")
    lake = run_in_two(root, chance)
    assert attributions(lake) == expected
    assert_money_adds_up(lake)


@pytest.mark.parametrize("seed", range(200, 203))
def test_two_halves_equal_the_whole_to_the_last_row(tmp_path, seed):
    whole = world(tmp_path / "whole", seed)
    parted = copytree(whole, tmp_path / "parted")
    drain(whole)
    assert_equal_lakes(run_in_two(parted, random.Random(seed)), Lake(whole / "lake"))
