"""What the tree promises: rules decide alone, the engines know the runners, files stay small, tests mirror code."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ROOT / "pipelines"
TESTS = ROOT / "tests"
MODULES = sorted(CODE.rglob("*.py"))
RULES = sorted((CODE / "rules").glob("*.py"))
STAGES = sorted((CODE / "stages").glob("*.py"))
SOURCES = sorted(
    path
    for folder in (CODE, TESTS, ROOT / "dbt_project")
    for path in folder.rglob("*")
    if path.suffix in {".py", ".sql", ".yml", ".html"} and not {"target", "logs", "dbt_packages"} & set(path.parts)
)
LONGEST_FILE = 300  # lines

OUTSIDE_WORLD = {
    *("apache_beam", "polars", "pyarrow", "deltalake", "duckdb", "kafka", "numpy", "pandas", "pydantic_settings"),
    *("os", "sys", "io", "pathlib", "time", "random", "secrets", "uuid", "logging", "socket", "subprocess"),
    *("tempfile", "shutil", "threading", "asyncio", "urllib.request", "http"),
}
CLOCK_AND_CHANCE = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "getenv", "uuid4", "urandom"}
IN_AND_OUT = {"open", "print", "input", "read_text", "read_bytes", "write_text", "write_bytes"}
NOT_MIRRORED = {"acceptance", "golden", "end_to_end", "browser", "dbt", "docs", "bench", "services"}
NOT_OF_A_MODULE = {
    "test_architecture",
    "test_schemas",
    "test_truth_isolation",
    "test_docs",
    "test_house",
    "test_containers",
    "test_kubernetes",
    "test_licences",
}


def named(path):
    return str(path.relative_to(ROOT))


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(path):
    """The last name of everything that is called: `now` of `datetime.now()`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def names(path):
    """Every name in the code, not in its words."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
    yield from chain.from_iterable(module.split(".") for module in imports(path))


def is_transform(node):
    return isinstance(node, ast.ClassDef) and any("PTransform" in ast.unparse(base) for base in node.bases)


TRANSFORMS = [pytest.param(node, id=node.name) for path in STAGES for node in tree(path).body if is_transform(node)]
of_each_transform = pytest.mark.parametrize("transform", TRANSFORMS)


def method(of, name):
    return next((node for node in of.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def test_there_is_something_to_look_at():
    assert {path.name for path in RULES} >= {"codes.py", "links.py", "orders.py", "claims.py", "money.py"}
    assert len(TRANSFORMS) >= 6


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_a_rule_knows_nothing_of_the_outside_world(path):
    wanted = set(imports(path))
    assert {name for name in wanted if name in OUTSIDE_WORLD or name.partition(".")[0] in OUTSIDE_WORLD} == set()
    own = {name for name in wanted if name.startswith("pipelines")}
    assert {name for name in own if not name.startswith(("pipelines.rules", "pipelines.failures"))} == set()


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_a_rule_is_handed_the_moment_and_reads_nothing(path):
    assert set(calls(path)) & (CLOCK_AND_CHANCE | IN_AND_OUT) == set()
    assert "environ" not in set(names(path))


def test_only_the_engines_name_a_runner_of_beam():
    runners = re.compile(r"(?<!dbt)Runner$|^runners$")
    knowing = {named(path) for path in MODULES if any(runners.search(name) for name in names(path))}
    assert knowing == {"pipelines/engines.py", "pipelines/engine_flink.py"}


@pytest.mark.parametrize("folder", ["rules", "stores", "settings.py", "records.py"])
def test_nothing_below_imports_a_stage_a_job_or_the_command_line(folder):
    above = (
        "pipelines.stages",
        "pipelines.jobs",
        "pipelines.monitor",
        "pipelines.live",
        "pipelines.cli",
        "pipelines.commands",
    )
    paths = sorted((CODE / folder).rglob("*.py")) if (CODE / folder).is_dir() else [CODE / folder]
    assert [named(p) for p in paths if any(name.startswith(above) for name in imports(p))] == []


def test_stages_do_not_import_jobs():
    assert [named(path) for path in STAGES if any(name.startswith("pipelines.jobs") for name in imports(path))] == []


def test_no_file_is_longer_than_it_may_be():
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_every_module_says_first_what_it_answers():
    silent = [path for path in MODULES if path.stat().st_size and ast.get_docstring(tree(path)) is None]
    assert [named(path) for path in silent] == []


@of_each_transform
def test_a_transform_is_a_dataclass_that_is_whole_when_it_is_made(transform):
    assert [ast.unparse(decorator) for decorator in transform.decorator_list] == ["dataclass"]
    made = method(transform, "__post_init__")
    assert made is not None
    assert "super().__init__()" in ast.unparse(made)  # else Beam gives it no label


@of_each_transform
def test_a_transform_checks_each_count_that_it_is_given(transform):
    counts = [
        field.target.id
        for field in transform.body
        if isinstance(field, ast.AnnAssign) and ast.unparse(field.annotation) == "int" and field.target.id != "epoch"
    ]
    checked = ast.unparse(method(transform, "__post_init__"))
    assert [name for name in counts if f"if self.{name} <" not in checked] == []


@of_each_transform
def test_a_transform_s_docstring_says_what_goes_in_or_comes_out(transform):
    assert re.search(r"^(In|Out|In, out):", ast.get_docstring(transform) or "", re.MULTILINE)


@of_each_transform
def test_every_step_of_a_transform_has_a_label(transform):
    steps = [
        node.right
        for node in ast.walk(method(transform, "expand"))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
    ]
    unlabelled = [s for s in steps if not (isinstance(s, ast.BinOp) and isinstance(s.op, ast.RShift))]
    assert [ast.unparse(step) for step in unlabelled] == []
    assert all(re.fullmatch("[A-Z][A-Za-z]+", step.left.value) for step in steps)


@pytest.mark.parametrize("path", [path for path in RULES if path.name != "__init__.py"], ids=lambda path: path.name)
def test_every_rule_has_its_tests(path):
    assert (TESTS / "rules" / f"test_{path.name}").is_file()


def test_every_folder_of_tests_is_of_a_part_of_the_code():
    folders = {path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py") if path.parent != TESTS}
    parts = {path.name for path in CODE.iterdir() if path.is_dir()} | {path.stem for path in CODE.glob("*.py")}
    assert folders - parts - NOT_MIRRORED == set()


@pytest.mark.parametrize("folder", ["", "rules", "columnar", "stages", "stores", "simulate"])
def test_every_test_is_of_a_module(folder):
    modules = {path.stem for path in (CODE / folder).glob("*.py")}
    tests = {path.stem for path in (TESTS / folder).glob("test_*.py")} - NOT_OF_A_MODULE
    assert {name for name in tests if name.removeprefix("test_") not in modules} == set()
