"""A workspace's figures, added up again from the raw topic files."""

import gzip
import json
import shutil
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipelines.failures import LakeUnavailable, Reason
from pipelines.reports.status import rendered, status
from pipelines.stores.workspace import Workspace

NOW = datetime(2026, 7, 3, tzinfo=UTC)
IDENTITY = {
    "clicks": ("event_id", "visitor_id"),
    "redemptions": ("event_id", "order_id"),
    "orders": ("event_id", "order_id"),
    "post_metrics": ("event_id",),
}
NOT_STORED = ("ip", "made_up_field")


@pytest.fixture(scope="session")
def found(world):
    return status(world.workspace, world.settings, NOW)


@pytest.fixture(scope="session")
def lines(world) -> dict[str, dict[int, bytes]]:
    """Each topic's messages by offset, read by nothing of ours."""
    messages: dict[str, dict[int, bytes]] = {}
    for topic in IDENTITY:
        offset, messages[topic] = 0, {}
        for line in (world.workspace.topics / f"{topic}.ndjson").read_bytes().splitlines(keepends=True):
            if line.strip():
                messages[topic][offset] = line
            offset += len(line)
    return messages


@pytest.fixture(scope="session")
def valid(world, lines) -> dict[str, list[dict]]:
    """What each topic says in order, without what was rejected and clicks without consent."""
    rejected = {(row["topic"], row["offset"]) for row in world.workspace.lake.read("rejected_events").to_dicts()}
    said = {
        topic: [json.loads(line) for offset, line in messages.items() if (topic, offset) not in rejected]
        for topic, messages in lines.items()
    }
    said["clicks"] = [click for click in said["clicks"] if click.get("consent") is not False]
    return said


def test_every_line_is_landed_rejected_or_without_consent(found, lines, valid):
    for one in found.partitions:
        assert one.partition == 0
        assert one.landed + one.rejected + one.unconsented == len(lines[one.topic])
        assert one.landed == len(valid[one.topic])
    assert [one.topic for one in found.partitions] == list(IDENTITY)


def test_clicks_without_consent_and_unknown_fields_are_counted(found, lines, valid):
    clicks, *others = found.partitions
    denied = sum(b'"consent": false' in line or b'"consent":false' in line for line in lines["clicks"].values())
    assert clicks.unconsented == denied > 0
    assert clicks.with_unknown_fields == 1
    assert [one.with_unknown_fields for one in others] == [0, 0, 0]


def test_every_offset_is_at_the_end_of_its_file(found, world):
    for one, file in zip(found.partitions, found.files, strict=True):
        end = (world.workspace.topics / f"{one.topic}.ndjson").stat().st_size
        assert (one.landed_offset, one.attributed_offset) == (end, end)
        assert (one.rejected_offset or 0) <= end  # it moves with a block that has rejects
        assert (file.file, file.size, file.read, file.unread) == (f"{one.topic}.ndjson", end, end, 0)


def test_the_newest_instant_of_each_partition(found, valid):
    for one in found.partitions:
        instants = [datetime.fromisoformat(event["occurred_at"]) for event in valid[one.topic]]
        assert one.latest_occurred_at == max(instants)
        assert one.last_ingested_at >= datetime(2026, 7, 1, tzinfo=UTC)


def test_repeats_and_those_that_differ(found, valid):
    of_topics = {one.topic: one for one in found.repeats}
    for topic, identity in IDENTITY.items():
        one, events = of_topics[topic], defaultdict(list)
        for event in valid[topic]:
            events[tuple(event[name] for name in identity)].append(
                {name: value for name, value in event.items() if name not in NOT_STORED}
            )
        differing = sum(repeat != first for first, *repeats in events.values() for repeat in repeats)
        assert (one.messages, one.events) == (len(valid[topic]), len(events))
        assert one.repeats == one.messages - one.events > 0
        assert one.differing == differing


def test_some_repeat_differs_in_this_world(found):
    assert sum(one.differing for one in found.repeats) > 0


def test_rejects_by_reason_are_those_that_were_put_in(found, world):
    counted: Counter[str] = Counter()
    for one in found.rejects:
        counted[one.reason] += one.messages
    put_in = {slug: n for slug, n in world.simulated.faults.items() if slug in set(Reason)}
    put_in["bad_utf8"] += 1  # the one written by hand
    assert counted == put_in


def test_orders_and_how_many_are_settled(found, valid, world):
    placed: dict[str, datetime] = {}
    for event in valid["orders"]:
        if event["kind"] == "placed":
            at = datetime.fromisoformat(event["occurred_at"])
            placed[event["order_id"]] = min(at, placed.get(event["order_id"], at))
    newest = [max(datetime.fromisoformat(e["occurred_at"]) for e in events) for events in valid.values()]
    furthest = min(max(newest), datetime(2026, 7, 2, tzinfo=UTC))
    watermark = min(at for at in newest if furthest - at < timedelta(days=7)) - timedelta(minutes=5)
    assert found.watermark == watermark
    settled = sum(at + timedelta(days=7) <= watermark for at in placed.values())
    assert (found.orders.total, found.orders.settled) == (len(placed), settled)
    assert found.orders.provisional == len(placed) - settled > 0
    assert found.orders.without_placed == len({e["order_id"] for e in valid["orders"]} - set(placed)) == 1


def test_attributed_orders_are_those_with_a_claim_that_won(found, world):
    rows = (
        world.workspace.lake.read("order_attributions").sort("revision_key").unique("order_id", keep="last").to_dicts()
    )
    won = sum(any(claim["reason"] == "won" for claim in row["claims"]) for row in rows)
    claimed = sum(bool(row["claims"]) for row in rows)
    assert (found.orders.attributed, found.orders.unattributed) == (won, len(rows) - won)
    assert found.orders.without_winner == claimed - won


def test_table_sizes_are_those_on_disk(found, world):
    for table in found.tables:
        assert table.rows == world.workspace.lake.read(table.table).height
        files = list((world.workspace.root / "lake" / table.table).glob("**/*.parquet"))
        assert (table.files, table.bytes) == (len(files), sum(file.stat().st_size for file in files))


def test_runs_and_reference_version(found, world):
    assert found.epoch == 2
    assert found.reference_version == world.workspace.lake.read("reference_versions")["reference_version"][-1]
    assert found.problems == ()


def test_what_is_not_built_has_no_date(found, printed):
    assert set(msgspec.to_builtins(found.warehouse).values()) == {None}
    assert "Not built: run `codetrail build`." in printed(rendered(found))


def test_the_page_fits_100_columns(found, printed, unharmed):
    page = printed(rendered(found))
    unharmed(page)
    assert max(map(len, page.splitlines())) <= 100
    assert f"{found.orders.total:,}" in page


def test_new_lines_are_unread_until_the_next_run(world, tmp_path, printed):
    workspace = Workspace(tmp_path / "copy")
    shutil.copytree(world.workspace.root, workspace.root)
    with (workspace.topics / "orders.ndjson").open("a") as file:
        file.write("x" * 1233 + "\n")
    grown = status(workspace, world.settings, NOW)
    assert {file.topic: file.unread for file in grown.files}["orders"] == 1234
    assert "1.23 kB" in printed(rendered(grown))


def test_a_changed_file_and_other_settings_are_problems(world, tmp_path, printed):
    workspace = Workspace(tmp_path / "copy")
    shutil.copytree(world.workspace.root, workspace.root)
    (workspace.topics / "orders.ndjson").write_text("{}\n")
    other = world.settings.model_copy(update={"policy": "if_winner"})
    found = status(workspace, other, NOW)
    assert len(found.problems) == 2
    page = " ".join(printed(rendered(found)).split())
    assert "A topic file only grows" in page
    assert "the lake was made with" in page


def test_a_run_that_was_killed_is_seen(found, printed):
    clicks, *others = found.partitions
    killed = replace(found, partitions=(replace(clicks, attributed_offset=10), *others))
    assert "attributed up to 10; the next run catches up" in " ".join(printed(rendered(killed)).split())
    assert "catches up" not in printed(rendered(found))


def test_a_workspace_without_a_lake_shows_what_is_unread(tmp_path, world, printed):
    (tmp_path / "topics" / "clicks").mkdir(parents=True)
    with gzip.open(tmp_path / "topics" / "clicks" / "a.ndjson.gz", "wb") as file:
        file.write(b"{}\n" * 500)
    found = status(Workspace(tmp_path), world.settings, NOW)
    assert found.epoch is found.watermark is found.reference_version is None
    assert (found.orders.total, found.tables, found.partitions) == (0, (), ())
    assert [(file.file, file.size, file.unread) for file in found.files] == [("a.ndjson.gz", 1500, 1500)]
    assert "There is no lake yet" in printed(rendered(found))


def test_a_lake_that_lost_a_file_is_unavailable(world, tmp_path):
    workspace = Workspace(tmp_path / "copy")
    shutil.copytree(world.workspace.root, workspace.root)
    for file in (workspace.root / "lake" / "clicks").glob("*.parquet"):
        file.unlink()
    with pytest.raises(LakeUnavailable, match=r"cannot be read: .* ask again"):
        status(workspace, world.settings, NOW)


def test_a_damaged_verdict_is_a_problem_and_not_the_end(world, tmp_path):
    (tmp_path / "topics").mkdir()
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "check.json").write_text("{")
    (tmp_path / "warehouse" / "build.duckdb").write_bytes(b"")
    found = status(Workspace(tmp_path), world.settings, NOW)
    assert found.warehouse.built_at is not None
    assert "run `codetrail check` again" in found.problems[0]
