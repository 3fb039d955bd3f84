"""Whether typed reference tables agree with themselves and each other: keys, references, intervals, currencies."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from pipelines.rules.codes import normalise_code
from pipelines.rules.money import minor_digits
from pipelines.schema_store import Schema
from pipelines.stores.reference_cells import Cell, decimals
from pipelines.stores.reference_files import Problem, Sheet


@dataclass(frozen=True, slots=True)
class Typed:
    """A sheet with its columns as values, in the schema's order; a cell that is wrong is in `bad`, and None."""

    sheet: Sheet
    schema: Schema
    columns: dict[str, list[Cell]]
    bad: set[tuple[str, int]] = field(default_factory=set)

    def problem(self, indices: tuple[int, ...], column: str, what: str) -> Problem:
        return Problem(self.sheet.file, tuple(self.sheet.rows[i] for i in indices), column, what)


def disagreements(tables: Mapping[str, Typed]) -> Iterator[Problem]:
    """Every problem that takes more than one cell to see; tables that could not be read are not in `tables`."""
    for table in tables.values():
        yield from _repeated_keys(table)
        yield from _wrong_intervals(table)
        yield from _overlaps(table)
        yield from _too_many_decimals(table)
        yield from _unknown_references(table, tables)


def _repeated_keys(table: Typed) -> Iterator[Problem]:
    if "x-succession" in table.schema:  # rows of one such key would overlap, which is said with both rows
        return
    key = table.schema["x-key"]
    first: dict[tuple[Cell, ...], int] = {}
    for index, values in enumerate(zip(*(table.columns[column] for column in key), strict=True)):
        if any((column, index) in table.bad for column in key):
            continue
        earlier = first.setdefault(values, index)
        if earlier != index:
            shown = ", ".join(repr(table.sheet.columns.get(column, {index: ""})[index]) for column in key)
            yield table.problem((earlier, index), ", ".join(key), f"{shown} is repeated: keep one of the rows")


def _wrong_intervals(table: Typed) -> Iterator[Problem]:
    for interval in table.schema.get("x-intervals", []):
        start, end, half_open = interval["from"], interval["to"], interval["bounds"] == "half-open"
        for index, (begins, ends) in enumerate(zip(table.columns[start], table.columns[end], strict=True)):
            if (start, index) in table.bad or (end, index) in table.bad:
                continue
            if begins is None or ends is None:
                if interval.get("together", False) and begins is not ends:
                    empty, filled = (start, end) if begins is None else (end, start)
                    yield table.problem((index,), empty, f"it is empty beside {filled}: fill both or none")
            elif ends < begins or (half_open and ends == begins):
                shown = f"{_shown(ends)} is not after {start} {_shown(begins)}"
                if not half_open:
                    shown = f"{_shown(ends)} is before {start} {_shown(begins)}"
                yield table.problem((index,), end, f"{shown}: swap or correct them")


def _overlaps(table: Typed) -> Iterator[Problem]:
    column = table.schema.get("x-succession")
    if column is None:
        return
    starts, ends = table.columns["valid_from"], table.columns["valid_to"]
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(table.columns[column]):
        if not any((cell, index) in table.bad for cell in (column, "valid_from", "valid_to")) and name is not None:
            by_name[normalise_code(name) if column == "code" else name].append(index)
    for indices in by_name.values():
        indices.sort(key=lambda i: (starts[i] is not None, starts[i]))
        for earlier, later in pairwise(indices):
            if ends[earlier] is None or starts[later] is None or starts[later] < ends[earlier]:
                names = table.sheet.columns[column]
                what = f"{names[earlier]!r} and {names[later]!r} are both valid at one time"
                advice = "let one end (valid_to) before the other begins (valid_from)"
                yield table.problem((min(earlier, later), max(earlier, later)), column, f"{what}: {advice}")


def _too_many_decimals(table: Typed) -> Iterator[Problem]:
    for column, spec in table.schema["properties"].items():
        if "x-currency" not in spec or column not in table.sheet.columns:
            continue
        texts = table.sheet.columns[column]
        for index, (text, currency) in enumerate(zip(texts, table.columns[spec["x-currency"]], strict=True)):
            digits = minor_digits(currency) if currency is not None else None
            if digits is not None and (column, index) not in table.bad and decimals(text) > digits:
                what = f"{text} has {decimals(text)} decimals, {currency} has {digits}: round it"
                yield table.problem((index,), column, what)


def _unknown_references(table: Typed, tables: Mapping[str, Typed]) -> Iterator[Problem]:
    for column, target in table.schema["x-references"].items():
        other, _, key = target.partition(".")
        if other not in tables or column not in table.sheet.columns:
            continue
        known = set(tables[other].columns[key])
        for index, value in enumerate(table.columns[column]):
            if value is not None and value not in known:
                text = table.sheet.columns[column][index]
                where = f"{tables[other].sheet.file}, column {key}"
                yield table.problem((index,), column, f"{text!r} is not in {where}: add it there or correct it here")


def _shown(value: date | datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
