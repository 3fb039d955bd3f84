"""The pages under docs/: every command in them runs, in order, in one workspace, or is marked with why it cannot."""

import os
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
import typer

from pipelines.cli import app
from pipelines.stores.lake import Lake
from tests.conftest import COMMAND, Ended, run_codetrail

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {str(path.relative_to(DOCS)): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
BLOCK = re.compile(
    r"(?:^<!-- not run in CI: (?P<why>.+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE
)
NOT_RUN = {"diff", "text", "json", "toml", "yaml", "sql"}
ELSEWHERE = re.compile(r"as it stands, (?P<test>tests/\S+\.py) runs these commands on data of its own")
NEEDS = ("needs Docker", "needs Kubernetes", "needs a Flink cluster", "needs an object store")
ROW_WITH_COMMAND = re.compile(r"^ {4,}(?:codetrail|docker|kubectl|make|python) ", re.MULTILINE)


def commands_of(page: str) -> str:
    """The blocks of a page that are run, as one script."""
    blocks = [block for block in BLOCK.finditer(PAGES[page]) if block["language"] == "sh" and not block["why"]]
    return "\n".join(block["text"] for block in blocks)


def run(page: str, folder: Path, replaced: dict[str, str]) -> Ended:
    script = commands_of(page)
    for old, new in replaced.items():
        assert old in script
        script = script.replace(old, new)
    done = subprocess.run(
        ["bash", "-eu"],
        input=script,
        cwd=folder,
        env={**os.environ, "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return Ended(done.returncode, done.stdout, done.stderr)


def asks_for_the_same(test: str, commands: str) -> bool:
    """Whether a file of tests names each command of a block."""
    text = (ROOT / test).read_text(encoding="utf-8")
    names = re.findall(r"codetrail (?:--workspace \S+ )?(?:(?:quarantine|reference) )?([a-z]+)", commands)
    return bool(names) and [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory) -> tuple[Path, Ended]:
    """The folder in which the tutorial was followed, its workspace also by the name that other pages give it."""
    folder = tmp_path_factory.mktemp("pages")
    ended = run("tutorial.md", folder, {})
    (folder / "shop").symlink_to("first")
    return folder, ended


def test_the_tutorial_ends_with_the_numbers_that_it_tells(tutorial):
    _, ended = tutorial
    told = PAGES["tutorial.md"]
    assert re.search(r"bad_money +1 ", ended.out)
    assert "5 landed, 1 rejected" in ended.out
    for handle, profit in (("@ben.lifts", "57.00"), ("@ana.runs", "28.41"), ("@cleo.cooks", "-0.10")):
        assert re.search(rf"{handle} .+ {profit}00 ", ended.out)
        assert profit in told or profit == "-0.10"
    first, second = ended.out.split("Order #1006")[1:]
    assert "Earned by nobody" in first
    assert "Earned by @cleo.cooks" in second


@pytest.mark.parametrize("page", ["deployment.md", "operations.md"])
def test_a_page_s_commands_run_as_they_stand_there(tutorial, page):
    folder, _ = tutorial
    run(page, folder, {})


def decided(root: Path) -> list[dict[str, object]]:
    """What the lake says of every order now, but for who bought."""
    columns = [
        "order_id",
        "revision_key",
        "net_minor",
        "net_reporting_minor",
        "winner_influencer_id",
        "claims",
        "credits",
    ]
    rows = Lake(root / "lake").read("order_attributions", columns).sort("order_id", "revision_key")
    return rows.unique("order_id", keep="last", maintain_order=True).drop("revision_key").to_dicts()


def test_a_new_key_changes_no_credit_and_knows_nobody_of_before(tutorial):
    folder, _ = tutorial
    run("privacy.md", folder, {"shop2 refresh": "shop2 build"})  # whose check says nothing of keys
    former, later = folder / "shop", folder / "shop2"
    assert decided(former) == decided(later) != []
    with duckdb.connect(str(later / "warehouse" / "build.duckdb"), read_only=True) as build:
        assert build.sql("select count(*) from fct_orders").fetchall() == [(len(decided(later)),)]
    known = [set(Lake(root / "lake").read("orders", ["customer_id"])["customer_id"]) for root in (former, later)]
    assert len(known[0]) == len(known[1]) > 1
    assert known[0] & known[1] == set()
    key = (folder / "hash.key").read_text(encoding="utf-8")
    for root, environment in ((former, {"CODETRAIL_HASH_KEY": key}), (later, {})):
        ended = run_codetrail("--workspace", root, "run", env=environment)
        assert ended.code == 2
        assert "another hash key" in ended.err


def test_no_other_page_has_commands_that_nothing_runs():
    run_above = {"tutorial.md", "deployment.md", "operations.md", "privacy.md"}
    run_in_a_copy = {page for page in PAGES if page.startswith("extending/")}  # tests/docs/test_extending.py
    assert {page for page in PAGES if commands_of(page)} == run_above | run_in_a_copy


@pytest.mark.parametrize("page", PAGES)
def test_a_block_is_run_or_says_why_not_or_is_no_command(page):
    for block in BLOCK.finditer(PAGES[page]):
        assert block["language"] in {"sh", *NOT_RUN}, block["text"]
        if block["why"]:
            assert block["language"] == "sh"
            assert block["why"].startswith(NEEDS) or asks_for_the_same(
                ELSEWHERE.fullmatch(block["why"])["test"], block["text"]
            )
    assert not ROW_WITH_COMMAND.search(PAGES[page])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_commands_and_files_that_there_are(page):
    names = typer.main.get_command(app).commands
    text = PAGES[page]
    for named in re.findall(r"\bcodetrail (?:--workspace \S+ )?([a-z]+)\b", re.sub(r"```.*?```|[^`\n]*\n", "", text)):
        assert named in names
    links = [link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if "://" not in link]
    assert [link for link in links if not (DOCS / page).parent.joinpath(link).exists()] == []
    paths = re.findall(r"`((?:pipelines|tests|schemas|dbt_project|expectations|deploy|bench)/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_link_into_a_page_finds_its_heading(page):
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", PAGES[page]):
        text = (DOCS / page).parent.joinpath(target).read_text(encoding="utf-8") if target else PAGES[page]
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, f"{page}: {target}#{anchor}"


def test_every_page_is_found_from_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page for page in PAGES if "/" not in page and f"docs/{page}" not in readme] == []
    inner = {page: PAGES[f"{page.partition('/')[0]}.md"] for page in PAGES if "/" in page}  # from the folder's page
    assert [page for page, entry in inner.items() if f"]({page})" not in entry] == []
