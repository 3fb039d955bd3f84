"""What compose starts, as processes: the same commands and environments take orders from Kafka to the dashboard."""

import http.client
import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import psutil
import pytest

from pipelines.stores.lake import Lake
from pipelines.stores.prism import SERVICES as PROVISIONED
from pipelines.warehouse.versions import current_version
from services.broker import _free_ports
from services.provision import KAFKA
from tests.compose import PROMETHEUS, SERVICES, command, environment, expressions, health_check, with_replaced
from tests.conftest import COMMAND
from tests.end_to_end.live_run import wait_until

pytestmark = pytest.mark.slow
ORDERS = 60
TOKEN = "a token of this test alone"
PARTS = ("stream", "warehouse", "page")
PROGRAM = PROVISIONED / "prometheus" / "prometheus"


@dataclass
class Stack:
    """The parts that run, where each answers, and the texts of compose that stand for other ones here."""

    root: Path
    replaced: dict[str, dict[str, str]]
    ports: dict[str, int]
    processes: dict[str, psutil.Popen] = field(default_factory=dict)

    def start(self, name: str, words: list[str], settings: dict[str, str]) -> None:
        with (self.root / f"{name}.log").open("wb") as log:
            self.processes[name] = psutil.Popen(
                words, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def said(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def is_healthy(self, name: str) -> bool:
        assert self.processes[name].poll() is None, self.said(name)
        words = health_check(name, {**self.replaced[name], "python": sys.executable})
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def asked(self, path: str, **query: str) -> dict:
        """What Prometheus answers."""
        address = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/{path}?{urlencode(query)}"
        with urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def exposed(self) -> set[str]:
        """The names of all that the parts measure, with those of a histogram's series."""
        found = set()
        for name in PARTS:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=10)
            connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
            text = connection.getresponse().read().decode()
            for measure, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE):
                found |= (
                    {measure + ending for ending in ("_bucket", "_sum", "_count")} if kind == "histogram" else {measure}
                )
        return found


@pytest.fixture(scope="module")
def stack(own_broker, prism, tmp_path_factory, codetrail):
    if not PROGRAM.is_file():
        pytest.skip("NO PROMETHEUS HERE, so the dashboard was not tested: `make prometheus` gets it")
    root = tmp_path_factory.mktemp("deployed")
    names = ("stream", "warehouse", "page", "prometheus")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    (root / "token").write_text(TOKEN)
    places = {
        "/workspace": str(root / "shop"),
        "/config": str(root / "config"),
        "/run/secrets/monitor_token": str(root / "token"),
        "kafka:9092": own_broker.bootstrap_servers,
    }
    replaced = {name: {**places, "9108": str(ports[name]), "8050": str(ports[name])} for name in PARTS}
    make_topics(own_broker)
    fed = codetrail("--workspace", root / "shop", "simulate", "--to", "kafka", "--bootstrap-servers",
                    own_broker.bootstrap_servers, "--orders", ORDERS, "--faults", "hostile")  # fmt: skip
    assert fed.code == 0, fed.err
    stack = Stack(root, replaced, ports)
    with ExitStack() as undo:
        undo.callback(lambda: [kill_tree(one) for one in stack.processes.values()])
        for name in PARTS:
            settings = environment(name, replaced[name]) | {"CODETRAIL_PRISM_LOCATION": prism}
            stack.start(name, [str(COMMAND), *command(name, replaced[name])], settings)
            if name == "stream":
                wait_until(lambda: stack.is_healthy("stream"), "the stream is well")
                wait_until(lambda: has_attributed(root / "shop", ORDERS), "the orders are attributed")
        stack.start("prometheus", prometheus_command(root, ports, places), {})
        yield stack


def has_attributed(shop: Path, orders: int) -> bool:
    lake = Lake(shop / "lake")
    return lake.exists("order_attributions") and lake.read("order_attributions", ["order_id"]).n_unique() >= orders


def make_topics(broker) -> None:
    """As the one container does that ends, with the tool behind its script."""
    broker.reset()
    with broker.admin() as admin:
        admin.delete_topics(list(admin.list_topics()))
        wait_until(lambda: not admin.list_topics(), "the topics are gone")
    tool = f"java -XX:TieredStopAtLevel=1 -cp '{KAFKA / 'libs'}/*' org.apache.kafka.tools.TopicCommand"
    words = [
        with_replaced(word, {"/opt/kafka/bin/kafka-topics.sh": tool, "kafka:9092": broker.bootstrap_servers})
        for word in SERVICES["topics"]["command"]
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def prometheus_command(root: Path, ports: dict[str, int], places: dict[str, str]) -> list[str]:
    """Compose's own, over a copy of its files that names these ports."""
    folder = root / "prometheus"
    folder.mkdir()
    targets = {"stream:9108": "stream", "warehouse:9108": "warehouse", "page:8050": "page"}
    here = places | {target: f"127.0.0.1:{ports[name]}" for target, name in targets.items()}
    for file in PROMETHEUS.glob("*.yml"):
        (folder / file.name).write_text(with_replaced(file.read_text(), here))
    moved = {"/etc/prometheus": str(folder), "=/prometheus": f"={root / 'measured'}"}
    words = [with_replaced(word, moved) for word in SERVICES["prometheus"]["command"]]
    return [str(PROGRAM), *words, f"--web.listen-address=127.0.0.1:{ports['prometheus']}"]


def kill_tree(process: psutil.Popen) -> None:
    if process.poll() is None:
        for one in [*process.children(recursive=True), process]:
            one.kill()
        process.wait()


def test_every_part_is_well_by_its_own_health_check_and_prometheus_finds_it(stack):
    for name in PARTS:
        wait_until(lambda name=name: stack.is_healthy(name), f"{name} is well")
    wait_until(
        lambda: (
            {one["labels"]["job"] for one in stack.asked("targets")["activeTargets"] if one["health"] == "up"}
            == set(PARTS)
        ),
        "Prometheus finds all three",
    )
    assert len(stack.asked("rules")["groups"][0]["rules"]) == 12


def test_the_orders_are_published_and_the_page_answers_to_whoever_has_the_token(stack):
    def published() -> int:
        assert stack.processes["warehouse"].poll() is None, stack.said("warehouse")
        return current_version(stack.root / "shop")[1].orders if (stack.root / "shop" / "published").exists() else 0

    wait_until(lambda: (stack.root / "shop" / "published" / "current").exists(), "the tables are published")
    assert published() == ORDERS
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["page"], timeout=30)
    for host, token, status in (("page:8050", TOKEN, 200), ("page:8050", "", 401), ("elsewhere", TOKEN, 421)):
        connection.request("GET", "/api/openapi.json", headers={"Host": host, "Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status


def test_every_query_of_the_dashboard_and_the_alerts_names_what_is_measured(stack):
    exposed = stack.exposed()
    named = {name for one in expressions() for name in re.findall(r"\b(?:codetrail|process)_\w+", one)}
    assert len(named) > 15
    assert named - exposed == set()
    counted_later = re.compile("failures|failure_timestamp")
    for expression in expressions():
        is_condition = re.search(r"(==|<|>) [\d.]+$", expression)
        query = expression[: is_condition.start()] if is_condition else expression
        if not counted_later.search(query):
            wait_until(lambda query=query: stack.asked("query", query=query)["result"], query, 30)


def test_every_part_ends_cleanly_when_it_is_told_to(stack):
    codes = {}
    for name in (*PARTS[::-1], "prometheus"):
        stack.processes[name].terminate()
        codes[name] = stack.processes[name].wait(60)
    assert codes == dict.fromkeys(codes, 0), {name: stack.said(name)[-500:] for name in codes}
