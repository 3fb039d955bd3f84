"""A real Kafka broker as a process of this machine: one KRaft node that can be stopped, killed and frozen."""

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Self

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError

from pipelines.stores.tables import LANDING
from services.listeners import HOST, Listener, Security
from services.provision import KAFKA, ROOT

TOPICS = tuple(LANDING)
PARTITIONS = 2
TEMPLATE = ROOT / "services" / "kafka" / "server.properties"
# Below the ports that systems give to outgoing connections: one of those could take a stopped broker's port.
_PORTS = range(20_000, 32_000)
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.05
# Quick to start rather than quick for long: one compiler, one collector thread.
_JAVA = ("java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true")
_CLASSES = KAFKA / "classes.jsa"
_JAVA_LOG = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")


class BrokerFailure(Exception):
    """A broker that could not be started or did not do what it was asked; the message ends with its log."""


class Broker:
    """One broker with its data, settings and log below `folder`, on the same ports as long as it lives."""

    def __init__(self, folder: Path, listener: Listener) -> None:
        self.folder = folder
        self.listener = listener
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        security: Security = "PLAINTEXT",
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> Self:
        """A broker that takes requests, on a free port unless one is named.

        `settings` are added to those of services/kafka/server.properties, `options` are Java's. A folder that has a
        broker's data keeps it, and its users' passwords: a secured broker wants a new folder.
        Raises BrokerFailure if the named port is taken or the broker is not up in a minute; then no process is left.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if port is not None and not _is_free(port):
            raise BrokerFailure(f"port {port} is taken: stop what listens there, then repeat")
        own, controller = _free_ports(2)
        broker = cls(folder, Listener(port or own, security, folder))
        if security == "SASL_SSL":
            broker.listener.make_certificate()
        broker._write_properties(controller, settings or {})
        broker._format()
        broker.restart(*options)
        return broker

    @property
    def bootstrap_servers(self) -> str:
        return self.listener.address

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def client_settings(self, mechanism: str = "PLAIN") -> dict[str, Any]:
        """What a client of kafka-python is made with, `bootstrap_servers` among it."""
        return self.listener.client_settings(mechanism)

    def restart(self, *options: str) -> None:
        """Starts it again on its data and ports, after an orderly stop if it runs; `options` are Java's."""
        self.stop()
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*java(), *options, "kafka.Kafka", str(self._properties)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt from the keyboard is not for it
            )
        with ExitStack() as undo:
            undo.callback(self.kill)
            (self.folder / "pid").write_text(str(self.pid))
            self._wait_until_ready()
            undo.pop_all()

    def stop(self) -> None:
        """SIGTERM: it closes its logs; nothing happens if it does not run."""
        if not self.is_running:
            return
        self.resume()
        self._running().terminate()
        try:
            self._running().wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: what it had not yet written is left to its recovery."""
        self._running().kill()
        self._running().wait()

    def suspend(self) -> None:
        """SIGSTOP: its connections stay open and nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._running().send_signal(signal.SIGCONT)

    def create_topic(self, name: str, partitions: int = PARTITIONS, config: Mapping[str, str] | None = None) -> None:
        """Returns when every partition has a leader."""
        with self.admin() as admin:
            topic = {name: {"num_partitions": partitions, "configs": dict(config or {})}}
            admin.create_topics(topic, wait_for_metadata=True)

    def delete_topic(self, name: str) -> None:
        with self.admin() as admin:
            admin.delete_topics([name])
            self._await(lambda: name not in admin.list_topics(), f"topic {name} is still there")

    def add_partitions(self, name: str, total: int) -> None:
        """Grows the topic to `total` partitions; returns when each of them has a leader."""
        with self.admin() as admin:
            admin.create_partitions({name: total})
            self._await(lambda: _led_partitions(admin, name) == total, f"topic {name} has not grown to {total}")

    def delete_records(self, topic: str, partition: int, before_offset: int) -> None:
        """Makes `before_offset` the partition's first offset, as if retention had passed; a kill may undo it."""
        with self.admin() as admin:
            admin.delete_records({TopicPartition(topic, partition): before_offset})

    def reset(self, partitions: int = PARTITIONS) -> None:
        """Codetrail's topics, empty, and no others; a broker that was killed is started again."""
        if not self.is_running:
            self.restart()
        with self.admin() as admin:
            old = [name for name in admin.list_topics() if not name.startswith("__")]
            if old:
                admin.delete_topics(old)
                self._await(lambda: not set(old) & set(admin.list_topics()), f"topics are still there: {old}")
            admin.create_topics({name: {"num_partitions": partitions} for name in TOPICS}, wait_for_metadata=True)

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """A new client each time: one of before would still be waiting for a broker that was killed."""
        client = KafkaAdminClient(**self.client_settings())
        try:
            yield client
        finally:
            client.close()

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise BrokerFailure(f"the broker in {self.folder} was never started")
        return self._process

    def _write_properties(self, controller: int, settings: Mapping[str, str]) -> None:
        own = {
            "listeners": f"{self.listener.security}://{self.listener.address},CONTROLLER://{HOST}:{controller}",
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "log.dirs": str(self._data),
            **self.listener.properties(),
            **settings,
        }
        lines = "".join(f"{name}={value}\n" for name, value in own.items())  # of equal names the last counts
        self._properties.write_text(TEMPLATE.read_text(encoding="utf-8") + lines, encoding="utf-8")
        self._properties.chmod(0o600)

    def _format(self) -> None:
        """Gives new storage its identity; storage that has one is left as it is."""
        if (self._data / "meta.properties").exists():
            return
        users = [word for one in self.listener.scram_credentials() for word in ("--add-scram", one)]
        identity = f"--cluster-id={secrets.token_urlsafe(16)}"
        tool = ["kafka.tools.StorageTool", "format", identity, "-c", str(self._properties)]
        done = subprocess.run([*java(), *tool, *users], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokerFailure(f"the storage in {self._data} could not be formatted:\n{done.stdout}{done.stderr}")

    def _wait_until_ready(self) -> None:
        def answers() -> bool:
            if not self.is_running:
                raise BrokerFailure(f"the broker in {self.folder} ended at once:\n{self._last_words()}")
            with socket.socket() as probe:
                return probe.connect_ex((HOST, self.listener.port)) == 0

        self._await(answers, f"the broker at {self.bootstrap_servers} does not answer", _START_SECONDS)
        try:
            with self.admin() as admin:
                self._await(lambda: bool(admin.describe_cluster()["brokers"]), "the broker is not registered")
        except KafkaError as error:
            raise BrokerFailure(f"the broker at {self.bootstrap_servers}: {error!r}\n{self._last_words()}") from error

    def _await(self, holds: Callable[[], bool], otherwise: str, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                raise BrokerFailure(f"{otherwise} after {seconds:.0f} s:\n{self._last_words()}")
            time.sleep(_POLL_SECONDS)

    def _last_words(self) -> str:
        lines = (self.folder / "broker.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-20:])


def archive_classes() -> None:
    """Writes what Java loads and verifies for a broker beside its jars, once: the next ones start in half the time.

    Another Java than the one that wrote it passes it by. Raises BrokerFailure if no broker can be started.
    """
    if _CLASSES.is_file():
        return
    partial = _CLASSES.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="codetrail-broker-") as folder:
        Broker.start(Path(folder), options=[f"-XX:ArchiveClassesAtExit={partial}"]).stop()
    if partial.is_file():  # none where it had to be killed
        partial.replace(_CLASSES)


def _free_ports(count: int) -> list[int]:
    return list(islice((port for port in random.sample(_PORTS, len(_PORTS)) if _is_free(port)), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def java() -> list[str]:
    """Java with Kafka's classes, for a main class and its arguments to follow; raises BrokerFailure without either."""
    if shutil.which("java") is None or not KAFKA.is_dir():
        raise BrokerFailure("there is no Java or no Kafka here: `make services` says what to install")
    known = [f"-XX:SharedArchiveFile={_CLASSES}"] if _CLASSES.is_file() else []
    return [*_JAVA, *known, *_JAVA_LOG, "-cp", f"{KAFKA / 'libs'}{os.sep}*"]


def _led_partitions(admin: KafkaAdminClient, name: str) -> int:
    (topic,) = admin.describe_topics([name])
    return sum(1 for partition in topic["partitions"] if partition["leader_id"] >= 0)
