"""The commission ledger: every entry of a simulated shop and of colliding histories is what a plain oracle says."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from pipelines.rules.money import minor_digits
from pipelines.rules.orders import OrderEvent
from pipelines.simulate.world import simulate
from pipelines.stores.workspace import Workspace
from pipelines.testing import CLOCK, HASH_KEY, drain
from pipelines.warehouse.build import build
from pipelines.warehouse.build import test as data_tests
from pipelines.warehouse.sources import BuildSettings
from pipelines.warehouse.suites import expectations_dir, load_suites
from tests.warehouse.broken import open_to_damage
from tests.warehouse.commission_histories import COLUMNS, Ledger, books
from tests.warehouse.commission_oracle import EPOCH, Books, Entry, owed
from tests.warehouse.tokyo_world import resolved_clicks

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
PLANS = """\
plan_id,kind,rate,amount,currency,cap,tier_from,lock_days
percent-8,percent,8,,,25,,30
percent-12,percent,12.5,,USD,30,,
flat-3,flat,,3.000,KWD,,,14
tiered,tiered,5,,EUR,,0,7
tiered,tiered,8.5,,EUR,,50,
tiered,tiered,10,,EUR,,200.5,
"""
ENTRIES = """
select order_id, influencer_id, campaign_id, plan_id, month, cause, entered_at, amount, commission, state,
    is_clawback, currency
from fct_commissions
"""


def entries_of(connection: duckdb.DuckDBPyConnection, query: str = ENTRIES) -> list[Entry]:
    found = []
    for *place, amount, commission, state, is_clawback, currency in connection.execute(query).fetchall():
        place[-1] = place[-1].astimezone(UTC)
        digits = minor_digits(currency)
        minor = None if amount is None else int(amount.scaleb(digits))
        found.append(
            Entry(*place, minor, None if commission is None else int(commission.scaleb(2)), state, is_clawback)
        )
    return sorted(found, key=repr)


def read_books(connection: duckdb.DuckDBPyConnection, watermark: datetime | None) -> Books:
    """The books of a build, from the lake's own messages and the reference data as they stand in it."""

    def rows(query: str) -> list[dict]:
        read = connection.execute(query)
        names = [column[0] for column in read.description]
        return [dict(zip(names, row, strict=True)) for row in read.fetchall()]

    events: dict[str, dict[str, OrderEvent]] = {}
    names = ["order_id", "event_id", "occurred_at", "kind", "currency", "subtotal_minor", "discount_minor"]
    for row in rows(f'select {", ".join(names)}, refund_amount from lake.orders order by partition, "offset"'):
        row["occurred_at"] = (row["occurred_at"] - EPOCH) // timedelta(microseconds=1)
        events.setdefault(row["order_id"], {}).setdefault(row["event_id"], OrderEvent(**row))
    orders = rows("select order_id, winner_kind, winner_claim_id from fct_orders")
    claims: dict[str, list[dict]] = {row["order_id"]: [] for row in orders}
    for row in rows("select * from fct_claims"):
        claims[row["order_id"]].append(row)
    return Books(
        events={order_id: list(told.values()) for order_id, told in events.items()},
        winners={row["order_id"]: (row["winner_kind"], row["winner_claim_id"]) for row in orders},
        claims=claims,
        plans=rows(f"select {', '.join(COLUMNS['plans'])} from reference.commission_plans"),
        campaigns=rows("select * from reference.campaigns"),
        codes=rows("select * from reference.codes"),
        rates=rows("select * from reference.fx_rates"),
        reporting_currency="USD",
        lateness_days=7,
        watermark=watermark,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A hostile world whose plans have tiers and caps that its few orders reach."""
    root = tmp_path_factory.mktemp("shop")
    simulate(root, seed=11, orders=900, faults="hostile", until=UNTIL)
    (root / "reference" / "commission_plans.csv").write_text(PLANS, encoding="utf-8")
    drain(root)
    workspace = Workspace(root)
    kept = BuildSettings("USD", lateness_days=7, watermark=workspace.lake.watermark())
    build(root, workspace.reference(HASH_KEY).tables, resolved_clicks([]), kept, CLOCK)
    return root


@pytest.fixture(scope="module")
def built(shop):
    with duckdb.connect(str(shop / "warehouse" / "build.duckdb"), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def test_every_entry_of_a_hostile_shop_is_the_oracle_s(shop, built):
    told = read_books(built, Workspace(shop).lake.watermark()).ledger()
    entries = entries_of(built)
    assert {entry.cause for entry in entries} == {"order", "amendment", "refund", "cancellation", "void", "cap"}
    assert {entry.state for entry in entries} == {"pending", "locked", "payable", "reversed"}
    assert any(entry.is_clawback for entry in entries)
    assert entries == sorted(told, key=repr)
    assert owed(entries) == owed(told)


def test_a_day_holds_what_was_entered_on_it(built):
    apart = built.execute(
        "select *"
        " from (select influencer_id, campaign_id, day, sum(commission) as owed from fct_commissions group by all)"
        " full join intermediate.int_commissions_by_day using (influencer_id, campaign_id, day)"
        " where owed * 100 is distinct from reporting_minor or has_unpriced"
    ).fetchall()
    assert apart == []


@pytest.fixture(scope="module")
def ledger(shop):
    models = Ledger.of(shop)
    with models.connect() as connection:
        yield lambda books: (
            models.run(connection, books),
            entries_of(connection, ENTRIES.replace("from ", "from build.")),
        )[1]


@given(books())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_every_entry_of_colliding_histories_is_the_oracle_s(ledger, told):
    expected = told.ledger()
    entries = ledger(told)
    assert entries == sorted(expected, key=repr)
    assert owed(entries) == owed(expected)


def test_an_entry_changed_by_a_cent_fails_the_data_tests(shop, tmp_path):
    copy = shutil.copytree(shop / "warehouse", tmp_path / "warehouse").parent
    with open_to_damage(copy / "warehouse" / "build.duckdb") as connection:
        changed = "(select max(entry_id) from fct_commissions where cause = 'order' and currency = 'USD')"
        more = "amount = amount + 0.01, commission = commission + 0.01"
        connection.execute(f"update fct_commissions set {more} where entry_id = {changed}")
        models = connection.execute("select count(*) from intermediate.int_models").fetchall()[0][0]
    found = {finding.expectation: finding for finding in data_tests(copy) if "commission" in finding.expectation}
    assert {name: (finding.severity, finding.broken) for name, finding in found.items()} == {
        "commissions_sum_to_what_is_owed": ("block", 1),
        "commissions_are_in_the_roi_marts": ("block", models),
    }


DAMAGE = [
    ("commission = null where cause = 'cap'", "every entry has an exchange rate"),
    ("order_id = 'nobody' where cause = 'amendment'", "every entry is of a known order, or a cap"),
    ("amount = -amount where cause = 'refund'", "what takes away is never positive"),
    ("amount = -amount where cause = 'order'", "an order never costs its influencer"),
    ("amount = 0 where cause = 'void'", "what is void or reversed cancels out"),
    ("amount = amount - 0.01 where cause = 'cap'", "a cap takes away no more than the excess"),
    ("amount = amount + 0.01 where cause = 'cap'", "a month is owed at most its cap"),
    ("entry_id = 'one' where cause = 'void'", "keys are unique"),
    ("state = 'payable' where cause = 'order' and state = 'locked'", "nothing is payable before its month is over"),
    ("state = 'payable' where cause = 'order' and state = 'reversed'", "an order's entries share one state"),
    (
        "influencer_id = 'another' where cause = 'order' and state = 'payable'",
        "every order won under a plan is in the ledger",
    ),
    ("commission = commission + 0.01 where cause = 'void'", "days are the sums of their entries"),
]


@pytest.fixture(scope="module")
def checked(shop, tmp_path_factory):
    """Which expectations of the ledger's suite the shop breaks once its ledger was updated so."""
    copy = shutil.copy(shop / "warehouse" / "build.duckdb", tmp_path_factory.mktemp("damaged"))
    (suite,) = (suite for suite in load_suites(expectations_dir()) if suite.table == "fct_commissions")

    def broken(update: str) -> set[str]:
        found = set()
        with open_to_damage(copy) as connection:
            connection.execute("begin")
            connection.execute(f"update fct_commissions set {update}")
            for batch in suite.batches:
                for expectation in batch.expectations:
                    count = f"select count(*) from ({batch.sql}) where {expectation.broken_by()}"
                    if connection.execute(count).fetchall() != [(0,)]:
                        found.add(expectation.name)
            connection.execute("rollback")
        return found

    return broken


def test_the_suite_holds_on_a_sound_ledger(checked):
    assert checked("amount = amount") == set()


@pytest.mark.parametrize(("update", "expectation"), DAMAGE)
def test_a_damaged_ledger_breaks_its_suite(checked, update, expectation):
    assert expectation in checked(update)
