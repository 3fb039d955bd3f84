"""The pages of docs/extending, followed: their patches apply to the project as it is, and they print what they say.

All pages are followed in one copy of the project, so that they fit beside each other and one build serves all.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "extending").glob("*.md"))}
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```\n", re.DOTALL | re.MULTILINE)
SHOP = re.compile(r"^mkdir -p shop/.*?(?=^# 3\.)", re.DOTALL | re.MULTILINE)
LONGEST_TEXT = 12  # lines, beside heading, patch and commands


@dataclass(frozen=True)
class Done:
    """How a command ended, and all that it printed."""

    code: int
    out: str


def blocks(page: str, language: str) -> str:
    return "".join(block["text"] for block in BLOCK.finditer(PAGES[page]) if block["language"] == language)


def commands(page: str) -> list[str]:
    return blocks(page, "sh").splitlines()


def in_turn(pages: Iterable[str]) -> list[str]:
    """The commands of all pages, each page's in its order; what stands in several pages, as the build, once."""
    turns = TopologicalSorter({command: () for page in pages for command in commands(page)})
    for page in pages:
        for before, after in pairwise(commands(page)):
            turns.add(after, before)
    return list(turns.static_order())


def run(command: str | list[str], folder: Path, given: str | None = None) -> Done:
    """In a copy of the project: its code is what `python` and `codetrail` run."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PATH": f"{folder / 'bin'}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else command,
        input=given,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Done(done.returncode, done.stdout)


def apply(patch: str, folder: Path, *options: str) -> Done:
    return run(["git", "apply", *options], folder, patch)


def not_told(page: str, printed: str) -> str | None:
    """The first line that the page shows and that is not printed, or not after those before it."""
    left = iter(printed.splitlines())
    return next((line for line in blocks(page, "text").splitlines() if not any(line in one for one in left)), None)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of what is tracked, as it is."""
    folder = tmp_path_factory.mktemp("extended") / "project"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "bin").mkdir()
    for name, started in (("python", ""), ("codetrail", "-c 'from pipelines.cli import main; main()' ")):
        (folder / "bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {started}"$@"\n', encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    run(["git", "init", "--quiet"], folder)  # the root that patches are relative to, wherever temporary files are
    return folder


@pytest.fixture(scope="module")
def alone(project) -> dict[str, Done]:
    """What git says of each page's patch on the project as it is."""
    return {page: apply(blocks(page, "diff"), project, "--check") for page in PAGES}


@pytest.fixture(scope="module")
def followed(project, alone) -> dict[str, Done]:
    """How each command ended after the patches of all pages; what a page does not apply, it does not run either."""
    whole = [page for page in PAGES if alone[page].code == 0 and apply(blocks(page, "diff"), project).code == 0]
    run(SHOP.search((ROOT / "README.md").read_text(encoding="utf-8"))[0], project)
    return {command: run(command, project) for command in in_turn(whole)}


@pytest.mark.parametrize("page", PAGES)
def test_the_patch_applies_to_the_project_as_it_is(page, alone):
    assert blocks(page, "diff")
    assert alone[page].code == 0, f"docs/extending/{page}.md has rotted: {alone[page].out}"


@pytest.mark.parametrize("page", PAGES)
def test_whoever_follows_the_page_sees_what_it_says(page, followed):
    assert set(commands(page)) <= followed.keys(), "its patch does not apply, or not beside those of the other pages"
    ended = {command: followed[command] for command in commands(page)}
    assert not any(done.code for done in ended.values()), [f"{c}\n{done.out}" for c, done in ended.items() if done.code]
    printed = "\n".join(done.out for done in ended.values())
    assert not_told(page, printed) is None, printed


def test_the_commands_run_the_copy(project):
    assert run("python -c 'import pipelines; print(pipelines.__file__)'", project).out.startswith(str(project))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_short(page):
    words = [line for line in BLOCK.sub("", PAGES[page]).splitlines() if line and not line.startswith("#")]
    assert len(words) <= LONGEST_TEXT


def test_a_patch_of_another_project_is_refused_with_the_place(project):
    patch = (
        "--- a/pipelines/rules/models.py\n+++ b/pipelines/rules/models.py\n@@ -1 +1,2 @@\n what is not there\n+more\n"
    )
    refused = apply(patch, project, "--check")
    assert refused.code != 0
    assert "pipelines/rules/models.py" in refused.out


def test_a_line_that_is_not_printed_is_found():
    page = next(page for page in PAGES if blocks(page, "text"))
    lines = blocks(page, "text").splitlines()
    assert not_told(page, "\n".join(lines)) is None
    assert not_told(page, "\n".join(lines[:-1])) == lines[-1]
