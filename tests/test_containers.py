"""The containers: the compose file's steps are the commands as one would type them, in an order that ends published."""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def in_order() -> list[str]:
    """The services, each behind those that it depends on."""
    done: list[str] = []
    while len(done) < len(SERVICES):
        ready = [n for n, one in SERVICES.items() if n not in done and set(one.get("depends_on", {})) <= set(done)]
        assert ready, "the services wait for each other"
        done += ready
    return done


def test_the_base_image_is_of_one_version_and_nobody_is_root():
    assert re.search(r"^FROM python:3\.11\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("--require-hashes") == 2
    for service in SERVICES.values():
        assert service["user"] == "${RUN_AS:-1000:1000}"
        assert ":" in service["image"]
        assert not service["image"].endswith(":latest")


def test_what_the_image_copies_exists_and_is_not_ignored():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()}
    assert copied <= allowed
    assert all((ROOT / name).exists() for name in copied)


def test_a_step_starts_when_the_one_before_has_succeeded():
    assert in_order() == ["run", "build", "check", "publish"]
    for service in SERVICES.values():
        for dependency in service.get("depends_on", {}).values():
            assert dependency == {"condition": "service_completed_successfully"}


def test_its_commands_publish_a_workspace(codetrail_here, inputs):
    (entrypoint,) = re.findall(r"^ENTRYPOINT (\[.+\])$", DOCKERFILE, re.MULTILINE)
    program, *given = json.loads(entrypoint)
    assert program == "codetrail"
    for name in in_order():
        arguments = [str(inputs) if one == "/workspace" else one for one in (*given, *SERVICES[name]["command"])]
        ended = codetrail_here(*arguments)
        assert ended.code == 0, ended.err
    assert (inputs / "published" / "current" / "marts.duckdb").is_file()
