"""A shop worked out by hand, tests/golden/shop/README.md: its marts are what the document says, to the last row."""

import csv
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from pipelines.settings import load_settings
from pipelines.stores.rulebook import rulebook
from pipelines.stores.workspace import Workspace
from pipelines.testing import HASH_KEY, drain, write_topic
from pipelines.warehouse.build import build
from pipelines.warehouse.clicks import resolved_clicks
from pipelines.warehouse.history import HISTORY
from pipelines.warehouse.sources import BuildSettings
from pipelines.warehouse.suites import expectations_dir, load_suites
from pipelines.warehouse.versions import Version
from tests.warehouse.broken import broken

WORLD = Path(__file__).parent.parent / "golden" / "shop"
FIRST_RUN, PUBLISHED, SECOND_RUN = (datetime(2026, 4, day, tzinfo=UTC) for day in (11, 12, 13))

WORKED_OUT = {  # file of expected rows -> the rows that it is all of
    "fct_orders": "fct_orders",
    "fct_claims": "fct_claims",
    "fct_influencer_roi": "fct_influencer_roi where model = 'policy'",
    "fct_campaign_roi": "fct_campaign_roi where model = 'policy'",
    "net_revenue_by_model": "fct_influencer_roi",
    "fct_segment_roi": "fct_segment_roi where model = 'policy'",
    "fct_channel_benchmark": "fct_channel_benchmark",
    "fct_lift": "fct_lift",
    "fct_code_leaks": "fct_code_leaks",
    "fct_survey_answers": "fct_survey_answers",
    "fct_audience": "fct_audience",
    "fct_model_shares": "fct_model_shares where campaign_id = 'spring' and month = '2026-03-01'",
    "fct_influencer_day": "fct_influencer_day where model = 'policy' and day = '2026-03-31'",
    "int_costs_by_day": "intermediate.int_costs_by_day where cost_id = 'k10'",
    "fct_transitions": "fct_transitions where campaign_id = 'spring' and month = '2026-03-01'",
    "fct_commissions": "fct_commissions",
    "fct_pacing": "fct_pacing",
    "fct_deliverables": "fct_deliverables",
    "fct_post_performance": "fct_post_performance",
    "int_post_days": "intermediate.int_post_days where post_id = 'p1'",
    "fct_hashtags": "fct_hashtags",
    "fct_unknown_codes": "fct_unknown_codes",
    "fct_restatements": "fct_restatements where order_id in ('o04', 'o13') or version_to is null",
}


def build_marts(root: Path, now: datetime) -> Path:
    """What `codetrail --workspace ROOT build` does, at a fixed moment."""
    workspace = Workspace(root)
    settings = load_settings(workspace.settings_file, {})
    reference = workspace.reference(HASH_KEY)
    depends = BuildSettings(
        settings.reporting_currency, settings.lateness_days, settings.history_from, workspace.lake.watermark()
    )
    clicks = resolved_clicks(workspace.lake, rulebook(reference, settings).links)
    build(root, reference.tables, clicks, depends, now)
    return root / "warehouse" / "build.duckdb"


def remember_publication(root: Path) -> None:
    """Leaves in the history that what the first run attributed was published."""
    version = Version(
        version=1,
        published_at=PUBLISHED,
        fingerprint="-",
        as_of=FIRST_RUN,
        provisional_until=None,
        orders=16,
        provisional_orders=2,
        reporting_currency="USD",
        reporting_digits=2,
        rows={},
        attributed_until=FIRST_RUN,
        net_revenue=Decimal(982),  # the 957 of the document and the 25 that o04 gets back later
    )
    (root / "published").mkdir()
    (root / "published" / HISTORY).write_bytes(msgspec.json.encode(version) + b"\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The marts after two runs: the files `2-late` arrive when the first run's orders have been published."""
    root = tmp_path_factory.mktemp("golden") / "shop"
    shutil.copytree(WORLD, root, ignore=shutil.ignore_patterns("2-late.ndjson", "expected"))
    drain(root, now=FIRST_RUN)
    remember_publication(root)
    shutil.copytree(WORLD / "topics", root / "topics", dirs_exist_ok=True)
    drain(root, now=SECOND_RUN)
    with duckdb.connect(str(build_marts(root, SECOND_RUN)), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def told(value: Any, expected: str) -> str:
    """`expected` where it is what `value` says, to its decimals or as a fraction; otherwise what `value` says."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, float) and "/" in expected:
        return expected if value == pytest.approx(float(Fraction(expected)), abs=1e-12) else str(value)
    if isinstance(value, float) and expected:
        decimals = expected.partition(".")[2]
        near = Decimal(5).scaleb(-len(decimals) - 1) if decimals else Decimal(0)
        return expected if abs(Decimal(value) - Decimal(expected)) <= near else str(value)
    if isinstance(value, Decimal) and expected:
        return expected if value == Decimal(expected) else str(value)
    return str(value)


@pytest.mark.parametrize("name", WORKED_OUT)
def test_the_rows_are_those_of_the_document(shop, name):
    with (WORLD / "expected" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        columns, *expected = csv.reader(file)
    rows = shop.execute(f"select {', '.join(columns)} from {WORKED_OUT[name]} order by all").fetchall()
    assert len(rows) == len(expected), rows
    for row, wanted in zip(rows, expected, strict=True):
        found = [told(value, text) for value, text in zip(row, wanted, strict=True)]
        assert dict(zip(columns, found, strict=True)) == dict(zip(columns, wanted, strict=True))


def test_every_expected_file_is_compared():
    assert {file.stem for file in (WORLD / "expected").iterdir()} == set(WORKED_OUT)


def test_every_model_gives_away_all_that_was_ordered(shop):
    """832.00 to the influencers by each model, and 125.00 to nobody."""
    given = shop.execute(
        "select model, sum(net_revenue) filter (where influencer_id is not null), sum(net_revenue)"
        " from fct_credits group by model"
    ).fetchall()
    assert len(given) == 8
    assert {(credited, whole) for _, credited, whole in given} == {(Decimal(832), Decimal(957))}


def test_no_expectation_of_a_mart_finds_anything_wrong_with_it(shop):
    suites = [suite for suite in load_suites(expectations_dir()) if suite.table.startswith(("dim_", "fct_"))]
    assert broken(shop, suites) == {}


STATEMENTS = {
    "influencers": "influencer_id,handle,name,platform\nalex,@alex,Alex,instagram\n",
    "campaigns": "campaign_id,name,starts_at,ends_at,timezone,currency\n"
    "spring,Spring,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,UTC,USD\n",
    "codes": "code,influencer_id,campaign_id\nALEX20,alex,spring\n",
    "links": "link_id,influencer_id,campaign_id\n",
    "rate_card": "platform,content_type,cpm,cpe,currency\ninstagram,reel,10,0,USD\n",
}


@pytest.fixture(scope="module")
def statements(tmp_path_factory):
    """The marts of fifty orders of $100 with ALEX20, and of a post that was shown a million times at a $10 CPM."""
    root = tmp_path_factory.mktemp("statements")
    (root / "reference").mkdir()
    for name, text in STATEMENTS.items():
        (root / "reference" / f"{name}.csv").write_text(text, encoding="utf-8")
    at = {"occurred_at": "2026-03-10T12:00:00Z"}
    bought = {"kind": "placed", "currency": "USD", "subtotal": "100", "codes": ["ALEX20"]}
    write_topic(
        root,
        "orders",
        [{"event_id": f"p{k}", "order_id": f"o{k}", "visitor_id": f"v{k}"} | at | bought for k in range(50)],
    )
    seen = {"post_id": "p", "influencer_id": "alex", "platform": "instagram", "content_type": "reel"}
    write_topic(
        root, "post_metrics", [{"event_id": "m", "campaign_id": "spring", "impressions": 1_000_000} | at | seen]
    )
    drain(root, now=SECOND_RUN)
    with duckdb.connect(str(build_marts(root, SECOND_RUN)), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("mart", ["fct_influencer_roi", "fct_campaign_roi"])
def test_fifty_orders_of_a_hundred_dollars_show_five_thousand(statements, mart):
    found = statements.execute(f"select distinct orders, gross_revenue, net_revenue from {mart}").fetchall()
    assert found == [(50, Decimal(5000), Decimal(5000))]


@pytest.mark.parametrize("mart", ["fct_influencer_roi", "fct_campaign_roi", "fct_post_performance"])
def test_a_million_impressions_at_ten_dollars_show_ten_thousand(statements, mart):
    found = statements.execute(f"select distinct emv, impressions from {mart}").fetchall()
    assert found == [(Decimal(10_000), 1_000_000)]


def test_what_media_are_worth_is_no_revenue(statements):
    assert statements.execute("select distinct net_revenue, cost_total from fct_campaign_roi").fetchall() == [
        (Decimal(5000), Decimal(0))
    ]
