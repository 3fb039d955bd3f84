"""A Flink cluster that outlives who started it: one process keeps all its parts, and ends with them.

python -m services.keep FOLDER
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipelines.stores.prism import SERVICES
from services.cluster import ClusterFailure, FlinkCluster
from services.provision import ROOT

RUN = SERVICES / "run" / "flink"
UNPROTECTED = """
This user may not make a network of its own, so the job server, which runs whatever it is handed, listens on every
interface of this machine: keep others away with a firewall rule, or stop it with `make flink-stop`.
"""
_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1


def start(folder: Path = RUN) -> str:
    """How to use the cluster in `folder`, which is started unless it runs. Raises ClusterFailure."""
    said = folder / "said.txt"
    if not is_running(folder):
        folder.mkdir(parents=True, exist_ok=True)
        said.unlink(missing_ok=True)
        with (folder / "keep.log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "services.keep", str(folder)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                start_new_session=True,  # an interrupt from the keyboard is not for it
            )
        until = time.monotonic() + _START_SECONDS
        while not said.exists():
            if keeper.poll() is not None or time.monotonic() > until:
                raise ClusterFailure((folder / "keep.log").read_text(encoding="utf-8", errors="replace"))
            time.sleep(_POLL_SECONDS)
    return said.read_text(encoding="utf-8")


def stop(folder: Path = RUN) -> bool:
    """Stops the cluster in `folder` by its keeper's process id; false if none runs."""
    if not is_running(folder):
        return False
    os.kill(int((folder / "pid").read_text()), signal.SIGTERM)
    until = time.monotonic() + _STOP_SECONDS
    while is_running(folder) and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    return True


def is_running(folder: Path) -> bool:
    """Whether a keeper holds its lock: unlike a process id, a lock is never another process's."""
    if not (folder / "lock").exists():
        return False
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def keep(folder: Path) -> None:
    """Runs the cluster until SIGTERM."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        (folder / "pid").write_text(str(os.getpid()))
        cluster = FlinkCluster.start(folder)
        try:
            staged = folder / "said.partial"
            staged.write_text(_said(cluster), encoding="utf-8")
            staged.rename(folder / "said.txt")
            signal.pause()
        finally:
            cluster.stop()


def _said(cluster: FlinkCluster) -> str:
    options = (
        f"--flink-master {cluster.master} --job-endpoint {cluster.job_endpoint} --worker-pool {cluster.worker_pool}"
    )
    return (
        f"Flink is at http://{cluster.master}, its logs and checkpoints are in {cluster.folder}; give a run\n"
        f"  --engine flink {options} --checkpoint-dir {cluster.checkpoints}\n"
        f"{'' if cluster.is_enclosed else UNPROTECTED}"
    )


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
