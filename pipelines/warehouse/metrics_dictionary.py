"""What each measure of the marts is: meaning, formula, unit, break-even, source, and in which marts it stands."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.schema_store import columns

WAREHOUSE = "warehouse"  # whose words a column has that belongs to no one mart
MONEY = "money in the reporting currency"  # the unit of every amount; of a price it goes on with "per order"
DENOMINATOR = re.compile(r"/ (\w+)")
NAME = re.compile(r"\b[a-z_]+\b")


@dataclass(frozen=True, slots=True)
class Measure:
    """A column that is counted or reckoned. `formula` and `break_even` are of columns of the same mart.

    `source` names the lake and reference tables that a measure without a formula is counted from.
    """

    name: str
    meaning: str
    unit: str
    formula: str | None
    break_even: str | None
    source: tuple[str, ...]
    marts: tuple[str, ...]

    @property
    def is_additive(self) -> bool:
        """Whether a sum over rows of one model means something: no quotient is, nor what says that it is not."""
        return "/" not in (self.formula or "") and not self.unit.startswith(("ratio", "per cent", "followers"))


def measures(marts: Mapping[str, Iterable[str]]) -> list[Measure]:
    """The measures among each mart's columns by name; one that means two things in two marts stands there twice."""
    found: dict[tuple[str, str], list[str]] = {}
    specs: dict[tuple[str, str], Mapping[str, Any]] = {}
    for mart, names in sorted(marts.items()):
        for name in names:
            spec = words_of(mart, name)
            if spec is not None and "x-unit" in spec:
                key = (name, spec["description"])
                specs[key] = spec
                found.setdefault(key, []).append(mart)
    return [_measure(name, specs[name, meaning], found[name, meaning]) for name, meaning in sorted(specs)]


def words_of(mart: str, column: str) -> Mapping[str, Any] | None:
    """What the schemas say of a mart's column; None where they say nothing."""
    words = _words()
    return words.get(f"{mart}.{column}") or words.get(f"{WAREHOUSE}.{column}") or words.get(column)


def operands(formula: str) -> tuple[str, ...]:
    """The columns that a formula reads, each once."""
    return tuple(dict.fromkeys(NAME.findall(formula)))


def sql_of(formula: str) -> str:
    """The formula as SQL, null where it would divide by 0."""
    return DENOMINATOR.sub(r"/ nullif(\1, 0)", formula)


@cache
def _words() -> dict[str, Mapping[str, Any]]:
    words: dict[str, Mapping[str, Any]] = {}
    for table, column, spec in columns():
        words[f"{table}.{column}"] = spec
        if not spec.get("x-qualified", False):
            words[column] = spec
    return words


def _measure(name: str, spec: Mapping[str, Any], marts: list[str]) -> Measure:
    return Measure(
        name=name,
        meaning=spec["description"],
        unit=spec["x-unit"],
        formula=spec.get("x-formula"),
        break_even=spec.get("x-break-even"),
        source=tuple(spec.get("x-source", ())),
        marts=tuple(marts),
    )
