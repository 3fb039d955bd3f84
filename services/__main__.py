"""The verbs behind `make services`, `browser` and `services-…`, `flink-…`: get programs, run a broker or a cluster.

python -m services provision|browser|prometheus|start|stop|flink|flink-start|flink-stop
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from pipelines.stores.prism import SERVICES
from services import keep
from services.broker import Broker, BrokerFailure, archive_classes
from services.cluster import ClusterFailure
from services.provision import (
    NotProvisioned,
    provision_chromium,
    provision_flink,
    provision_kafka,
    provision_prism,
    provision_prometheus,
)

RUN = SERVICES / "run"
PORT = 9092
_STOP_SECONDS = 30.0


def start(folder: Path = RUN, port: int = PORT) -> str:
    """The address of the broker in `folder`, which goes on when this process ends; one that runs is left alone."""
    if not is_running(folder):
        provision_kafka()
        Broker.start(folder, port=port)
    return f"127.0.0.1:{port}"


def stop(folder: Path = RUN) -> bool:
    """Stops the broker in `folder` by its process id, and kills it if it does not; false if none runs."""
    if not is_running(folder):
        return False
    pid = int((folder / "pid").read_text())
    for how in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, how)
        until = time.monotonic() + _STOP_SECONDS
        while is_running(folder) and time.monotonic() < until:
            time.sleep(0.1)
    return True


def is_running(folder: Path) -> bool:
    """Whether a broker holds the lock of its data: unlike a process id, a lock is never another process's."""
    lock = folder / "data" / ".lock"
    if not lock.exists():
        return False
    with lock.open("r+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def main(verb: str) -> None:
    if verb == "provision":
        provision_kafka()
        archive_classes()
        provision_prism()
    elif verb == "browser":
        provision_chromium()
    elif verb == "prometheus":
        provision_prometheus()
    elif verb == "start":
        sys.stdout.write(f"Kafka is at {start()}; its data and log are in {RUN}\n")
    elif verb == "stop":
        sys.stdout.write("Kafka is stopped\n" if stop() else "no Kafka was running\n")
    elif verb == "flink":
        provision_flink()
    elif verb == "flink-start":
        provision_flink()
        sys.stdout.write(keep.start())
    else:
        sys.stdout.write("Flink is stopped\n" if keep.stop() else "no Flink was running\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (NotProvisioned, BrokerFailure, ClusterFailure) as failure:
        sys.exit(f"services: {failure}")
