"""What can go wrong with any mart: statements that damage one row, one column or all of it."""

from collections.abc import Iterator, Mapping

from pipelines.warehouse.metrics_dictionary import MONEY, words_of

WORDS = ("status", "state", "reason", "kind", "model", "policy", "cause")  # columns of a few known words
FIRST = "(select min(rowid) from {mart} where {column} is not null)"


def damages(mart: str, columns: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each kind of damage to a mart in words, with the statement that does it; `keys` tell its rows apart."""
    yield "a row twice", f"insert into {mart} select * from {mart} where rowid = (select min(rowid) from {mart})"
    yield "a row lost", f"delete from {mart} where rowid = (select min(rowid) from {mart})"
    yield "every row lost", f"delete from {mart}"
    for column in keys:
        yield f"{column} is missing", _update(mart, column, "null")
    for column, kind in columns.items():
        for told, value in _wrong_values(mart, column, kind):
            yield f"{column} {told}", _update(mart, column, value)


def _wrong_values(mart: str, column: str, kind: str) -> Iterator[tuple[str, str]]:
    spec = words_of(mart, column) or {}
    unit, formula = spec.get("x-unit", ""), spec.get("x-formula", "")
    if unit == MONEY:
        yield "is a cent off", f"{column} + 0.01"
    elif "/" in formula:
        yield "is another quotient", f"{column} * 1.01 + 0.01"
        yield "is infinite", "'infinity'"
    elif unit.startswith("count"):
        yield "is one too many", f"{column} + 1"
    if column in ("influencer_id", "campaign_id", "order_id", "code", "link_id", "post_id") and mart.startswith("fct_"):
        yield "is a stranger", "'nobody'"
    if column in WORDS and kind == "VARCHAR":
        yield "is a word that nobody knows", "'because'"


def _update(mart: str, column: str, value: str) -> str:
    return f"update {mart} set {column} = {value} where rowid = {FIRST.format(mart=mart, column=column)}"
