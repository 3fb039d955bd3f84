"""A large lake made of a small one: its orders, their events and their clicks once more under other ids, many times."""

import shutil

import duckdb
from deltalake import CommitProperties, Transaction, WriterProperties, write_deltalake

from pipelines.stores.compaction import ROW_GROUP
from pipelines.stores.lake import WATERMARK, Lake
from pipelines.stores.naming import FILE as NAMES
from pipelines.stores.tables import TABLES

BATCH_ROWS = 200_000
STEP = 1_000_000_000_000  # between the offsets of two copies
IDS = ("event_id", "order_id", "visitor_id", "customer_id", "winner_claim_id")
CHOSEN = "order_id in (select order_id from chosen)"
CLAIMED = "exists (from claimed where claimed.claim_id = rows_of_table.event_id)"


def copy_lake(
    source: Lake, target: Lake, copies: range, *, all_clicks: bool = False, orders: int | None = None
) -> None:
    """Adds the rows of `source` to `target` once for each of `copies`; number 0 keeps its ids, and adds the rest.

    Of the clicks only those that some order claims, unless `all_clicks`; of the orders the latest `orders`, with
    their own clicks alone, if a number is given.
    """
    target.create()
    shutil.copyfile(source.root / NAMES, target.root / NAMES)
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(target.root / "_spilled")}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register(
            "attributions", source.read("order_attributions", ["order_id", "ordered_at", "claims"]).to_arrow()
        )
        connection.execute(
            "create table chosen as select order_id from attributions "
            "group by order_id order by max(ordered_at) desc, order_id limit ?",
            [orders],
        )
        connection.execute(
            "create table claimed as select distinct unnest(claims).claim_id as claim_id "
            "from attributions semi join chosen using (order_id)"
        )
        for table in TABLES:
            connection.register("rows_of_table", source.read(table).to_arrow())
            rows = connection.sql(_copied(table, copies, all_clicks, orders)).to_arrow_reader(BATCH_ROWS)
            mark = source.transactions(table, [WATERMARK])
            properties = CommitProperties(app_transactions=[Transaction(*pair) for pair in mark.items()])
            write_deltalake(
                target.uri(table),
                rows.cast(TABLES[table]),
                mode="append",
                commit_properties=properties,
                writer_properties=WriterProperties(max_row_group_size=ROW_GROUP),  # as a compacted lake's
            )


def _copied(table: str, copies: range, all_clicks: bool, orders: int | None) -> str:
    """The rows of a table once for each copy, all but the first under other ids, as SQL."""
    names = TABLES[table].names
    if "order_id" not in names and table != "clicks":
        return "from rows_of_table" + ("" if 0 in copies else " where false")
    prefix = "if(copy_number = 0, '', copy_number || '-')"
    replaced = [f"{prefix} || {name} as {name}" for name in IDS if name in names]
    if "offset" in names:
        replaced.append(f'"offset" + copy_number * {STEP} as "offset"')
    for name in ("claims", "credits"):
        if name in names:
            inside = f"struct_update(part, claim_id := {prefix} || part.claim_id)"
            replaced.append(f"list_transform({name}, lambda part: {inside}) as {name}")
    if table == "clicks":
        kept = "" if all_clicks else f"where copy_number = 0 or {CLAIMED}"
    else:
        kept = "" if orders is None else f"where {CHOSEN}"
    return (
        f"select * exclude (copy_number) replace ({', '.join(replaced)}) "
        f"from rows_of_table, range({copies.start}, {copies.stop}) as copied(copy_number) {kept}"
    )
