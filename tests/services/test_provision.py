"""Getting Kafka, Prism, Prometheus and Chromium: all or nothing, once, and a reader is told what to install."""

import os
from pathlib import Path

import pytest

from services.provision import (
    _OF_FLINK,
    CHROMIUM_LOCATION,
    FLINK,
    NotProvisioned,
    provision_chromium,
    provision_flink,
    provision_kafka,
    provision_prism,
    provision_prometheus,
)


@pytest.fixture
def without_programs(tmp_path, monkeypatch):
    """To be called when no program is to be found any more."""
    (tmp_path / "empty").mkdir()
    return lambda: monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_what_is_missing_is_named_with_what_to_install(tmp_path, without_programs):
    without_programs()
    with pytest.raises(NotProvisioned, match=r"java, mvn\. Install .* JDK 17 .* Maven"):
        provision_kafka(tmp_path)
    with pytest.raises(NotProvisioned, match=r"go\. Install .* Go"):
        provision_prism(tmp_path)


def test_half_a_provisioning_is_begun_anew_and_a_whole_one_is_kept(tmp_path, broker, without_programs):
    half = tmp_path / "kafka.partial" / "libs" / "half.jar"
    half.parent.mkdir(parents=True)
    half.touch()
    libs = provision_kafka(tmp_path)
    jars = {path.name for path in libs.iterdir()}
    assert any(name.startswith("kafka_") for name in jars)
    assert half.name not in jars
    assert not half.exists()
    without_programs()
    assert provision_kafka(tmp_path) == libs


def test_kafka_of_another_pom_and_prism_of_another_beam_are_not_kept(tmp_path, without_programs):
    without_programs()
    (tmp_path / "kafka" / "libs").mkdir(parents=True)
    (tmp_path / "kafka" / "pom.xml").write_text("<project/>")
    with pytest.raises(NotProvisioned):
        provision_kafka(tmp_path)
    (tmp_path / "prism").touch(mode=0o755)
    (tmp_path / "prism.version").write_text("v2.1.0")
    with pytest.raises(NotProvisioned):
        provision_prism(tmp_path)


def test_flink_of_another_recipe_is_not_kept_and_a_whole_one_is(tmp_path, without_programs):
    without_programs()
    flink = tmp_path / FLINK.name
    (flink / "lib").mkdir(parents=True)
    for recipe in _OF_FLINK:
        (flink / recipe.name).write_bytes(recipe.read_bytes())
    assert provision_flink(tmp_path) == flink
    (flink / "pom.xml").write_text("<project/>")
    with pytest.raises(NotProvisioned, match=r"java, mvn\. Install"):
        provision_flink(tmp_path)


def test_a_download_that_fails_is_told_and_leaves_nothing_that_looks_finished(tmp_path, monkeypatch):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    go = bin_folder / "go"
    go.write_text("#!/bin/sh\necho no route to the proxy >&2\nexit 1\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))
    with pytest.raises(NotProvisioned, match=r"(?s)go ended with 1\. It needs the network.*no route to the proxy"):
        provision_prism(tmp_path / "services")
    assert not (tmp_path / "services" / "prism").exists()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The only programs there are: `programs("apt-get", "exit 1")` → the path of that one, a script of the shell."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def add(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return add


def test_chromium_is_the_one_that_is_named_else_the_one_on_path(tmp_path, programs, monkeypatch):
    on_path = programs("chromium", "exit 0")
    link = provision_chromium(tmp_path / "services")
    assert link.readlink() == on_path
    another = programs("another", "exit 0")
    monkeypatch.setenv(CHROMIUM_LOCATION, str(another))
    assert provision_chromium(tmp_path / "services").readlink() == another
    monkeypatch.setenv(CHROMIUM_LOCATION, str(tmp_path / "nowhere"))
    with pytest.raises(NotProvisioned, match=r"CODETRAIL_CHROMIUM names .*nowhere, which cannot be run"):
        provision_chromium(tmp_path / "services")


def test_root_on_a_debian_gets_chromium_with_a_font(tmp_path, programs, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    asked, chromium = tmp_path / "asked", tmp_path / "bin" / "chromium"
    programs(
        "apt-get", f'echo "$DEBIAN_FRONTEND" "$@" >> {asked}; [ "$1" = update ] || /bin/ln -s /bin/true {chromium}'
    )
    assert provision_chromium(tmp_path / "services").readlink() == chromium
    provision_chromium(tmp_path / "services")
    install = "noninteractive install -y --no-install-recommends chromium fonts-dejavu-core"
    assert asked.read_text().splitlines() == ["noninteractive update", install]


def test_who_may_not_install_is_told_what_to_install(tmp_path, programs, monkeypatch):
    apt = programs("apt-get", "exit 100")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotProvisioned, match=r"as root: `apt-get install .*chromium fonts-dejavu-core`.*Then repeat"):
        provision_chromium(tmp_path / "services")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(NotProvisioned, match=r"apt-get ended with 100"):
        provision_chromium(tmp_path / "services")
    apt.unlink()
    with pytest.raises(NotProvisioned, match=r"name it in CODETRAIL_CHROMIUM"):
        provision_chromium(tmp_path / "services")
    assert not (tmp_path / "services" / "chromium").exists()


def test_prometheus_is_linked_from_path_and_named_where_there_is_none(tmp_path, monkeypatch, without_programs):
    there = tmp_path / "there"
    there.mkdir()
    for name in ("prometheus", "promtool"):
        (there / name).write_text("#!/bin/sh\n")
        (there / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(there))
    folder = provision_prometheus(tmp_path / "services")
    assert {path.name: path.resolve() for path in folder.iterdir()} == {
        name: there / name for name in ("prometheus", "promtool")
    }
    without_programs()
    assert provision_prometheus(tmp_path / "services") == folder
    with pytest.raises(NotProvisioned, match=r"not on PATH: prometheus, promtool\. Install"):
        provision_prometheus(tmp_path / "none")
