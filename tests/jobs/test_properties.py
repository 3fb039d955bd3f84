"""Whatever the order, the repeats, the batches and the runs in which events arrive: the lake ends the same."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.stores.lake import Lake
from pipelines.testing import assert_equal_lakes, assert_equal_states, assert_money_adds_up, drain, lake_state
from tests.jobs import oracle
from tests.jobs.worlds import WORLDS, Event, in_order_of_identity, repeatable, write_reference

pytestmark = pytest.mark.slow


def spelt(event: Event) -> bytes:
    return json.dumps(event[1]).encode() + b"\n"


@contextmanager
def workspaces() -> Iterator[Callable[[], Path]]:
    """Makes fresh workspaces with the reference data; a function-scoped fixture would outlive the example."""
    with tempfile.TemporaryDirectory() as folder:

        def fresh() -> Path:
            root = Path(tempfile.mkdtemp(dir=folder))
            write_reference(root)
            (root / "topics").mkdir()
            return root

        yield fresh


def write_files(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        file = root / "topics" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)


def in_files(events: list[Event], partitions: int) -> dict[str, bytes]:
    """Each topic's messages, in order, over as many files."""
    files = {}
    for topic in ("clicks", "redemptions", "orders"):
        its = [event for event in events if event[0] == topic]
        size = -(-len(its) // partitions) or 1
        for n in range(partitions):
            files[f"{topic}/part-{n}.ndjson"] = b"".join(map(spelt, its[n * size : (n + 1) * size]))
    return files


def attributions(lake: Lake) -> dict[str, dict[tuple[str], dict[str, object]]]:
    return {"order_attributions": lake_state(lake)["order_attributions"]}


def assert_as_the_oracle_says(root: Path) -> None:
    found = {key: row for (key,), row in attributions(Lake(root / "lake"))["order_attributions"].items()}
    for row in found.values():
        del row["digest"]
    assert found == oracle.attributed(root)


@settings(max_examples=6)
@given(WORLDS, st.data())
def test_any_order_of_arrival_and_any_repeats_end_alike(events, data):
    """Messages of one identity that differ keep their order: the first by (partition, offset) counts."""
    shuffled = in_order_of_identity(data.draw(st.permutations(events), label="shuffled"), events)
    again = data.draw(st.lists(st.sampled_from(repeatable(events) or events[:1]), max_size=20), label="again")
    for event in again if repeatable(events) else ():
        shuffled.insert(data.draw(st.integers(0, len(shuffled)), label="place"), event)
    with workspaces() as fresh:
        straight, mixed = fresh(), fresh()
        write_files(straight, in_files(events, 1))
        write_files(mixed, in_files(shuffled, data.draw(st.integers(1, 3), label="files")))
        drain(straight)
        drain(mixed, block_messages=data.draw(st.integers(1, 20), label="block"))
        assert_equal_states(attributions(Lake(mixed / "lake")), attributions(Lake(straight / "lake")))
        assert_as_the_oracle_says(straight)
        assert_money_adds_up(Lake(straight / "lake"))


@settings(max_examples=6)
@given(WORLDS, st.data())
def test_any_batches_over_any_number_of_runs_end_equal(events, data):
    """Files grow between runs, each to any byte, so that an earlier message may arrive after a later one."""
    files = in_files(events + data.draw(st.permutations(events), label="delivered again"), 2)
    runs = data.draw(st.integers(2, 3), label="runs")
    with workspaces() as fresh:
        at_once, stepwise = fresh(), fresh()
        write_files(at_once, files)
        drain(at_once)
        grown = dict.fromkeys(files, 0)
        for run in range(runs):
            for name, content in files.items():
                upto = st.integers(grown[name], len(content)) if run < runs - 1 else st.just(len(content))
                grown[name] = data.draw(upto, label=f"{name} by run {run}")
            write_files(stepwise, {name: content[: grown[name]] for name, content in files.items()})
            drain(stepwise, block_messages=data.draw(st.integers(1, 40), label="block"))
        assert_equal_lakes(Lake(stepwise / "lake"), Lake(at_once / "lake"))
        assert_as_the_oracle_says(stepwise)
        assert_money_adds_up(Lake(stepwise / "lake"))
        shutil.rmtree(stepwise / "lake")
        drain(stepwise)
        assert_equal_lakes(Lake(stepwise / "lake"), Lake(at_once / "lake"))
