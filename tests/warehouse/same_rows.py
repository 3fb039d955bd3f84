"""Whether two builds hold the same rows, table by table; floats to nine digits, since sums of them have no order."""

from collections.abc import Collection
from pathlib import Path

import duckdb

OF_THE_WAY = {  # what says how a build came about
    *("arrived_attributions", "arrived_clicks", "arrived_orders", "changed_orders", "changed_uses", "changed_visitors"),
    "click_changes",
    "clicks_of_changed_visitors",
    *(
        "former_lift_intervals",
        "former_model_shares",
        "former_days",
        "former_lines",
        "int_recounted_days",
        "int_recounted_lines",
        "int_resplit_orders",
    ),
    *("run_settings", "stg_arrived_attributions", "stg_run_settings"),
}
COLUMNS = """
select table_schema || '.' || table_name, string_agg(
    case data_type
        when 'DOUBLE' then 'printf(''%.9g'', "' || column_name || '")'
        else '"' || column_name || '"'
    end, ', ' order by column_name
)
from information_schema.columns
where table_catalog = current_database() and table_name not in ({names}) and column_name not in ({names})
group by all
order by all
"""


def differing_tables(first: Path, second: Path) -> list[str]:
    """The tables and views whose columns or rows, in whatever order, are not the same in two build files."""
    ours, theirs = rows_of(first), rows_of(second)
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def rows_of(build: Path, without: Collection[str] = OF_THE_WAY) -> dict[str, tuple[str, int, int]]:
    """Of each table its columns, how many rows it has, and the sum of the rows' hashes.

    But for the tables and columns of a name in `without`.
    """
    names = ", ".join(f"'{name}'" for name in sorted(without))
    with duckdb.connect(str(build), read_only=True, config={"memory_limit": "4GB"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = {}
        for table, columns in connection.execute(COLUMNS.format(names=names)).fetchall():
            hashed = f"select count(*), coalesce(sum(cast(hash({columns}) as hugeint)), 0) from {table}"
            count, total = connection.execute(hashed).fetchall()[0]
            found[table] = (columns, count, total)
        return found
