"""What the reference data says: who owns which code and link, and what everything cost; checked before any use."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.failures import BadInput
from pipelines.schema_store import REFERENCE_TABLES, Schema, reference_schema
from pipelines.stores.reference_cells import Cell, CellError, Redact, Redaction, arrow_type, parse
from pipelines.stores.reference_checks import Typed, disagreements
from pipelines.stores.reference_files import Problem, Sheet, SheetError, read_sheet

SHOWN_PROBLEMS = 20
TIERS = ((5_000, "nano"), (100_000, "micro"), (500_000, "mid"), (1_000_000, "macro"))  # followers below


@dataclass(frozen=True, slots=True)
class Reference:
    """All reference tables, valid and typed.

    `tables` holds every table, with every column of its schema in that order: text as string, instants as
    timestamp(us, UTC), days as date32, whole numbers as int64, amounts of a currency as decimal128(38, 4),
    other numbers as decimal128(38, 18). An empty cell is null. Ids, codes and utm columns are redacted.
    `digest` is a hash of that content: neither the order of rows, nor CSV or Parquet, nor an absent file instead
    of an empty one changes it. `ignored` names columns that the files hold and no schema knows.
    """

    tables: dict[str, pa.Table]
    digest: str
    ignored: dict[str, tuple[str, ...]]


def load_reference(folder: Path, *, redact_id: Redact, redact_text: Redact, name_customer: Redact = str) -> Reference:
    """The reference data in `folder`; raises BadInput with every problem (the first 20) and writes nothing.

    `name_customer` gives a redacted customer id the form in which events keep it.
    """
    if not folder.is_dir():
        raise BadInput(
            f"there is no folder {folder}: make it, with influencers.csv, campaigns.csv, codes.csv, links.csv"
        )
    redaction = Redaction(of_id=redact_id, of_text=redact_text)
    typed: dict[str, Typed] = {}
    problems: list[Problem] = []
    for table in REFERENCE_TABLES:
        schema = reference_schema(table)
        try:
            sheet = read_sheet(folder, table, optional=schema["x-optional-file"])
        except SheetError as unreadable:
            problems.append(unreadable.problem)
            continue
        missing = [column for column in schema["required"] if sheet.columns and column not in sheet.columns]
        problems += (Problem(sheet.file, (1,), column, _missing_column(sheet)) for column in missing)
        if not missing:
            typed[table] = _typed(sheet, schema, redaction, problems)
    problems += disagreements(typed)
    if problems:
        raise BadInput(_report(folder, problems))
    _fill_tiers(typed["influencers"])
    customers = typed["influencers"].columns
    customers["customer_id"] = [one and name_customer(one) for one in customers["customer_id"]]
    tables = {table: _arrow(content) for table, content in typed.items()}
    ignored = {table: names for table, content in typed.items() if (names := _unknown_columns(content))}
    return Reference(tables, _digest(tables), ignored)


def _missing_column(sheet: Sheet) -> str:
    return f"the column is missing: add it to the header, which has {', '.join(sheet.columns)}"


def _typed(sheet: Sheet, schema: Schema, redaction: Redaction, problems: list[Problem]) -> Typed:
    content = Typed(sheet, schema, {})
    for column, spec in schema["properties"].items():
        texts = sheet.columns.get(column) or [""] * len(sheet.rows)
        values, errors = _values(texts, spec, column in schema["required"], redaction)
        content.columns[column] = [values[text] for text in texts]
        for index, text in enumerate(texts):
            if text in errors:
                content.bad.add((column, index))
                problems.append(content.problem((index,), column, errors[text]))
    return content


def _values(
    texts: Iterable[str], spec: dict[str, Any], required: bool, redaction: Redaction
) -> tuple[dict[str, Cell], dict[str, str]]:
    """Each different text of a column with its value, None for one that is wrong, and with what is wrong."""
    values: dict[str, Cell] = {}
    errors: dict[str, str] = {}
    for text in set(texts):
        try:
            if text:
                values[text] = parse(text, spec, redaction)
            elif required:
                raise CellError("it is empty: fill it")
            else:
                values[text] = spec.get("default")
        except CellError as wrong:
            values[text] = None
            errors[text] = str(wrong)
    return values, errors


def _report(folder: Path, problems: list[Problem]) -> str:
    shown = [f"- {problem}" for problem in problems[:SHOWN_PROBLEMS]]
    more = len(problems) - len(shown)
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    heading = f"the reference data in {folder} has {count}; nothing has been written:"
    return "\n".join([heading, *shown, *([f"- and {more} more"] if more else [])])


def _unknown_columns(content: Typed) -> tuple[str, ...]:
    return tuple(column for column in content.sheet.columns if column not in content.schema["properties"])


def _fill_tiers(influencers: Typed) -> None:
    columns = influencers.columns
    columns["tier"] = [
        tier or _tier(followers) for tier, followers in zip(columns["tier"], columns["followers"], strict=True)
    ]


def _tier(followers: int | None) -> str | None:
    if followers is None:
        return None
    return next((tier for below, tier in TIERS if followers < below), "mega")


def _arrow(content: Typed) -> pa.Table:
    fields = [
        pa.field(column, arrow_type(spec), nullable=column not in content.schema["required"] and "default" not in spec)
        for column, spec in content.schema["properties"].items()
    ]
    return pa.table(content.columns, schema=pa.schema(fields))


def _digest(tables: dict[str, pa.Table]) -> str:
    digest = hashlib.sha256()
    for name, table in tables.items():
        texts = [table.column(column).cast(pa.string()).to_pylist() for column in table.column_names]
        rows = sorted(json.dumps(row) for row in zip(*texts, strict=True))
        digest.update(json.dumps([name, table.column_names, rows]).encode())
    return digest.hexdigest()
