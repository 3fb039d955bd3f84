"""Going on from the last build: the same rows as all of it anew, and no going on where more than events changed."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.failures import CheckFailed, LakeUnavailable
from pipelines.settings import load_settings
from pipelines.simulate.world import simulate
from pipelines.stores.rulebook import rulebook
from pipelines.stores.workspace import Workspace
from pipelines.testing import CLOCK, HASH_KEY, current_attributions, drain, write_topic
from pipelines.warehouse.build import BuildResult, build
from pipelines.warehouse.clicks import resolved_clicks
from pipelines.warehouse.last_build import BUILD, MADE_OF, basis_of, new_files, remember
from pipelines.warehouse.sources import BuildSettings, files_of
from tests.warehouse.same_rows import OF_THE_WAY, differing_tables, rows_of

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
HELD_BACK = 0.4  # of each topic's lines
OF_THE_RUN = {"revision_key", "computed_at", "fct_restatements"}  # they tell how an order came to what it is
SETTINGS = BuildSettings("USD", lateness_days=7, history_from=datetime(2026, 1, 1, tzinfo=UTC))


def build_shop(root: Path, *, full_refresh: bool = False) -> BuildResult:
    workspace = Workspace(root)
    reference = workspace.reference(HASH_KEY)
    links = rulebook(reference, load_settings(workspace.settings_file, {})).links
    settings = replace(SETTINGS, watermark=workspace.lake.watermark())
    clicks = partial(resolved_clicks, workspace.lake, links)
    return build(root, reference.tables, clicks, settings, CLOCK, full_refresh=full_refresh)


def kept(root: Path, name: str) -> Path:
    """A copy of the build as it is now, of the same name: views name the database by it."""
    (root / name).mkdir()
    return Path(shutil.copy(root / "warehouse" / BUILD, root / name))


def late_events(root: Path) -> None:
    """What moves orders of the last build: a customer's earlier one, a click, an amendment, a refund, a tombstone."""
    orders = current_attributions(Workspace(root).lake).to_dicts()
    bought = [order for order in orders if order["net_minor"] and order["customer_id"] and order["visitor_id"]]
    refunded, amended, cancelled, clicked = bought[:4]
    claim = next(claim for order in orders for claim in order["claims"] if claim["kind"] == "link" and claim["valid"])

    def event(order: dict[str, Any], kind: str, **told: Any) -> dict[str, Any]:
        at = (order["ordered_at"] + timedelta(hours=1)).isoformat()
        return {"event_id": f"late-{kind}", "occurred_at": at, "order_id": order["order_id"], "kind": kind} | told

    earlier = {"event_id": "earlier", "order_id": "earlier", "kind": "placed", "customer_id": amended["customer_id"]}
    at = (amended["ordered_at"] - timedelta(days=1)).isoformat()
    events = [
        event(refunded, "refunded", refund_amount="1"),
        event(amended, "amended", currency=amended["currency"], subtotal="77"),
        event(cancelled, "cancelled"),
        earlier | {"occurred_at": at, "currency": "USD", "subtotal": "9.90"},
        {"event_id": "unmade", "occurred_at": at, "order_id": "unmade", "kind": "cancelled"},
    ]
    write_topic(root, "orders/0", events)
    seen = (clicked["ordered_at"] - timedelta(minutes=1)).isoformat()
    click = {"event_id": "late-click", "visitor_id": clicked["visitor_id"], "url": "https://shop.example/"}
    write_topic(root, "clicks", [click | {"occurred_at": seen, "link_id": claim["link_id"]}])
    post = {"event_id": "late-post", "post_id": "late", "influencer_id": claim["influencer_id"], "occurred_at": seen}
    write_topic(root, "post_metrics", [post | {"platform": "tiktok", "content_type": "video", "caption": "New! #ａｄ"}])


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop built, its later messages landed, and built again: the folder, and what the second build said."""
    root = tmp_path_factory.mktemp("shop")
    simulate(root, seed=5, orders=400, faults="mild", until=UNTIL)
    (root / "topics" / "orders").mkdir()
    (root / "topics" / "orders.ndjson").rename(root / "topics" / "orders" / "0.ndjson")
    placed = {"event_id": "unmade", "order_id": "unmade", "kind": "placed", "currency": "USD", "subtotal": "5"}
    write_topic(root, "orders/1", [placed | {"occurred_at": "2026-03-20T00:00:00Z"}])
    held_back = {}
    for topic in (root / "topics" / "orders" / "0.ndjson", *(root / "topics").glob("*.ndjson")):
        lines = topic.read_bytes().splitlines(keepends=True)
        cut = round(len(lines) * (1 - HELD_BACK))
        topic.write_bytes(b"".join(lines[:cut]))
        held_back[topic] = lines[cut:]
    drain(root)
    assert not build_shop(root).is_incremental
    late_events(root)
    for topic, lines in held_back.items():
        with topic.open("ab") as stream:
            stream.writelines(lines)
    drain(root)
    return root, build_shop(root)


@pytest.fixture(scope="module")
def going_on(shop):
    return kept(shop[0], "going_on")


@pytest.fixture(scope="module")
def anew(shop, going_on):
    assert not build_shop(shop[0], full_refresh=True).is_incremental
    return kept(shop[0], "anew")


def test_what_new_events_moved_is_made_anew_and_every_table_is_as_in_a_full_refresh(shop, going_on, anew):
    assert shop[1].is_incremental
    assert differing_tables(going_on, anew) == []
    with duckdb.connect(str(going_on), read_only=True) as connection:
        changed, orders = connection.execute(
            "select (select count(*) from lake.changed_orders), (select count(*) from fct_orders)"
        ).fetchall()[0]
        unmade = connection.execute("select count(*) from fct_credits where order_id = 'unmade'").fetchall()
        clicks = connection.execute("select count(*) from fct_claims where claim_id = 'late-click'").fetchall()
        posts = connection.execute("select caption, disclosed_by from dim_post where post_id = 'late'").fetchall()
    assert 0 < changed < orders
    assert (unmade, clicks, posts) == ([(0,)], [(1,)], [("New! #ａｄ", "#ad")])


def test_the_same_messages_shuffled_end_in_the_same_marts(shop, anew, tmp_path):
    shutil.copytree(shop[0] / "reference", tmp_path / "reference")
    shutil.copytree(shop[0] / "topics", tmp_path / "topics")
    for topic in (tmp_path / "topics").rglob("*.ndjson"):
        topic.write_bytes(b"".join(reversed(topic.read_bytes().splitlines(keepends=True))))
    drain(tmp_path)
    build_shop(tmp_path)
    shuffled, ours = (
        {name: rows for name, rows in rows_of(file, OF_THE_WAY | OF_THE_RUN).items() if name.startswith("main.")}
        for file in (tmp_path / "warehouse" / BUILD, anew)
    )
    assert shuffled == ours


def test_a_build_that_fails_leaves_the_last_one_to_go_on_from_and_nothing_new_changes_nothing(shop, anew):
    root = shop[0]
    before = (root / "warehouse" / BUILD).read_bytes()
    for table, failure, told in (
        ("order_attributions", CheckFailed, "dbt could not run"),
        ("post_metrics", LakeUnavailable, "post_metrics of the lake cannot be read"),
    ):
        spoilt, *_ = (root / "lake" / table).glob("*.parquet")
        content = spoilt.read_bytes()
        half = len(content) // 2
        spoilt.write_bytes(bytes(half) + content[half:])  # what it holds is still told at its end
        with pytest.raises(failure, match=told):
            build_shop(root)
        spoilt.write_bytes(content)
    assert (root / "warehouse" / BUILD).read_bytes() == before
    assert build_shop(root).is_incremental
    assert differing_tables(root / "warehouse" / BUILD, anew) == []


@pytest.fixture
def built(tmp_path):
    """A folder with a build and what it was made of: two files of each table that only grows."""
    (tmp_path / BUILD).write_bytes(b"a build")
    files = {"clicks": ["c1", "c2"], "orders": ["o1", "o2"], "order_attributions": ["a1", "a2"]}
    files |= {"post_metrics": ["p1"], "reference_versions": ["r1"]}
    remember(tmp_path, "basis", files)
    return tmp_path, files


def test_only_files_that_were_not_there_are_new(built):
    root, files = built
    more = files | {"orders": ["o1", "o2", "o3"], "post_metrics": ["p2"]}
    found = new_files(root, "basis", more)
    assert found == {name: [] for name in files} | {"orders": ["o3"], "post_metrics": ["p2"]}


@pytest.mark.parametrize("table", ["clicks", "orders", "order_attributions"])
def test_a_file_that_is_gone_as_after_a_compaction_begins_anew(built, table):
    root, files = built
    assert new_files(root, "basis", files | {table: ["compacted"]}) is None


def test_another_basis_a_touched_build_and_no_build_begin_anew(built):
    root, files = built
    assert new_files(root, "another", files) is None
    os.utime(root / BUILD, ns=(0, 0))
    assert new_files(root, "basis", files) is None
    remember(root, "basis", files)
    assert new_files(root, "basis", files) is not None
    (root / MADE_OF).write_bytes(b"{")
    assert new_files(root, "basis", files) is None
    (root / MADE_OF).unlink()
    assert new_files(root, "basis", files) is None


def test_the_basis_is_reference_data_and_settings_and_not_the_watermark(built):
    _, files = built
    reference = {"codes": pa.table({"code": ["ANA10"]})}
    basis = basis_of(reference, SETTINGS, files)
    assert basis_of(reference, replace(SETTINGS, watermark=CLOCK), files) == basis
    others = [
        basis_of({"codes": pa.table({"code": ["ANA11"]})}, SETTINGS, files),
        basis_of(reference, replace(SETTINGS, reporting_currency="EUR"), files),
        basis_of(reference, replace(SETTINGS, lateness_days=8), files),
        basis_of(reference, SETTINGS, files | {"reference_versions": ["r1", "r2"]}),
    ]
    assert len({basis, *others}) == 5


def test_the_lake_s_files_are_listed_by_absolute_path(shop):
    files = files_of(shop[0] / "lake" / "orders")
    assert files
    assert all(Path(file).is_absolute() for file in files)
