"""The workspace: its folders, and the key that turns ids with personal data into hashes."""

import os
import stat

import pytest

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.settings import Settings
from pipelines.stores.workspace import Workspace, config_home, hash_key

LONG = "a long random text"


def test_the_folders_are_below_the_root(tmp_path):
    workspace = Workspace(tmp_path)
    assert workspace.topics == tmp_path / "topics"
    assert workspace.lake.root == tmp_path / "lake"
    assert workspace.settings_file == tmp_path / "codetrail.toml"


def test_a_workspace_without_reference_data_says_so(tmp_path):
    with pytest.raises(BadInput, match="reference"):
        Workspace(tmp_path).reference(LONG.encode())


def test_the_setting_is_the_key(tmp_path):
    assert hash_key(Settings(hash_key=LONG), tmp_path) == LONG.encode()
    assert list(tmp_path.iterdir()) == []


def test_a_short_key_is_refused(tmp_path):
    with pytest.raises(BadInput, match="shorter than 16 bytes"):
        hash_key(Settings(hash_key="short"), tmp_path)


def test_the_user_s_own_key_is_made_once_and_for_this_user_alone(tmp_path):
    key = hash_key(Settings(), tmp_path)
    assert len(key) == 64
    assert hash_key(Settings(), tmp_path) == key
    [file] = (tmp_path / "codetrail").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_of_two_processes_that_make_the_key_at_once_the_first_one_s_counts(tmp_path, monkeypatch):
    def first(temporary, file):
        file.write_text("the first one's key")
        raise FileExistsError(file)

    monkeypatch.setattr(os, "link", first)
    assert hash_key(Settings(), tmp_path) == b"the first one's key"
    assert [file.name for file in (tmp_path / "codetrail").iterdir()] == ["hash.key"]


def test_a_home_that_cannot_be_written_names_the_setting(tmp_path):
    (tmp_path / "codetrail").write_text("a file, where a folder is needed")
    with pytest.raises(LakeUnavailable, match="set CODETRAIL_HASH_KEY"):
        hash_key(Settings(), tmp_path)


def test_the_user_s_configuration_is_where_the_system_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_home() == tmp_path
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert config_home() == tmp_path / "home" / ".config"
