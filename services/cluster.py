"""A real Flink cluster as processes of this machine, with Beam's job server and a pool of Python workers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Self

from pipelines.failures import EngineFailed
from pipelines.stores.flink_rest import FlinkRest, speaks_grpc
from services.broker import _free_ports
from services.enclosed import HOST, CannotEnclose, Enclosure
from services.provision import FLINK, ROOT

TEMPLATE = ROOT / "services" / "flink" / "config.yaml"
LOG = ROOT / "services" / "flink" / "log4j.properties"
TASK_MANAGERS = 2
PARTS = ("jobmanager", *(f"taskmanager-{number}" for number in range(TASK_MANAGERS)), "worker-pool", "job-server")
_START_SECONDS = 90.0
_POLL_SECONDS = 0.1
_PACKAGES = ("lang", "util", "nio", "net", "io", "lang.reflect", "text", "util.concurrent", "util.concurrent.atomic")
_OPENS = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (*(f"java.{name}" for name in (*_PACKAGES, "util.concurrent.locks")), "sun.nio.ch")
)
# Quick to start rather than quick for long: one compiler, one collector thread.
_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true", *_OPENS)
_JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
_JOB_SERVER = "org.apache.beam.runners.flink.FlinkJobServerDriver"
_WORKER_POOL = "apache_beam.runners.worker.worker_pool_main"


class ClusterFailure(Exception):
    """A part that did not start; the message ends with its log."""


class FlinkCluster:
    """A JobManager, TaskManagers, a job server and a worker pool, with their logs and checkpoints below `folder`.

    Each is a process that can be killed and started again, by its name: `jobmanager`, `taskmanager-0`, `job-server`,
    `worker-pool`. `is_enclosed`: nobody but this machine reaches the job server, which listens on every interface.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._rpc, self._rest, self._blob, self._job, self._artifacts, self._expansion, self._pool = _free_ports(7)
        self._enclosure = _enclosure((self._job, self._artifacts), self._rest)

    @classmethod
    def start(cls, folder: Path) -> Self:
        """All parts, ready for a job. Raises ClusterFailure; then no process is left."""
        if shutil.which("java") is None or not FLINK.is_dir():
            raise ClusterFailure("there is no Java or no Flink here: `make services-flink` says what to install")
        folder.mkdir(parents=True, exist_ok=True)
        cluster = cls(folder)
        with ExitStack() as undo:
            undo.callback(cluster.stop)
            cluster._write_configuration()
            for name in PARTS:
                cluster.start_part(name)
            cluster.wait_until_ready()
            undo.pop_all()
        return cluster

    @property
    def master(self) -> str:
        """What `--flink-master` is given."""
        return f"{HOST}:{self._rest}"

    @property
    def job_endpoint(self) -> str:
        return f"{HOST}:{self._job}"

    @property
    def worker_pool(self) -> str:
        return f"{HOST}:{self._pool}"

    @property
    def checkpoints(self) -> str:
        """What `--checkpoint-dir` is given."""
        return (self.folder / "checkpoints").absolute().as_uri()

    @property
    def is_enclosed(self) -> bool:
        return self._enclosure is not None

    def start_part(self, name: str) -> None:
        """Starts it; it may not be ready yet."""
        start = subprocess.Popen if name != "job-server" or self._enclosure is None else self._enclosure.start
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the pool starts workers as `python`
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = start(
                self._command(name),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, "PATH": path},
                start_new_session=True,  # an interrupt from the keyboard is not for it, and a kill is for its children
            )

    def kill_part(self, name: str) -> None:
        """SIGKILL, also to what it has started."""
        process = self.processes[name]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_until_ready(self) -> None:
        """Until every TaskManager has registered, and the job server and the pool answer."""
        self._await(lambda: self._task_managers() == TASK_MANAGERS, f"{TASK_MANAGERS} TaskManagers have registered")
        for name, endpoint in (("job server", self.job_endpoint), ("worker pool", self.worker_pool)):
            self._await(partial(speaks_grpc, endpoint, _POLL_SECONDS), f"the {name} answers")

    def stop(self) -> None:
        """Leaves no process."""
        for name in self.processes:
            self.kill_part(name)
        if self._enclosure is not None:
            self._enclosure.close()

    def _write_configuration(self) -> None:
        conf = self.folder / "conf"
        conf.mkdir(exist_ok=True)
        own = {
            "jobmanager.rpc.port": self._rpc,
            "rest.port": self._rest,
            "blob.server.port": self._blob,
            "state.checkpoints.dir": self.checkpoints,
            "io.tmp.dirs": self.folder / "tmp",
        }
        lines = "".join(f"{name}: {value}\n" for name, value in own.items())
        (conf / TEMPLATE.name).write_text(TEMPLATE.read_text(encoding="utf-8") + lines, encoding="utf-8")

    def _command(self, name: str) -> list[str]:
        conf = ["--configDir", str(self.folder / "conf")]
        flink = [f"-Dlog4j.configurationFile={LOG}", "-cp", f"{FLINK / 'lib'}{os.sep}*"]
        if name == "jobmanager":
            return [*_JAVA, "-Xmx768m", *flink, _JOB_MANAGER, *conf, "--executionMode", "cluster"]
        if name.startswith("taskmanager"):
            memory = ["-Xmx768m", "-XX:MaxDirectMemorySize=256m", "-XX:MaxMetaspaceSize=384m"]
            return [*_JAVA, *memory, *flink, _TASK_MANAGER, *conf]
        if name == "worker-pool":
            return [sys.executable, "-m", _WORKER_POOL, f"--service_port={self._pool}"]
        ports = ("job", self._job), ("artifact", self._artifacts), ("expansion", self._expansion)
        return [
            *(*_JAVA, "-Xmx768m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
            *("-cp", f"{FLINK / 'job-server'}{os.sep}*", _JOB_SERVER, "--flink-master", self.master),
            *("--job-host", HOST, *(word for kind, port in ports for word in (f"--{kind}-port", str(port)))),
            *("--artifacts-dir", str(self.folder / "artifacts")),
        ]

    def _await(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _START_SECONDS
        while not holds():
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead or time.monotonic() > until:
                said = "\n".join(f"{name}: {self._last_words(name)}" for name in dead or self.processes)
                raise ClusterFailure(f"not so in {_START_SECONDS:.0f} s: {what}\n{said}")
            time.sleep(_POLL_SECONDS)

    def _task_managers(self) -> int:
        try:
            return FlinkRest(self.master).task_managers()
        except EngineFailed:
            return 0

    def _last_words(self, name: str) -> str:
        lines = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-12:])


def _enclosure(ports_in: Sequence[int], port_out: int) -> Enclosure | None:
    """For a job server behind these ports that knows a cluster behind that one; None if this user may make none."""
    try:
        enclosure = Enclosure()
    except CannotEnclose:
        return None
    for port in ports_in:
        enclosure.lead_in(port)
    enclosure.lead_out(port_out)
    return enclosure
