"""The pages' templates: each page holds its style, has no script, and shows whatever comes from data as text."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.warehouse.findings import Finding, Value
from pipelines.warehouse.metrics_dictionary import Measure

FOLDER = Path(__file__).with_name("data_docs")
SHOWN_ROWS = 10  # of one finding; check.json holds more


def render(template: str, **values: Any) -> str:
    """The page that `data_docs`/`template` makes of the values; raises jinja2.UndefinedError where one is missing."""
    return _environment().get_template(template).render(**values)


def instant(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def counted(count: int, one: str, several: str = "") -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def formula(text: str) -> str:
    """A formula as people write it."""
    return text.replace(" / ", " ÷ ").replace(" * ", " × ").replace(" - ", " − ")


def told(measure: Measure) -> str:
    """What a measure means, without the formula that stands beside it."""
    text = measure.meaning.removeprefix(measure.formula or "").lstrip(",: ")
    return text[0].upper() + text[1:]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "instant": instant,
        "columns": _columns,
        "cell": _cell,
        "counted": counted,
        "formula": formula,
        "told": told,
    }
    environment.globals["shown_rows"] = SHOWN_ROWS
    return environment


def _columns(finding: Finding) -> list[str]:
    """The names in the shown rows of a finding, in order of appearance."""
    return list(dict.fromkeys(name for row in finding.rows[:SHOWN_ROWS] for name in row))


def _cell(value: Value) -> str:
    """A value of a row; of a number with decimals the 12 leading digits, for the last ones are the binary's."""
    if value is None:
        return "–"
    return f"{value:.12g}" if isinstance(value, float) and not value.is_integer() else str(value)
