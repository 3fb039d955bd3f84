"""Is every measure what its formula says, in whichever mart it stands? A suite made of the metric dictionary."""

from collections.abc import Mapping

from pipelines.warehouse.metrics_dictionary import Measure, measures, operands, sql_of
from pipelines.warehouse.suites import IN_SET, Batch, Bounds, Expectation, Reading, Suite

Columns = Mapping[str, Mapping[str, str]]
"""Mart -> column -> type."""

GRAIN = "One row per row of a mart, with what each of its measures must be by the metric dictionary."
NEARLY = 1e-9  # of the value, or of 1: binary fractions, in another order of reckoning
KEYS = ("VARCHAR", "DATE")  # the types of the columns that tell a mart's rows apart


def formula_suite(marts: Columns) -> Suite:
    """A batch for each mart that holds a measure and all that its formula reads; each formula blocks."""
    reckoned = {mart: _reckoned(mart, columns) for mart, columns in marts.items()}
    return Suite(
        "measures", GRAIN, tuple(_batch(mart, marts[mart], found) for mart, found in reckoned.items() if found)
    )


def _reckoned(mart: str, columns: Mapping[str, str]) -> list[Measure]:
    found = measures({mart: columns})
    return [measure for measure in found if measure.formula and {*operands(measure.formula)} <= columns.keys()]


def _batch(mart: str, columns: Mapping[str, str], found: list[Measure]) -> Batch:
    named = list(columns)
    first = min(named.index(measure.name) for measure in measures({mart: columns}))
    keys = tuple(name for name in named[:first] if columns[name] in KEYS) or (named[0],)
    compared = [_compared(measure.name, sql_of(measure.formula or "")) for measure in found]
    query = (f"select {', '.join(keys)},", ",\n".join(compared), f"from {mart}")
    return Batch(mart, keys, query, tuple(_expectation(mart, measure) for measure in found))


def _compared(name: str, formula: str) -> str:
    value, reckoned = f"cast({name} as double)", f"cast({formula} as double)"
    near = f"abs({value} - {reckoned}) <= {NEARLY} * greatest(1, abs({reckoned}))"
    return (
        f"    case when {value} is distinct from {reckoned} then coalesce({near}, false) else true end as {name}_holds"
    )


def _expectation(mart: str, measure: Measure) -> Expectation:
    why = f"Whoever reads {measure.name} in {mart} takes it for this formula, and for empty where its base is 0."
    name = f"{mart}: {measure.name} is {measure.formula}"
    return Expectation(name, IN_SET, Bounds(f"{measure.name}_holds", value_set=(True,)), Reading(why, "block"))
