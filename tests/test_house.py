"""The house: sizes, required files, locked dependencies, and nothing of one machine in what is tracked."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = [
    "README.md",
    "CHANGELOG.md",
    "DECISIONS.md",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    "docker-compose.yml",
    "Dockerfile",
    ".ci/run",
    ".pre-commit-config.yaml",
    ".sqlfluff",
    ".gitignore",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-uv.lock",
]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")
LARGEST = 300
SIZED = {".py", ".sql", ".yml", ".yaml", ".html"}
IN_AN_IMAGE = "/opt/kafka/bin/"  # where Kafka's own image has its tools
MACHINE = re.compile(rf"(?<![\w.{{}}$-])(?!{IN_AN_IMAGE})/(?:root|home|Users|work|opt|usr/local)/[\w.-]+")
REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|artifactory|devpi|--index-url|--find-links|--trusted-host)\b|PIP_\w+"
)
UNFINISHED = re.compile(
    r"\b(?:TO" r"DO|FIX" r"ME)\b|raise Not" r"ImplementedError|except Exc" r"eption\b|^\s*except:", re.MULTILINE
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every tracked text by its name; pictures and made-up broken bytes are left out."""
    found = {}
    for path in tracked():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_the_files_of_a_house_are_there():
    assert [name for name in REQUIRED if not (ROOT / name).is_file()] == []


def test_ci_calls_make_test_and_can_be_run():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert "exec make test" in text


def test_no_file_is_longer_than_a_reader_s_patience(texts):
    long = {name: text.count("\n") for name, text in texts.items() if Path(name).suffix in SIZED}
    assert {name: lines for name, lines in long.items() if lines > LARGEST and "/golden/" not in name} == {}
    assert texts["README.md"].count("\n") <= 200


def test_every_python_file_says_first_what_it_answers(texts):
    python = {name: text for name, text in texts.items() if name.endswith(".py") and text.strip()}
    assert [name for name, text in python.items() if not text.startswith('"""')] == []


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["no path of a machine", "no host of a registry"])
def test_what_is_tracked_is_of_no_machine(texts, pattern):
    own = "tests/test_house.py"
    found = {name: pattern.findall(text)[:3] for name, text in texts.items() if name != own and pattern.search(text)}
    assert found == {}


def test_nothing_is_left_unfinished_and_only_expected_exceptions_are_caught(texts):
    code = {name: text for name, text in texts.items() if Path(name).suffix in SIZED}
    assert {name: UNFINISHED.findall(text)[:3] for name, text in code.items() if UNFINISHED.search(text)} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_distribution_has_a_version_and_hashes(lock):
    entries = [entry for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text()) if not entry.startswith("#")]
    assert entries
    assert [entry.split("\n")[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert names(project["project"]["dependencies"]) <= locked("requirements.lock")
    assert names(project["dependency-groups"]["dev"]) <= locked("requirements-dev.lock")


def test_the_development_lock_agrees_with_the_first():
    def versions(lock: str) -> dict[str, str]:
        return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))

    first, second = versions("requirements.lock"), versions("requirements-dev.lock")
    assert {name: (first[name], second[name]) for name in first.keys() & second if first[name] != second[name]} == {}


def test_every_decision_has_its_date():
    decisions = (ROOT / "DECISIONS.md").read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(decisions) >= 15
    undated = [text.splitlines()[0] for text in decisions if not re.match(r"\d{4}-\d\d-\d\d\. ", text.splitlines()[1])]
    assert undated == []


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in requirements}


def locked(lock: str) -> set[str]:
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / lock).read_text(), re.MULTILINE)}
