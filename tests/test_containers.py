"""The containers: pinned, confined and of one image; their Kafka is the one that is tested, their alerts are too."""

import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from pipelines.records import EVENTS
from pipelines.stores.kafka_producer import LARGEST
from pipelines.stores.prism import SERVICES as PROVISIONED
from services.broker import TEMPLATE
from services.listeners import Listener
from tests.compose import COMPOSE, DASHBOARD, DOCKERFILE, OURS, PROMETHEUS, ROOT, SERVICES, STEPS, command

KAFKA = SERVICES["kafka"]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


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
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_limits_and_no_more_rights_than_it_needs(name):
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} == limits.keys()
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) == (
        not service["image"].startswith("apache/kafka")
    )  # it writes its settings
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    if service["restart"] == "unless-stopped":
        assert "healthcheck" in service


def test_every_volume_is_used_and_every_file_that_is_mounted_is_there():
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    named = {name for name in mounted if not name.startswith(("/", ".", "$"))}
    assert named == set(COMPOSE["volumes"])
    assert all((ROOT / name).exists() for name in mounted if name.startswith("."))


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


def test_the_commands_for_topic_files_are_those_of_the_page_which_is_run():
    assert list(STEPS) == ["run", "publish"]
    assert STEPS["publish"]["depends_on"] == {"run": {"condition": "service_completed_successfully"}}
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    asked = [" ".join(command(name, {"/workspace": "shop"})) for name in STEPS]
    assert "```sh\n" + "".join(f"codetrail {one}\n" for one in asked) + "```" in page


def test_each_part_waits_for_what_it_needs():
    def waits_for(name: str) -> dict[str, str]:
        return {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}

    assert waits_for("topics") == {"kafka": "service_healthy"}
    assert waits_for("stream") == {"topics": "service_completed_successfully"}
    assert waits_for("warehouse") == waits_for("page") == {"stream": "service_healthy"}
    assert waits_for("grafana") == {"prometheus": "service_healthy"}


def test_the_topics_are_those_of_the_code():
    script = SERVICES["topics"]["command"][-1]
    assert re.search(r"for topic in (.+); do", script)[1].split() == list(EVENTS)
    assert f"max.message.bytes={LARGEST}" in script
    assert SERVICES["topics"]["image"] == KAFKA["image"]


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
    address = OURS["stream"]["environment"]["CODETRAIL_BOOTSTRAP_SERVERS"]
    assert ours["advertised.listeners"] == f"PLAINTEXT://{address}"
    assert ours["controller.quorum.voters"] == f"{ours['node.id']}@127.0.0.1:9093"
    assert KAFKA["healthcheck"]["test"][-1].endswith("/127.0.0.1/9092")
    assert ours["log.dirs"] in {volume.split(":")[1] for volume in KAFKA["volumes"]}
    assert "ports" not in KAFKA


@pytest.mark.parametrize(
    "words",
    [
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_takes_its_files_and_every_alert_fires_when_it_should(words):
    promtool = PROVISIONED / "prometheus" / "promtool"
    if not promtool.is_file():
        pytest.skip("NO PROMETHEUS HERE, so its files were not tested: `make prometheus` gets it")
    done = subprocess.run([promtool, *words], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_has_its_place_in_the_operator_s_page():
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    alerts = [rule["alert"] for group in groups for rule in group["rules"]]
    tested = set(re.findall(r"alertname: (\w+)", (PROMETHEUS / "alerts_test.yml").read_text(encoding="utf-8")))
    assert tested == set(alerts)
    assert re.findall(r"^### (\w+)$", OPERATIONS, re.MULTILINE) == alerts


def test_grafana_shows_what_prometheus_measures():
    places = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((places / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"]
    (provider,) = yaml.safe_load((places / "dashboards" / "codetrail.yml").read_text("utf-8"))["providers"]
    assert source["url"] == "http://prometheus:9090"
    asked = {one["datasource"]["uid"] for panel in DASHBOARD["panels"] for one in panel.get("targets", [])}
    assert asked == {source["uid"]}
    mounts = [volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"] if ":" in volume]
    assert provider["options"]["path"] in mounts
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    assert len(titles) == len(set(titles))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(titles)
    assert all(panel["description"] for panel in DASHBOARD["panels"] if panel["type"] != "row")
