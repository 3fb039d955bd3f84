"""What others wrote and we pass on: it is what their packages hold, its licence lies beside it, it calls nobody."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.test_licences import PERMISSIVE

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "pipelines" / "monitor" / "static" / "vendor"
BROWSER = ROOT / "tests" / "browser" / "vendor"
FIELDS = {"file", "package", "version", "source", "licence", "sha256"}
SAID_BY_ITS_LICENCE = {
    "0BSD": r"BSD Zero Clause License|Zero-Clause BSD",
    "MIT": "The MIT License",
    "MPL-2.0": "Mozilla Public License, version 2.0",
}
NEVER_REQUESTED = {
    "uplot/uPlot.iife.min.js": {"https://github.com/leeoniya/uPlot"},  # a comment: whose work it is
}
"""The addresses that a file of the page names, which are words in it and nothing that it asks for."""


def entries(folder: Path) -> list[dict[str, str]]:
    return json.loads((folder / "vendor.json").read_text(encoding="utf-8"))


OF_THE_PAGE = [entry["file"] for entry in entries(PAGE) if not entry["file"].endswith("LICENSE")]
of_each_folder = pytest.mark.parametrize("folder", [PAGE, BROWSER], ids=["page", "browser"])


@of_each_folder
def test_every_vendored_file_is_listed_and_is_byte_for_byte_what_was_listed(folder):
    listed = {entry["file"]: entry["sha256"] for entry in entries(folder)}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del there["vendor.json"]
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()} == listed


@of_each_folder
def test_every_vendored_file_says_where_it_is_from_and_has_its_licence_beside_it(folder):
    for entry in entries(folder):
        assert entry.keys() == FIELDS
        assert entry["licence"] in PERMISSIVE
        licence = (folder / entry["file"]).with_name("LICENSE").read_text(encoding="utf-8")
        assert re.search(SAID_BY_ITS_LICENCE[entry["licence"]], licence), entry["file"]


@pytest.mark.parametrize("name", OF_THE_PAGE)
def test_a_file_of_the_page_asks_no_other_host(name):
    text = (PAGE / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[^\s\"'`)]+", text)) == NEVER_REQUESTED.get(name, set())
    assert re.findall(r"sourceMappingURL|@import|url\(|importScripts", text) == []
