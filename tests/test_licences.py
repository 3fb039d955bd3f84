"""Licences: whatever is installed with Codetrail may be used and passed on beside its Apache-2.0."""

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PERMISSIVE = {
    *("Apache-2.0", "MIT", "MIT-0", "MIT-CMU", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "CC0-1.0"),
    *("PSF-2.0", "Unlicense", "Apache Software License", "MIT License", "BSD License", "3-Clause BSD License"),
    *("ISC License (ISCL)", "Python Software Foundation License", "Public Domain"),
    # Weak copyleft of its own files: used unchanged, it asks nothing of ours.
    *("MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"),
}
EXCEPTIONS = {
    "crawler-user-agents": "MIT, as its LICENSE file says; its metadata names none",
    "text-unidecode": "the Artistic License or the GPL, at the user's choice: taken under the Artistic License",
}
OF_OTHER_SYSTEMS = {"tzdata", "colorama", "pywin32", "win32-setctime", "greenlet"}
"""Installed on some systems alone, by a marker in the lock."""


def locked() -> list[str]:
    lock = (ROOT / "requirements.lock").read_text()
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)))


def licences(name: str) -> list[str]:
    """What a distribution says of itself: its SPDX expression, else its classifiers, else one line of text."""
    said = metadata.metadata(name)
    classified = [line for line in said.get_all("Classifier", []) if line.startswith("License ::")]
    if classified and "License-Expression" not in said:
        return [line.split(" :: ")[-1] for line in classified if line != "License :: OSI Approved"]
    expression = said.get("License-Expression") or (said.get("License") or "").partition("\n")[0]
    return [one for one in re.split(r" (?:AND|OR|WITH) ", re.sub("[()]", "", expression)) if one]


@pytest.mark.parametrize("name", locked())
def test_a_locked_distribution_may_be_used_beside_apache_2(name):
    try:
        found = licences(name)
    except metadata.PackageNotFoundError:
        assert name in OF_OTHER_SYSTEMS
        return
    if name in EXCEPTIONS:
        assert not found or not set(found) <= PERMISSIVE, "it needs no exception any more"
        return
    assert found, "it names no licence: read its LICENSE file and list it with the reason"
    assert set(found) <= PERMISSIVE


def test_the_licence_of_an_exception_is_what_its_reason_says():
    files = metadata.files("crawler-user-agents") or []
    (licence,) = [file for file in files if file.name.startswith("LICENSE")]
    assert "MIT License" in licence.read_text()
    assert "Artistic License" in licences("text-unidecode")


def test_the_project_s_own_licence_is_apache_2():
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
