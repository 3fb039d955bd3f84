"""The lake as ClickHouse reads it, in a process of its own (chdb), by its table function deltaLakeLocal.

python clickhouse.py LAKE QUERIES, a JSON document of the texts by name; the answers are printed as another.
"""

import json
import os
import re
import sys
from pathlib import Path

import chdb

TITLE = "ClickHouse 26.9 (chdb)"
LEFT_OUT = ""
LISTS = (("explode(", "arrayJoin("), ("count(*)", "count()"))


def main() -> None:
    lake, queries = Path(sys.argv[1]).resolve(), json.loads(sys.argv[2])
    os.chdir(lake)  # it reads files below where it stands and no others
    tables = [path.name for path in lake.iterdir() if path.is_dir()]
    print(json.dumps({name: _answer(text, lake, tables) for name, text in queries.items()}))


def _answer(text: str, lake: Path, tables: list[str]) -> list[list[object]]:
    for ours, its in LISTS:
        text = text.replace(ours, its)
    named = re.sub(rf"from ({'|'.join(tables)})\b", lambda found: f"from deltaLakeLocal('{lake / found[1]}')", text)
    return json.loads(str(chdb.query(named, "JSONCompact")))["data"]


if __name__ == "__main__":
    main()
