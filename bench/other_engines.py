"""Whether other engines read the lake as it is: the same questions to each, answered alike.

    .venv/bin/python bench/other_engines.py [--workspace DIR]

Each engine is a script in bench/engines with an environment of its own in .services/engines. The lake is a simulated
one, of hostile events, written by a run and compacted, unless a workspace is given.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
from measured_run import COMMAND, figures
from rich.console import Console

from bench.peers.peer import Peer, all_peers
from pipelines.stores.lake import Lake
from pipelines.stores.prism import SERVICES
from pipelines.stores.tables import LANDING, TABLES

ENGINES = Path(__file__).with_name("engines")
WORLD = ("--seed", "1", "--orders", "5000", "--faults", "hostile")
CREDITS = (
    "select credit.model as model, count(*), sum(credit.amount_reporting_minor) "
    "from (select explode(credits) as credit from order_attributions) as exploded group by credit.model order by model"
)
QUERIES = {
    **{f"rows of {table}": f"select count(*) from {table}" for table in TABLES},
    **{f"days of {table}": f"select count(distinct day), count(distinct event_id) from {table}" for table in LANDING},
    "credits by model": CREDITS,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, help="with a lake; one of its own by default")
    root = parser.parse_args().workspace
    with tempfile.TemporaryDirectory(prefix="codetrail-engines-") as folder:
        root = root or _made(Path(folder) / "shop")
        expected = _expected(Lake(root / "lake"))
        shown = {"rows": f"{sum(rows for name, [[rows, *_], *_] in expected.items() if name.startswith('rows')):,}"}
        for engine in all_peers(ENGINES):
            shown[engine.title] = _compared(engine, root / "lake", expected)
    Console().print(figures("The lake in other engines", shown))


def _made(root: Path) -> Path:
    for command in (("simulate", *WORLD), ("run",), ("compact",)):
        subprocess.run([COMMAND, "--workspace", root, *command], check=True, stdout=subprocess.DEVNULL)
    return root


def _expected(lake: Lake) -> dict[str, list[list[Any]]]:
    answers: dict[str, list[list[Any]]] = {f"rows of {table}": [[lake.rows(table)]] for table in TABLES}
    for table in LANDING:
        rows = lake.read(table, ["day", "event_id"])
        answers[f"days of {table}"] = [[rows["day"].n_unique(), rows["event_id"].n_unique()]]
    credits_ = lake.read("order_attributions", ["credits"])["credits"].explode().drop_nulls().struct.unnest()
    by_model = credits_.group_by("model").agg(pl.len(), pl.col("amount_reporting_minor").sum()).sort("model")
    answers["credits by model"] = [list(row) for row in by_model.rows()]
    return answers


def _compared(engine: Peer, lake: Path, expected: dict[str, list[list[Any]]]) -> str:
    python = engine.provision(SERVICES / "engines")
    begun = time.perf_counter()
    done = subprocess.run(
        [python, engine.script, lake, json.dumps(QUERIES)], check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    apart = [name for name, answer in expected.items() if _plain(found[name]) != _plain(answer)]
    told = f"{', '.join(apart)} DIFFER" if apart else f"{len(expected)} questions, all answered alike"
    return f"{told} ({time.perf_counter() - begun:.1f} s)"


def _plain(answer: list[list[Any]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in answer]


if __name__ == "__main__":
    main()
