"""What an incremental build makes anew: the orders and visitors that something new may have moved."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.warehouse.data_driven import MODEL_SHARES
from pipelines.warehouse.lift import LIFT_INTERVALS

CHANGED = pa.schema([pa.field("order_id", pa.string())])
VISITORS = pa.schema([pa.field("visitor_id", pa.string())])
EARNERS = [pa.field("influencer_id", pa.string()), pa.field("campaign_id", pa.string())]
LINES = pa.schema(
    [pa.field("order_id", pa.string()), *EARNERS, pa.field("month", pa.date32()), pa.field("kind", pa.string())]
)
DAYS = pa.schema([*EARNERS, pa.field("day", pa.date32()), pa.field("model", pa.string())])
CLICK = [
    *EARNERS,
    pa.field("link_id", pa.string()),
    pa.field("reason", pa.string()),
    pa.field("is_bot", pa.bool_()),
    pa.field("occurred_at", pa.timestamp("us", "UTC")),
    pa.field("day", pa.date32()),
]
CLICKS = pa.schema([pa.field("event_id", pa.string()), pa.field("visitor_id", pa.string()), *CLICK])
CLICK_CHANGES = pa.schema([*CLICK, pa.field("change", pa.int64())])
"""The clicks that a link row matches and that are new, each with 1, and those in whose place they came, with -1."""
NOTHING = {
    "arrived_orders": CHANGED,
    "changed_orders": CHANGED,
    "changed_uses": CHANGED,
    "changed_visitors": VISITORS,
    "click_changes": CLICK_CHANGES,
    "clicks_of_changed_visitors": CLICKS,
    "former_model_shares": MODEL_SHARES,
    "former_lift_intervals": LIFT_INTERVALS,
    "former_lines": LINES,
    "former_days": DAYS,
}
"""The tables of the schema lake that say what changed; empty in a full build, where nobody reads them."""

SAYING = ("arrived_orders", "changed_orders", "changed_uses", "changed_visitors", "click_changes")
"""Those of them that are empty where nothing changed; the others repeat what the last build said."""

ARRIVED_ORDERS = "select distinct order_id from lake.arrived_attributions"

CHANGED_ORDERS = """
with touched as (
    select order_id from lake.arrived_orders
    union
    select order_id from arrived_events
),

customers as (  -- of one customer's orders which is the first
    select customer_id from lake.arrived_attributions
    union
    select customer_id from intermediate.int_current_attributions semi join touched using (order_id)
),

settling as (
    select order_id
    from intermediate.int_orders, lake.run_settings
    where (status = 'settled') != coalesce(ordered_at + to_hours(24 * lateness_days) <= $watermark, false)
)

select order_id from touched
union
select order_id from settling
union
select order_id from intermediate.int_current_attributions semi join customers using (customer_id)
"""

CHANGED_USES = """
select order_id from lake.changed_orders
union
select order_id from intermediate.int_current_attributions
where visitor_id in (select visitor_id from lake.arrived_clicks)
"""
"""The orders whose codes were come by in another way than was known; a click may say so that is nobody's claim."""

FORMER_LINES = """
select order_id, influencer_id, campaign_id, order_month as month, kind
from intermediate.int_commission_orders
semi join lake.changed_orders using (order_id)
"""
"""Of the ledger, where changed orders stood."""

FORMER_DAYS = """
select distinct influencer_id, campaign_id, day, model
from intermediate.int_credits
semi join lake.changed_orders using (order_id)
where influencer_id is not null
"""
"""The days to which changed orders were credited, with the models that did."""

CHANGED_VISITORS = """
select visitor_id from arriving
union
select visitor_id from lake.arrived_attributions
union
select visitor_id from intermediate.int_current_attributions semi join lake.arrived_orders using (order_id)
"""

FORMER_CLICKS = "select rowid as row_id, * from lake.resolved_clicks semi join lake.changed_visitors using (visitor_id)"

COUNTED = """
with known as (
    select event_id, visitor_id, partition, "offset" from former_clicks
    union
    select event_id, visitor_id, partition, "offset" from lake.unresolved_clicks
    semi join arriving using (event_id, visitor_id)
)

select arriving.* from arriving
left join known using (event_id, visitor_id)
where known.event_id is null
    or (arriving.partition, arriving."offset") < (known.partition, known."offset")
"""
"""Of the clicks that arrive those that count: a repeat does where it stands before the message that counted so far."""

REPLACED = "select * from former_clicks semi join counted using (event_id, visitor_id)"

CHANGES_OF_CLICKS = """
with changes as (
    select *, 1 as change from came
    union all by name
    select *, -1 as change from replaced
)

select {columns} from changes
"""

CLICKS_OF_CHANGED_VISITORS = """
select * exclude (row_id) from former_clicks anti join replaced using (row_id)
union all by name
from came
"""


def write_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables of NOTHING, empty."""
    for name, schema in NOTHING.items():
        connection.register("none", schema.empty_table())
        connection.execute(f"create table lake.{name} as select * from none")  # noqa: S608
        connection.unregister("none")


def write_changes(
    connection: duckdb.DuckDBPyConnection,
    order_files: Sequence[str],
    click_tables: Mapping[str, str],
    watermark: datetime | None,
) -> set[str]:
    """Fills the tables of NOTHING in the copy of the last build, whose lake.run_settings are still its own.

    Returns which of SAYING have rows.

    `lake.arrived_attributions`, `lake.arrived_clicks` and the view `arriving` of the clicks that arrived are there
    already, and come into lake.`click_tables`, each given with the query of its rows; `order_files` hold the order
    events that arrived.
    """
    read = (
        "select order_id from read_parquet($files)" if order_files else "select null::varchar as order_id where false"
    )
    connection.execute(
        f"create or replace temp table arrived_events as {read}", {"files": list(order_files)} if order_files else None
    )
    for name, query in {
        "former_model_shares": "from intermediate.int_model_shares",
        "former_lift_intervals": "from intermediate.int_lift_intervals",
        "arrived_orders": ARRIVED_ORDERS,
        "changed_visitors": CHANGED_VISITORS,
    }.items():
        connection.execute(f"create or replace table lake.{name} as {query}")
    _merge_clicks(connection, click_tables)
    connection.execute(f"create or replace table lake.changed_orders as {CHANGED_ORDERS}", {"watermark": watermark})
    for name, query in {
        "changed_uses": CHANGED_USES,
        "former_lines": FORMER_LINES,
        "former_days": FORMER_DAYS,
    }.items():
        connection.execute(f"create or replace table lake.{name} as {query}")
    return {name for name in SAYING if connection.execute(f"from lake.{name} limit 1").fetchall()}


def _merge_clicks(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Puts the clicks of the view `arriving` that count into lake.`tables`.

    What that changes of the resolved ones stays in lake.click_changes, and in lake.clicks_of_changed_visitors all that
    those have. The one scan of all clicks is that for FORMER_CLICKS.
    """
    resolved, unresolved = (tables[name].format(rows="counted") for name in ("resolved_clicks", "unresolved_clicks"))
    for name, query in {
        "former_clicks": FORMER_CLICKS,
        "counted": COUNTED,
        "replaced": REPLACED,
        "came": resolved,
    }.items():
        connection.execute(f"create or replace temp table {name} as {query}")
    changes = CHANGES_OF_CLICKS.format(columns=", ".join(CLICK_CHANGES.names))
    connection.execute(f"create or replace table lake.click_changes as {changes}")
    connection.execute(f"create or replace table lake.clicks_of_changed_visitors as {CLICKS_OF_CHANGED_VISITORS}")
    connection.execute("delete from lake.resolved_clicks where rowid in (select row_id from replaced)")
    connection.execute("insert into lake.resolved_clicks by name from came")
    connection.execute(
        "delete from lake.unresolved_clicks using counted"
        " where unresolved_clicks.event_id = counted.event_id and unresolved_clicks.visitor_id = counted.visitor_id"
    )
    connection.execute(f"insert into lake.unresolved_clicks {unresolved}")
