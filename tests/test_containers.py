"""The containers: their steps are the commands as one would type them, and their Kafka is the one that is tested."""

import re
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from services.broker import TEMPLATE
from services.listeners import Listener
from tests.compose import DOCKERFILE, OURS, ROOT, SERVICES, STEPS, command

KAFKA = SERVICES["kafka"]


def in_order() -> list[str]:
    """The steps, each behind those that it depends on."""
    done: list[str] = []
    while len(done) < len(STEPS):
        ready = [n for n, one in STEPS.items() if n not in done and set(one.get("depends_on", {})) <= set(done)]
        assert ready, "the steps wait for each other"
        done += ready
    return done


def properties(lines: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z.]+)=(.*)$", lines, re.MULTILINE))


def kafka_settings() -> dict[str, str]:
    """The container's settings by the names of a properties file."""
    return {
        name.removeprefix("KAFKA_").replace("_", ".").lower(): value for name, value in KAFKA["environment"].items()
    }


def test_images_are_of_one_version_and_nobody_is_root():
    assert re.search(r"^FROM python:3\.11\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^FROM golang:1\.\d+\.\d+-\w+ AS prism$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("--require-hashes") == 2
    assert {service["user"] for service in OURS.values()} == {"${RUN_AS:-1000:1000}"}
    for service in SERVICES.values():
        assert re.search(r":\d+\.\d+\.\d+$", service["image"])


def test_what_the_image_copies_exists_and_is_not_ignored():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names
    assert names <= allowed
    assert all((ROOT / name).exists() for name in names)


def test_prism_is_of_the_installed_beam_and_on_path():
    assert re.findall(r"go install \S+/cmd/prism@v(\S+)", DOCKERFILE) == [version("apache-beam")]
    assert re.search(r"^COPY --from=prism \S+/prism /usr/bin/prism$", DOCKERFILE, re.MULTILINE)


def test_a_step_starts_when_the_one_before_has_succeeded():
    assert in_order() == ["run", "build", "check", "publish"]
    for service in STEPS.values():
        for dependency in service.get("depends_on", {}).values():
            assert dependency == {"condition": "service_completed_successfully"}


def test_its_commands_publish_a_workspace(codetrail_here, inputs):
    for name in in_order():
        ended = codetrail_here(*command(name, {"/workspace": str(inputs)}))
        assert ended.code == 0, ended.err
    assert (inputs / "published" / "current" / "marts.duckdb").is_file()


def test_the_stream_follows_this_kafka_until_it_is_told_to_stop():
    stream = OURS["stream"]
    assert {"--follow", "kafka:9092", "prism"} <= set(command("stream", {}))
    assert stream["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert stream["restart"] == KAFKA["restart"] == "unless-stopped"
    assert stream["profiles"] == KAFKA["profiles"]  # one without the other would not start


def test_kafka_is_of_the_version_that_is_tested():
    pom = ElementTree.parse(ROOT / "services" / "kafka" / "pom.xml")
    found = pom.findtext("{*}properties/{*}kafka.version")
    assert KAFKA["image"] == f"apache/kafka:{found}"


def test_kafka_has_the_settings_that_are_tested():
    tested = properties(TEMPLATE.read_text(encoding="utf-8"))
    added = Listener(9092, "PLAINTEXT", Path()).properties()
    ours = kafka_settings()
    places = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
    assert ours.keys() == tested.keys() | added.keys() | places
    same = {**tested, **added}
    assert {name: value for name, value in ours.items() if name not in places} == {
        name: value for name, value in same.items() if name not in places
    }


def test_clients_reach_kafka_where_it_listens_and_nobody_else_reaches_the_controller():
    ours = kafka_settings()
    assert ours["listeners"].split(",") == ["PLAINTEXT://:9092", "CONTROLLER://127.0.0.1:9093"]
    assert ours["advertised.listeners"] == "PLAINTEXT://" + OURS["stream"]["command"][4]
    assert ours["controller.quorum.voters"] == f"{ours['node.id']}@127.0.0.1:9093"
    assert KAFKA["healthcheck"]["test"][-1].endswith("/127.0.0.1/9092")
    assert ours["log.dirs"] in {volume.split(":")[1] for volume in KAFKA["volumes"]}
    assert "ports" not in KAFKA
