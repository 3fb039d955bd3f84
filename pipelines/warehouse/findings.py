"""What a check found: which rows broke what, why that matters, and whether it stops a publication."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.failures import CheckFailed
from pipelines.warehouse.suites import Severity

Value = int | float | str | bool | None
SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation or dbt test that does not hold. `rows` are some of the `broken` rows: their keys and values."""

    table: str
    expectation: str
    why: str
    severity: Severity
    broken: int
    rows: tuple[dict[str, Value], ...] = ()

    def sentence(self) -> str:
        """The finding in one line for a terminal: table, expectation, how many rows, and the first of them."""
        first = "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in self.rows[:SHOWN_ROWS])
        more = f"; and {self.broken - SHOWN_ROWS} more" if self.broken > SHOWN_ROWS else ""
        count = f"{self.broken} row" + ("" if self.broken == 1 else "s")
        return f"{self.table}: {self.expectation} ({count}{': ' if first else ''}{first}{more}). {self.why}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict on one build: `fingerprint` is the SHA-256 of the build file that was checked."""

    passed: bool
    checked_at: datetime
    fingerprint: str
    expectations: int
    tables: int
    failures: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    def write(self, path: Path) -> None:
        """Replaces `path` as one."""
        partial = path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2))
        partial.replace(path)


def read_result(path: Path) -> CheckResult:
    """The verdict that `check` left at `path`; raises CheckFailed when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=CheckResult)
    except FileNotFoundError as error:
        raise CheckFailed(f"{path} is missing: nothing has been checked yet; run `codetrail check` first") from error
    except msgspec.DecodeError as error:
        raise CheckFailed(f"{path} cannot be read ({error}): run `codetrail check` again") from error
