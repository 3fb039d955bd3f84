"""Where Prism is looked for, and in which order."""

from importlib.metadata import version

import pytest

from pipelines.failures import BadInput
from pipelines.stores.prism import LOCATION, find_prism


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A binary at each place, the first to be found first: named, on PATH, here, beside the project, downloaded."""
    monkeypatch.chdir(tmp_path)
    downloads = ".apache_beam/cache/prism/bin"
    files = ("named", "path/prism", ".services/prism", "project/prism")
    paths = [
        tmp_path / name for name in (*files, f"{downloads}/apache_beam-v{version('apache-beam')}-prism-linux-amd64")
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return paths


def find(places):
    named, on_path, _, beside, _ = places
    environment = {LOCATION: str(named)} if named.exists() else {}
    found_on_path = {"prism": str(on_path)} if on_path.exists() else {}
    return find_prism({**environment, "HOME": str(named.parent)}, found_on_path.get, beside.parent)


def test_the_first_place_that_has_it_wins(places):
    for place in places:
        assert find(places) == str(place)
        place.unlink()
    assert find(places) is None


def test_what_cannot_be_run_or_is_of_another_version_is_passed_over(places):
    *others, beside, downloaded = places
    for place in others:
        place.unlink()
    beside.chmod(0o644)
    assert find(places) == str(downloaded)
    downloaded.rename(downloaded.with_name("apache_beam-v2.1.0-prism-linux-amd64"))
    assert find(places) is None


def test_a_named_binary_that_cannot_be_run_is_told_and_nothing_else_is_taken(places):
    places[0].chmod(0o644)
    with pytest.raises(BadInput, match=f"{LOCATION} names {places[0]}"):
        find(places)
