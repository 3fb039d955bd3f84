"""What can go wrong with any mart: statements that damage one row, one column or all of it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipelines.warehouse.metrics_dictionary import MONEY, words_of

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
UPDATE = (
    "update {mart} set {column} = {value} where rowid = (select {which}(rowid) from {mart} where {column} is not null)"
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
        missing = UPDATE.format(mart=mart, column=column, value="null", which="max")
        yield Damage(f"{column} is missing", column, missing)
        for told, value in _wrong_values(mart, column, kind):
            wrong = UPDATE.format(mart=mart, column=column, value=value, which="min")
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
