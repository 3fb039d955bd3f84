"""What must hold of each table: the suites of `expectations/`, read and turned into SQL that finds what breaks them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

import pipelines
from pipelines.failures import BadInput

Severity = Literal["block", "warn"]
Sentence = Annotated[str, msgspec.Meta(min_length=10)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Literals = int | float | str | bool

Type = Literal[
    "expect_column_values_to_be_between", "expect_column_values_to_not_be_null", "expect_column_values_to_be_in_set"
]
BETWEEN: Final = "expect_column_values_to_be_between"
NOT_NULL: Final = "expect_column_values_to_not_be_null"
IN_SET: Final = "expect_column_values_to_be_in_set"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The arguments of an expectation; those that its type does not take are None."""

    column: Name
    min_value: float | None = None
    max_value: float | None = None
    value_set: tuple[Literals, ...] | None = None

    def given(self) -> dict[str, object]:
        named = {"min_value": self.min_value, "max_value": self.max_value, "value_set": self.value_set}
        return {"column": self.column} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in named.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """For a person: why the expectation matters, and whether it stops a publication."""

    why: Sentence
    severity: Severity


@dataclass(frozen=True, slots=True)
class Expectation:
    """One Great Expectations expectation on one column of its batch; null values are judged by NOT_NULL alone."""

    name: Name
    type: Type
    kwargs: Bounds
    meta: Reading

    def broken_by(self) -> str:
        """The SQL condition that holds for exactly the rows that Great Expectations would call unexpected."""
        column = f'"{self.kwargs.column}"'
        if self.type == NOT_NULL:
            return f"{column} is null"
        if self.type == IN_SET:
            allowed = ", ".join(_literal(value) for value in self.kwargs.value_set or ())
            return f"coalesce({column} not in ({allowed}), false)"
        limits = [("<", self.kwargs.min_value), (">", self.kwargs.max_value)]
        outside = " or ".join(f"{column} {sign} {limit}" for sign, limit in limits if limit is not None)
        return f"coalesce({outside}, false)"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a table, or sums over it, that expectations are checked on; `keys` name a row to a reader."""

    name: Name
    keys: tuple[Name, ...]
    query: tuple[str, ...]  # the lines of one SQL query
    expectations: tuple[Expectation, ...]

    @property
    def sql(self) -> str:
        return "\n".join(self.query)


@dataclass(frozen=True, slots=True)
class Suite:
    """Everything that is expected of one table."""

    table: Name
    grain: Sentence
    batches: tuple[Batch, ...]


def expectations_dir() -> Path:
    """The folder of the suites: inside an installed package, or beside it in a checkout."""
    package = Path(pipelines.__file__).parent
    installed = package / "_data" / "expectations"
    return installed if installed.is_dir() else package.parent / "expectations"


def load_suites(folder: Path) -> tuple[Suite, ...]:
    """The suites of `folder`/suites in order of their names; raises BadInput with the file that cannot be read."""
    paths = sorted((folder / "suites").glob("*.json"))
    if not paths:
        raise BadInput(
            f"no suites in {folder / 'suites'}: install codetrail again, nothing can be checked without them"
        )
    return tuple(load_suite(path) for path in paths)


def load_suite(path: Path) -> Suite:
    """One suite; raises BadInput with the file when it cannot be read or is another table's."""
    try:
        suite = msgspec.json.decode(path.read_bytes(), type=Suite)
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(f"{path}: {error}; mend the suite as expectations/README.md describes it") from error
    if suite.table != path.stem:
        raise BadInput(f"{path} is the suite of {suite.table!r}: name the file {suite.table}.json")
    return suite


def _literal(value: Literals) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()
