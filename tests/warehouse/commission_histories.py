"""Order histories in which times, currencies, codes and plans collide, and the models' own SQL run over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import strategies as st

from pipelines.rules.orders import OrderEvent
from tests.warehouse.commission_oracle import EPOCH, Books

GIVEN = {
    "staging": ("orders", "codes", "campaigns", "commission_plans", "fx_rates", "currencies", "run_settings"),
    "intermediate": ("orders", "current_attributions"),
}
MODELS = (
    "int_rates",
    *(f"int_commission_{part}" for part in ("plans", "orders", "tiers", "nets", "worths")),
    *("int_order_commissions", "int_commission_caps", "int_commission_entries"),
)


def at(month: int, day: int, hour: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, month, day, hour, microsecond=microsecond, tzinfo=UTC)


PLANS = [
    {"plan_id": "percent", "kind": "percent", "rate": Decimal("12.5"), "currency": "USD", "cap": Decimal("1.00")},
    {"plan_id": "usual", "kind": "percent", "rate": Decimal("7.3"), "cap": Decimal(40), "lock_days": 2},
    {"plan_id": "flat", "kind": "flat", "amount": Decimal(30), "currency": "JPY", "lock_days": 0},
    {"plan_id": "tiered", "kind": "tiered", "rate": Decimal(5), "currency": "EUR", "lock_days": 2},
    {
        "plan_id": "tiered",
        "kind": "tiered",
        "rate": Decimal("8.25"),
        "tier_from": Decimal("3.33"),
        "cap": Decimal("1.25"),
    },
    {"plan_id": "tiered", "kind": "tiered", "rate": Decimal(10), "tier_from": Decimal(9)},
    {"plan_id": "late", "kind": "tiered", "rate": Decimal(20), "tier_from": Decimal(7)},
]
CAMPAIGNS = [
    {"campaign_id": "spring", "timezone": "America/New_York", "currency": "USD", "commission_plan_id": "tiered"},
    {"campaign_id": "tokyo", "timezone": "Asia/Tokyo", "currency": "JPY", "commission_plan_id": "usual"},
    {"campaign_id": "bare", "timezone": "UTC", "currency": "USD"},
]
CODES = [
    {"normalised_code": "own", "commission_plan_id": "flat", "valid_to": at(3, 5, 12)},
    {"normalised_code": "own", "commission_plan_id": "percent", "valid_from": at(3, 5, 12)},
    {"normalised_code": "late", "commission_plan_id": "late"},
    {"normalised_code": "plain"},
]
RATES = [
    {"currency": "EUR", "rate_date": date(2026, 2, 1), "rate": Decimal("1.0837")},
    {"currency": "EUR", "rate_date": date(2026, 3, 5), "rate": Decimal("1.2")},
    {"currency": "JPY", "rate_date": date(2026, 3, 1), "rate": Decimal("0.0066667")},
]
CURRENCIES = {"USD": 100, "EUR": 100, "JPY": 1, "KWD": 1000}  # KWD has no rate, JPY none before March

TIMES = st.sampled_from(
    [
        at(2, 27),
        at(3, 1, 4, 999_999),  # of February in New York
        at(3, 1, 5),
        at(3, 4, 16),  # of the fifth in Tokyo
        *[at(3, 5, 12)] * 3,
        at(3, 5, 12, 1),
        at(3, 7, 12),  # locked to the microsecond
        at(3, 31, 16),  # of April in Tokyo
        at(4, 9),
    ]
)
AMOUNTS = st.sampled_from([0, 1, 333, 500, 901, 1234, 2500, 5000])
PRICED = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["placed", "amended"]),
        "currency": st.sampled_from(["USD", "USD", "USD", "EUR", "JPY", "KWD"]),
        "subtotal_minor": AMOUNTS,
        "discount_minor": st.sampled_from([0, 0, 7]),
    }
)
REFUNDED = st.fixed_dictionaries(
    {"kind": st.just("refunded"), "refund_amount": st.sampled_from(["1", "0.5", "4.25", "1.005", "50"])},
    optional={"currency": st.sampled_from(["USD", "EUR"])},
)
LATER = st.tuples(TIMES, PRICED | REFUNDED | REFUNDED | st.just({"kind": "cancelled"}))
CLAIMS = st.fixed_dictionaries(
    {
        "influencer_id": st.sampled_from(["ana", "ana", "ana", "ben"]),
        "campaign_id": st.sampled_from(["spring", "spring", "spring", "tokyo", "bare"]),
        "code": st.sampled_from(["own", "plain", "late", None, None, None]),
        "occurred_at": TIMES,
        "reason": st.sampled_from(["won", "won", "won", "outranked", "code_compromised", "self_purchase"]),
    }
)
ORDERS = st.tuples(TIMES, PRICED, st.lists(LATER, max_size=3), st.lists(CLAIMS, min_size=1, max_size=3))


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Some orders, each placed at some time, most of them won by somebody."""
    events, claims, winners = {}, {}, {}
    for number, (placed_at, placed, later, claimed) in enumerate(draw(st.lists(ORDERS, min_size=5, max_size=9))):
        order_id = f"o{number}"
        told = [(placed_at, {**placed, "kind": "placed"}), *later]
        events[order_id] = [
            OrderEvent(order_id, f"e{draw(st.integers(0, 9))}-{n}", _microseconds(moment), **fields)
            for n, (moment, fields) in enumerate(told)
        ]
        claims[order_id], winners[order_id] = _claims_of(order_id, claimed)
    watermark = draw(st.sampled_from([None, at(3, 8, 12), at(4, 1, 3), at(4, 1, 4), at(6, 1)]))
    won = {order: winner for order, winner in winners.items() if winner}
    return Books(events, won, claims, filled(PLANS, "plans"), filled(CAMPAIGNS, "campaigns"), filled(CODES, "codes"),
                 RATES, "USD", 7, watermark)  # fmt: skip


COLUMNS = {
    "plans": ("plan_id", "kind", "rate", "amount", "currency", "cap", "tier_from", "lock_days"),
    "campaigns": ("campaign_id", "timezone", "currency", "commission_plan_id"),
    "codes": ("normalised_code", "commission_plan_id", "valid_from", "valid_to"),
}


def filled(rows: list[dict[str, Any]], table: str) -> list[dict[str, Any]]:
    return [{column: row.get(column) for column in COLUMNS[table]} for row in rows]


def _claims_of(order_id: str, claimed: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Claims of which one at most won; a click cannot leak."""
    claims: list[dict[str, Any]] = []
    winner = None
    for number, claim in enumerate(claimed):
        kind = "code" if claim["code"] else "link"
        reason = claim["reason"]
        if (reason == "won" and winner) or (reason == "code_compromised" and kind == "link"):
            reason = "outranked"
        claims.append({**claim, "kind": kind, "claim_id": f"{order_id}-{number}", "reason": reason})
        winner = (kind, f"{order_id}-{number}") if reason == "won" else winner
    return claims, winner


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // datetime.resolution


@dataclass(frozen=True)
class Ledger:
    """The compiled models of a build, to be run over made-up tables of the same columns."""

    sql: Mapping[str, str]
    schemas: Mapping[str, pa.Schema]

    @classmethod
    def of(cls, root: Path) -> "Ledger":
        """Of the build of a workspace."""
        compiled = root / "warehouse" / "dbt" / "target" / "compiled" / "codetrail" / "models"
        sql = {name: (compiled / "intermediate" / f"{name}.sql").read_text(encoding="utf-8") for name in MODELS}
        sql["fct_commissions"] = (compiled / "marts" / "fct_commissions.sql").read_text(encoding="utf-8")
        with duckdb.connect(str(root / "warehouse" / "build.duckdb"), read_only=True) as connection:
            schemas = {
                name: connection.sql(f"select * from {name} limit 0").to_arrow_table().schema for name in _names()
            }
        return cls(sql, schemas)

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute("attach ':memory:' as build; set TimeZone = 'UTC'; set threads = 1")
        for schema in GIVEN:
            connection.execute(f"create schema build.{schema}")
        return connection

    def run(self, connection: duckdb.DuckDBPyConnection, books: Books) -> None:
        """Leaves `build.fct_commissions` as dbt would build it from the books."""
        for name, rows in _tables_of(books).items():
            connection.register("arriving", pa.Table.from_pylist(rows, schema=self.schemas[name]))
            connection.execute(f"create or replace table build.{name} as select * from arriving")
            connection.unregister("arriving")
        for name, query in self.sql.items():
            place = "build.main" if name == "fct_commissions" else "build.intermediate"
            connection.execute(f"create or replace table {place}.{name} as {query}")


def _names() -> list[str]:
    prefix = {"staging": "stg", "intermediate": "int"}
    return [f"{schema}.{prefix[schema]}_{name}" for schema, names in GIVEN.items() for name in names]


def _tables_of(books: Books) -> dict[str, list[dict[str, Any]]]:
    orders = []
    for order_id, (kind, claim_id) in {**dict.fromkeys(books.claims, (None, None)), **books.winners}.items():
        won = next((claim for claim in books.claims[order_id] if claim["claim_id"] == claim_id), {})
        placed = min(event.occurred_at for event in books.events[order_id] if event.kind == "placed")
        orders.append(
            {
                "order_id": order_id,
                "ordered_at": placed,
                "status": "settled",
                "winner_kind": kind,
                "winner_claim_id": claim_id,
                "winner_influencer_id": won.get("influencer_id"),
                "winner_campaign_id": won.get("campaign_id"),
            }
        )
    setting = {"reporting_currency": "USD", "lateness_days": books.lateness_days, "watermark": books.watermark}
    events = [event for told in books.events.values() for event in told]
    rows = {
        "orders": [{name: getattr(event, name) for name in event.__struct_fields__} for event in events],
        "codes": books.codes,
        "campaigns": books.campaigns,
        "commission_plans": books.plans,
        "fx_rates": books.rates,
        "currencies": [{"currency": currency, "units": units} for currency, units in CURRENCIES.items()],
        "run_settings": [setting],
    }
    made = {f"staging.stg_{name}": content for name, content in rows.items()}
    attributions = [{"order_id": order_id, "claims": claims} for order_id, claims in books.claims.items()]
    return {**made, "intermediate.int_orders": orders, "intermediate.int_current_attributions": attributions}
