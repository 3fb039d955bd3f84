"""The committed columns and types of the marts, which BI tools rely on: `python -m tests.warehouse.mart_columns`."""

import json
import re
from pathlib import Path

from pipelines.warehouse.semantic_layer import models_dir

FILE = Path(__file__).with_suffix(".json")
COLUMN = re.compile(r"^      - name: (\w+)\n        data_type: (.+)$", re.MULTILINE)


def promised() -> dict[str, dict[str, str]]:
    """Mart -> column -> type, as committed."""
    return json.loads(FILE.read_bytes())


def contracted() -> dict[str, dict[str, str]]:
    """Mart -> column -> type, as the enforced contracts beside the models say now."""
    marts = sorted((models_dir() / "marts").glob("*.yml"))
    return {mart.stem: {name: _plain(kind) for name, kind in COLUMN.findall(mart.read_text("utf-8"))} for mart in marts}


def _plain(kind: str) -> str:
    return kind.strip().strip("\"'").upper().replace(", ", ",")


if __name__ == "__main__":
    FILE.write_text(json.dumps(contracted(), indent=1) + "\n", encoding="utf-8")
