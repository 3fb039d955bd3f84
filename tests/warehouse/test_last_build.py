"""Going on from the last build: the same rows as all of it anew, and no going on where more than events changed."""

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.failures import CheckFailed, LakeUnavailable
from pipelines.simulate.world import simulate
from pipelines.testing import CLOCK, drain, write_topic
from pipelines.warehouse.history import HISTORY, PUBLISHED_VERSIONS
from pipelines.warehouse.last_build import BUILD, MADE_OF, basis_of, remember, since_last_build
from pipelines.warehouse.sources import files_of
from tests.warehouse.growing_shop import (
    SETTINGS,
    UNTIL,
    build_shop,
    click_of_a_link,
    kept,
    late_events,
    publish_by_hand,
)
from tests.warehouse.same_rows import OF_THE_WAY, differing_tables, rows_of

HELD_BACK = 0.4  # of each topic's lines
OF_THE_RUN = {"revision_key", "computed_at", "fct_restatements"}  # they tell how an order came to what it is
NO_VERSION = PUBLISHED_VERSIONS.empty_table()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop built, its later messages landed, and built again: the folder, and what the second build said."""
    root = tmp_path_factory.mktemp("shop")
    simulate(root, seed=5, orders=400, faults="mild", until=UNTIL)
    for topic in ("clicks", "orders"):
        (root / "topics" / topic).mkdir()
        (root / "topics" / f"{topic}.ndjson").rename(root / "topics" / topic / "0.ndjson")
    write_topic(root, "clicks/1", [click_of_a_link(root, 0)])
    placed = {"event_id": "unmade", "order_id": "unmade", "kind": "placed", "currency": "USD", "subtotal": "5"}
    write_topic(root, "orders/1", [placed | {"occurred_at": "2026-03-20T00:00:00Z"}])
    held_back = {}
    topics = root / "topics"
    for topic in [*topics.glob("*.ndjson"), *topics.glob("*/0.ndjson")]:
        lines = topic.read_bytes().splitlines(keepends=True)
        cut = round(len(lines) * (1 - HELD_BACK))
        topic.write_bytes(b"".join(lines[:cut]))
        held_back[topic] = lines[cut:]
    drain(root)
    assert not build_shop(root).is_incremental
    publish_by_hand(root, 1)
    late_events(root)
    for topic, lines in held_back.items():
        with topic.open("ab") as stream:
            stream.writelines(lines)
    drain(root, now=CLOCK + timedelta(hours=1))
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
        referred = connection.execute(
            "select count(*) from intermediate.int_code_uses where is_from_coupon_site and order_id not in "
            "(select order_id from lake.changed_orders)"
        ).fetchall()
        posts = connection.execute("select caption, disclosed_by from dim_post where post_id = 'late'").fetchall()
        unrevised = connection.execute(
            "select count(*) from lake.changed_orders anti join lake.arrived_orders using (order_id)"
        ).fetchall()
        of_tiers, lines, ledger = connection.execute(
            "select (select count(*) from intermediate.int_recounted_lines anti join lake.changed_orders"
            " using (order_id)), (select count(*) from intermediate.int_recounted_lines),"
            " (select count(*) from intermediate.int_commission_orders)"
        ).fetchall()[0]
        replaced = connection.execute(
            "select change, count(*) > 1 from lake.click_changes group by 1 order by 1"
        ).fetchall()
    assert 0 < changed < orders
    assert unrevised > [(0,)]  # settled, or no longer its customer's first
    assert 0 < of_tiers < lines < ledger
    assert replaced == [(-1, False), (1, True)]  # the first message of a click may be read last
    assert referred > [(0,)]
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


def test_what_moved_stands_between_the_versions_that_were_published_meanwhile(shop, anew):
    root = shop[0]
    before = (root / "published" / HISTORY).read_bytes()
    publish_by_hand(root, 2)
    assert build_shop(root).is_incremental
    going_on = kept(root, "published_again")
    build_shop(root, full_refresh=True)
    assert differing_tables(going_on, root / "warehouse" / BUILD) == []
    with duckdb.connect(str(going_on), read_only=True) as connection:
        moved = dict(connection.execute("select version_to, count(*) from fct_restatements group by all").fetchall())
    assert moved.keys() == {1, 2}
    (root / "published" / HISTORY).write_bytes(before)  # whoever tests next finds the build as it was
    assert not build_shop(root).is_incremental
    assert differing_tables(root / "warehouse" / BUILD, anew) == []


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
            build_shop(root, full_refresh=True)
        spoilt.write_bytes(content)
    assert (root / "warehouse" / BUILD).read_bytes() == before
    again = build_shop(root)
    assert (again.is_incremental, again.models) == (True, 0)
    assert differing_tables(root / "warehouse" / BUILD, anew) == []


@pytest.fixture
def built(tmp_path):
    """A folder with a build and what it was made of: two files of each table that only grows."""
    (tmp_path / BUILD).write_bytes(b"a build")
    files = {"clicks": ["c1", "c2"], "orders": ["o1", "o2"], "order_attributions": ["a1", "a2"]}
    files |= {"post_metrics": ["p1"], "reference_versions": ["r1"]}
    remember(tmp_path, "basis", files, NO_VERSION)
    return tmp_path, files


def test_only_files_that_were_not_there_are_new(built):
    root, files = built
    more = files | {"orders": ["o1", "o2", "o3"], "post_metrics": ["p2"]}
    found = since_last_build(root, "basis", more, NO_VERSION)
    assert found.new == {name: [] for name in files} | {"orders": ["o3"], "post_metrics": ["p2"]}
    assert found.moved == {"orders", "post_metrics"}
    assert not found.is_republished


@pytest.mark.parametrize("table", ["clicks", "orders", "order_attributions"])
def test_a_file_that_is_gone_as_after_a_compaction_begins_anew(built, table):
    root, files = built
    assert since_last_build(root, "basis", files | {table: ["compacted"]}, NO_VERSION) is None


@pytest.mark.parametrize(
    ("before", "now", "goes_on"),
    [
        ([], [], True),
        ([], [5], True),
        ([5], [5, 5, 9], True),
        ([5, 9], [5], False),  # a line was taken out of the history
        ([5], [9], False),
        ([5], [5, 3], False),  # counted until before what the last build knew
    ],
)
def test_versions_that_were_not_published_one_after_the_other_begin_anew(built, before, now, goes_on):
    root, files = built

    def published(counted_until):
        instants = pa.array(counted_until, pa.int64()).cast(PUBLISHED_VERSIONS.field("attributed_until").type)
        return pa.table({"attributed_until": instants})

    remember(root, "basis", files, published(before))
    assert (since_last_build(root, "basis", files, published(now)) is not None) == goes_on


def test_another_basis_a_touched_build_and_no_build_begin_anew(built):
    root, files = built
    assert since_last_build(root, "another", files, NO_VERSION) is None
    os.utime(root / BUILD, ns=(0, 0))
    assert since_last_build(root, "basis", files, NO_VERSION) is None
    remember(root, "basis", files, NO_VERSION)
    assert since_last_build(root, "basis", files, NO_VERSION) is not None
    (root / MADE_OF).write_bytes(b"{")
    assert since_last_build(root, "basis", files, NO_VERSION) is None
    (root / MADE_OF).unlink()
    assert since_last_build(root, "basis", files, NO_VERSION) is None


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
