"""Whether two builds hold the same rows, table by table; floats to nine digits, since a sum of them has no one order."""

from pathlib import Path

import duckdb

OF_THE_WAY = {  # what says how a build came about
    *("arrived_attributions", "arrived_orders", "changed_orders", "changed_visitors", "former_model_shares"),
    *("int_resplit_orders", "run_settings", "stg_arrived_attributions", "stg_run_settings"),
}
COLUMNS = """
select table_schema || '.' || table_name, string_agg(
    case data_type
        when 'DOUBLE' then 'printf(''%.9g'', "' || column_name || '")'
        else '"' || column_name || '"'
    end, ', ' order by column_name
)
from information_schema.columns
where table_catalog = current_database() and table_name not in ({names})
group by all
order by all
"""


def differing_rows(first: Path, second: Path) -> dict[str, int]:
    """How many rows of each table stand in one of the two build files alone; only tables with some are named.

    Raises AssertionError where they have not the same tables and columns.
    """
    ours, theirs = _hashes(first), _hashes(second)
    assert ours.keys() == theirs.keys()
    return {name: rows for name in ours if (rows := _apart(ours[name], theirs[name]))}


def _hashes(build: Path) -> dict[str, dict[int, int]]:
    """Of each table, with its columns, how often each row stands there, by the row's hash."""
    with duckdb.connect(str(build), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = ", ".join(f"'{name}'" for name in sorted(OF_THE_WAY))
        return {
            f"{table} ({columns})": dict(
                connection.execute(f"select hash({columns}) as row_hash, count(*) from {table} group by all").fetchall()
            )
            for table, columns in connection.execute(COLUMNS.format(names=names)).fetchall()
        }


def _apart(ours: dict[int, int], theirs: dict[int, int]) -> int:
    return sum(abs(ours.get(row, 0) - theirs.get(row, 0)) for row in ours.keys() | theirs.keys())
