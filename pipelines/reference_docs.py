"""docs/reference.md, written from the code: commands, settings, tables, metrics, failures and reasons.

python -m pipelines.reference_docs
"""

import ast
import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import typer
import yaml  # type: ignore[import-untyped]
from pydantic.fields import FieldInfo

from pipelines import metrics
from pipelines.cli import app
from pipelines.failures import FAILURES, CodetrailError, Reason
from pipelines.monitor import page_metrics
from pipelines.reports.quarantine import meaning
from pipelines.schema_store import column_descriptions, lake_schema
from pipelines.settings import SECRETS, Settings
from pipelines.stores.tables import TABLES
from pipelines.warehouse import refresh_metrics
from pipelines.warehouse.dbt_runner import project_dir

FILE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
HEADING = """\
<!-- Written from the code by `python -m pipelines.reference_docs`; change the words there. -->
# Reference

[Commands](#commands) · [Settings](#settings) · [The lake's tables](#the-lakes-tables) · [Marts](#marts) · \
[Metrics](#metrics) · [Failures](#failures) · [Reasons of a rejection](#reasons-of-a-rejection)
"""
MEASURED = (("run", metrics), ("refresh", refresh_metrics), ("page", page_metrics))
KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}


def reference_docs() -> str:
    """The whole page."""
    parts = (_commands(), _settings(), _lake(), _marts(), _metrics(), _failures(), _reasons())
    return "\n".join([HEADING, *("\n".join(part) + "\n" for part in parts)])


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "`codetrail [--workspace DIR] COMMAND`; every one has `--json`: one document instead of words, and `--help`."
    for name, command in sorted(_flat(typer.main.get_command(app))):
        yield f"\n### {name}\n\n{command.help}"
        rows = [(f"`{_signature(one)}`", _default(one), one.help) for one in command.params if "--json" not in one.opts]
        if rows:
            yield from ("", *_table(("option", "default", "says"), rows))
        yield f"\nExample: `{command.epilog.removeprefix('Example: ')}`"


def _flat(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _flat(command, f"{before}{name} ")
        else:
            yield before + name, command


def _signature(option: Any) -> str:
    kind = option.type_descriptor.annotation
    if option.param_type_name == "argument":
        return str(option.name).upper() if option.required else f"[{str(option.name).upper()}]"
    if option.is_flag:
        return str(option.opts[0])
    values = [str(one.value) for one in kind] if inspect.isclass(kind) and issubclass(kind, Enum) else []
    return f"{option.opts[0]} {'|'.join(values) or str(option.name).upper()}".replace("|", "\\|")


def _default(option: Any) -> str:
    value = option.default.value if isinstance(option.default, Enum) else option.default
    return "" if value is None or value is False or option.required else f"`{value}`"


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield "In `codetrail.toml`, or as `CODETRAIL_<NAME>` in the environment: [what each is](settings.md).\n"
    rows = [
        (f"`{name}`", _accepted(field), "" if field.default is None else f"`{field.default}`", _where(name))
        for name, field in sorted(Settings.model_fields.items())
    ]
    yield from _table(("setting", "takes", "default", "where"), rows)


def _accepted(field: FieldInfo) -> str:
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    if get_origin(field.annotation) is Literal:
        words = " ".join(f"`{value}`" for value in get_args(field.annotation))
    elif kinds and get_origin(kinds[0]) is Literal:
        words = " ".join(f"`{value}`" for value in get_args(kinds[0]))
    else:
        kind = kinds[0] if kinds else field.annotation
        words = {
            "str": "text",
            "int": "a whole number",
            "float": "a number",
            "Path": "a path",
            "SecretStr": "a secret",
        }.get(getattr(kind, "__name__", ""), "an instant")
    signs = {"ge": "≥", "gt": ">", "le": "≤"}
    bounds = [
        f"{signs[name]} {getattr(rule, name):g}" for rule in field.metadata for name in signs if hasattr(rule, name)
    ]
    return ", ".join([words, *bounds])


def _where(name: str) -> str:
    return "environment only" if name in SECRETS else ""


def _lake() -> Iterator[str]:
    yield "## The lake's tables\n"
    yield "Delta tables below `lake/`."
    words = column_descriptions()
    for table, schema in TABLES.items():
        yield f"\n### {table}\n\n{lake_schema(table)['description']}\n"
        rows = [
            (
                f"`{column.name}`",
                _type(str(column.type)),
                words.get(f"{table}.{column.name}", words.get(column.name, "")),
            )
            for column in schema
        ]
        yield from _table(("column", "type", "meaning"), rows)


def _type(arrow: str) -> str:
    return "list of structs" if arrow.startswith("list<") and "struct" in arrow else arrow


def _marts() -> Iterator[str]:
    yield "## Marts\n"
    yield "Tables of `published/current`; what each column means stands in its `index.html`."
    for file in sorted((project_dir() / "models").rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            if model["name"].startswith(("dim_", "fct_")):
                columns = ", ".join(f"`{column['name']}`" for column in model["columns"])
                yield f"\n### {model['name']}\n\n{model['description']}\n\n{columns}"


def _metrics() -> Iterator[str]:
    yield "## Metrics\n"
    yield "A run's and a refresh's at `metrics_port`, the page's at `/metrics`: [what to do](operations.md).\n"
    rows = [
        (f"`{name}`", of, kind, labels, help_)
        for of, module in MEASURED
        for name, kind, labels, help_ in _measures(module)
    ]
    yield from _table(("metric", "of the", "kind", "labels", "says"), rows)


def _measures(module: ModuleType) -> Iterator[tuple[str, str, str, str]]:
    """Name, kind, labels and words of each metric that a module defines, in its order."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            name, words, *labels = (ast.literal_eval(argument) for argument in node.args)
            yield name, KINDS[node.func.id], ", ".join(f"`{label}`" for of in labels for label in of), words


def _failures() -> Iterator[str]:
    yield "## Failures\n"
    yield "Each ends a command with its exit code and one sentence: what happened, where, what to do next.\n"
    rows = [(f"`{name}`", str(failure.exit_code), _sentence(failure)) for name, failure in FAILURES.items()]
    yield from _table(("failure", "exit", "means"), rows)


def _sentence(failure: type[CodetrailError]) -> str:
    return (inspect.getdoc(failure) or "").partition("\n\n")[0].replace("\n", " ")


def _reasons() -> Iterator[str]:
    yield "## Reasons of a rejection\n"
    yield "Why a message is in `rejected_events` instead of its landing table (`codetrail quarantine list`).\n"
    yield from _table(("reason", "means"), [(f"`{reason.value}`", meaning(reason.value)) for reason in Reason])


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell or ' ' for cell in row)} |".replace("  |", " |")


if __name__ == "__main__":
    FILE.write_text(reference_docs(), encoding="utf-8")
