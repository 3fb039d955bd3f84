"""What can go wrong with any mart, and whether a check would say so: `python -m tests.warehouse.damages SHOP MART`."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.warehouse.check import suites_for
from pipelines.warehouse.metrics_dictionary import MONEY, words_of
from pipelines.warehouse.suites import Suite
from tests.warehouse.broken import broken, open_to_damage
from tests.warehouse.mart_columns import contracted

COUNTED = ("BIGINT", "INTEGER")
OTHERS = {  # of a column that is no measure: another value of its type
    "VARCHAR": "'because'",
    "VARCHAR[]": "['because']",
    "DATE": "{column} + 1",
    "TIMESTAMP WITH TIME ZONE": "{column} + interval 1 hour",
    "BOOLEAN": "not {column}",
    "DOUBLE": "{column} * 1.01 + 0.01",
    **dict.fromkeys(COUNTED, "{column} + 1"),
}
UPDATE = (  # by the order of the rows' values: tables keep none, and each run must damage the same rows
    "update {mart} set {column} = {value} where rowid = "
    "(select rowid from {mart} as told where {column} is not null order by told {order} limit 1)"
)


class Damage(NamedTuple):
    """In words what goes wrong, the column that it befalls (None: whole rows), and the statement that does it."""

    told: str
    column: str | None
    statement: str


def damages(mart: str, columns: Mapping[str, str]) -> Iterator[Damage]:
    """Every kind of damage to a mart of these columns and types; each befalls one row, but for the last of rows."""
    yield Damage(
        "a row twice", None, f"insert into {mart} select * from {mart} where rowid = (select min(rowid) from {mart})"
    )
    yield Damage("a row lost", None, f"delete from {mart} where rowid = (select min(rowid) from {mart})")
    yield Damage("every row lost", None, f"delete from {mart}")
    for column, kind in columns.items():
        missing = UPDATE.format(mart=mart, column=column, value="null", order="desc")
        yield Damage(f"{column} is missing", column, missing)
        for told, value in _wrong_values(mart, column, kind):
            wrong = UPDATE.format(mart=mart, column=column, value=value, order="asc")
            yield Damage(f"{column} {told}", column, wrong)


def _wrong_values(mart: str, column: str, kind: str) -> Iterator[tuple[str, str]]:
    spec = words_of(mart, column) or {}
    if spec.get("x-unit") == MONEY or kind.startswith("DECIMAL"):
        yield "is a cent off", f"{column} + 0.01"
    elif column == "timezone":  # which every query reckons with
        yield "is another one", "'Pacific/Apia'"
    else:
        yield "is another one", OTHERS[kind].format(column=column)
    if "/" in spec.get("x-formula", ""):
        yield "is infinite", "'infinity'"


def missed(build: duckdb.DuckDBPyConnection, suites: Sequence[Suite], mart: str) -> list[str]:
    """The damages to a mart that no expectation blocks, in words; `build` is as it was afterwards."""
    reading = _about(suites, mart)
    return [
        damage.told
        for damage in damages(mart, contracted()[mart])
        if not is_caught(build, _seeing(reading, damage.column), damage.statement)
    ]


def _about(suites: Sequence[Suite], mart: str) -> list[Suite]:
    """The batches whose queries read a mart, each as a suite, its own first."""
    reading = [
        replace(suite, batches=(batch,))
        for suite in suites
        for batch in suite.batches
        if re.search(rf"\b{mart}\b", batch.sql)
    ]
    return sorted(reading, key=lambda suite: suite.table != mart)


def _seeing(reading: Sequence[Suite], column: str | None) -> list[Suite]:
    """Those whose queries name a column, or all columns: the others cannot tell a damage to it."""
    return [suite for suite in reading if column is None or re.search(rf"\b{column}\b|\*", suite.batches[0].sql)]


def is_caught(build: duckdb.DuckDBPyConnection, suites: Sequence[Suite], statement: str) -> bool:
    """Whether something blocks after the damage; a damage that finds no row to change is none."""
    build.execute("begin")
    try:
        changed = build.execute(statement).fetchall()[0][0]
        return not changed or any(broken(build, [suite], "block") for suite in suites)
    finally:
        build.execute("rollback")


def main(root: Path, mart: str) -> int:
    """Damages a copy of a workspace's build in every way; prints what no expectation blocks."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(root / "warehouse" / "build.duckdb", folder)
        with open_to_damage(copy) as connection:
            connection.execute(f"set variable checked_at = timestamptz '{datetime.now(UTC).isoformat()}'")
            suites = suites_for(connection, root)
            sound = broken(connection, _about(suites, mart), "block")
            left = missed(connection, suites, mart)
    every = len(list(damages(mart, contracted()[mart])))
    for told in (*(f"undamaged: {name}" for name in sound), *left):
        print(f"{mart}: {told}")
    print(f"{mart}: {every - len(left)} of {every} damages are blocked")
    return 1 if sound or left else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
