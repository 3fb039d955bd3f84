"""Do dbt's unit tests of one model pass? `python -m tests.dbt.unit_tests SHOP MODEL`, beside a workspace's build."""

import sys
from pathlib import Path

from pipelines.warehouse.dbt_runner import run_dbt, scratch_of


def main(root: Path, model: str) -> int:
    """Prints how each ended; 1 if one does not pass, or there is none."""
    options = ("--select", f"{model},test_type:unit")
    results = run_dbt("test", root / "warehouse" / "build.duckdb", scratch_of(root), 2, *options).results
    for result in results:
        print(f"{result.node.name}: {result.message or result.status}")
    return 0 if results and all(result.status == "pass" for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
