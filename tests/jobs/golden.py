"""A golden file of attributions: the columns of each order, with a claim or a credit a line."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.rules.privacy import Pseudonyms
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.testing import lake_state

LISTS = ("claims", "credits")


def attributions(lake: Lake) -> list[dict[str, Any]]:
    """Every current attribution as JSON has it, by order id."""
    rows = lake_state(lake)["order_attributions"]
    told = json.dumps([rows[key] for key in sorted(rows)], default=_spelt)
    return [{name: value for name, value in row.items() if name != "digest"} for row in json.loads(told)]


def read(file: Path, hash_key: bytes) -> list[dict[str, Any]]:
    """The rows of the file, whose customers have the ids that they sent, as a lake of this key names them."""
    name = partial(Pseudonyms(hash_key, Settings().hashed).stored, "customer_id")
    rows = json.loads(file.read_text())
    return [{**row, "customer_id": row["customer_id"] and name(row["customer_id"])} for row in rows]


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    """For a change that is meant: look at every line of the difference, and at the customers, before it is kept."""
    file.write_text("[\n" + ",\n".join(_order(row) for row in rows) + "\n]\n")


def _order(row: dict[str, Any]) -> str:
    columns = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in row.items() if name not in LISTS]
    for name in LISTS:
        lines = ",\n".join(f"  {json.dumps(element)}" for element in row[name])
        columns.append(f" {json.dumps(name)}: [" + (f"\n{lines}]" if lines else "]"))
    return "{\n" + ",\n".join(columns) + "}"


def _spelt(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is in no attribution")
