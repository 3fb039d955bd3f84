"""The documents tell the truth: the README's commands run, its output is what is printed, its tables are complete."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import typer

from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from tests.conftest import COMMAND

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
WATCHED = ("README.md", "DECISIONS.md", "CHANGELOG.md", "expectations/README.md")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def without_spacing(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_every_make_verb_that_the_readme_names_exists():
    verbs = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"^`?make ([a-z-]+)", README, re.MULTILINE))
    assert named >= {"demo", "test"}
    assert named <= set(verbs)


def test_the_readme_s_own_shop_runs_as_it_stands_there(readme_shop):
    for said in ("2 landed, 0 rejected", "Earned by @ana.runs", "53.91", "outranked"):
        assert said in readme_shop.ended.out
    assert (readme_shop.root / "published" / "current" / "marts.duckdb").is_file()


@pytest.mark.slow
def test_the_readme_s_stream_follows_a_broker_and_ends_cleanly(broker, prism, tmp_path):
    """As it stands there, but for the broker: the one of the tests, instead of one that `make` starts."""
    broker.reset()
    block = next(text for text in blocks("sh") if "--follow" in text)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(COMMAND.parent)
    commands = block.replace("make services services-start\n", "").replace("127.0.0.1:9092", broker.bootstrap_servers)
    assert commands.count("\n") == block.count("\n") - 1
    done = subprocess.run(
        ["bash", "-eu"],
        input=commands,
        cwd=tmp_path,
        env={**os.environ, "CODETRAIL_PRISM_LOCATION": prism},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"run +[\d,]+ messages: [\d,]+ landed", done.stdout), done.stdout
    assert Lake(tmp_path / "live" / "lake").rows("order_attributions") >= 500


def test_the_output_that_the_readme_shows_is_the_demo_s(demo):
    printed = without_spacing(demo.ended.out.replace(str(demo.root), "demo"))
    missing = [line for line in blocks("text")[0].splitlines() if without_spacing(line).strip() not in printed]
    assert not missing


def test_every_command_stands_in_the_readme():
    for name, command in typer.main.get_command(app).commands.items():
        inner = getattr(command, "commands", None)
        for full in [f"{name} {inside}" for inside in inner] if inner else [name]:
            assert re.search(rf"`{full}( ORDER_ID| --customer ID)?`", README), full


def test_every_setting_is_documented_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", SETTINGS, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        assert name in rows, name
        if field.default is not None:
            assert str(field.default) in rows[name].replace("`", ""), name


def test_every_file_that_the_documents_name_exists():
    for document in WATCHED:
        text = (ROOT / document).read_text(encoding="utf-8")
        links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
        paths = re.findall(r"`((?:pipelines|tests|schemas|dbt_project|expectations)/[\w./-]+)`", text)
        for named in (*links, *paths):
            assert (ROOT / named).exists(), f"{document} names {named}"
