"""Whether Kafka's jars and Prism's binary are in `.services/`: fetches what is missing, once.

python -m services.provision
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ROOT / ".services"
KAFKA = SERVICES / "kafka"
PRISM = SERVICES / "prism"
_POM = ROOT / "services" / "kafka" / "pom.xml"
_PRISM_MODULE = "github.com/apache/beam/sdks/v2/go/cmd/prism"
_LAST_LINES = 15
_TO_INSTALL = {
    "java": "a JDK 17 or later (openjdk-17-jdk-headless)",
    "mvn": "Maven 3.8 or later (maven)",
    "go": "Go (golang)",
}


class NotProvisioned(Exception):
    """What could not be had, and what to do next."""


def provision_kafka() -> Path:
    """The folder of the jars that services/kafka/pom.xml names.

    The folder is put in place whole, so a killed attempt leaves nothing that looks finished; another pom replaces it.
    """
    with _alone():
        pom = KAFKA / "pom.xml"
        if not pom.is_file() or pom.read_bytes() != _POM.read_bytes():
            _need("java", "mvn")
            fresh = _emptied(SERVICES / "kafka.partial")
            goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fresh / 'libs'}"]
            _run(["mvn", "-q", "-B", "-f", str(_POM), *goal], "Kafka's jars")
            shutil.copy(_POM, fresh / "pom.xml")
            shutil.rmtree(KAFKA, ignore_errors=True)
            fresh.rename(KAFKA)
    return KAFKA / "libs"


def provision_prism() -> Path:
    """Prism's binary, built at the version of the installed Beam, which alone is known to fit it."""
    wanted = "v" + version("apache-beam")
    stamp = SERVICES / "prism.version"
    with _alone():
        if not PRISM.is_file() or not stamp.is_file() or stamp.read_text() != wanted:
            _need("go")
            fresh = _emptied(SERVICES / "prism.partial")
            _run(["go", "install", f"{_PRISM_MODULE}@{wanted}"], f"Prism {wanted}", {"GOBIN": str(fresh)})
            stamp.unlink(missing_ok=True)
            (fresh / "prism").replace(PRISM)
            fresh.rmdir()
            stamp.write_text(wanted)
    return PRISM


@contextmanager
def _alone() -> Iterator[None]:
    """Two provisionings of one folder wait for each other; the lock ends with its process, however that ends."""
    SERVICES.mkdir(exist_ok=True)
    with (SERVICES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _need(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        steps = "; ".join(f"`{program}` comes with {_TO_INSTALL[program]}" for program in missing)
        raise NotProvisioned(f"not on PATH: {', '.join(missing)}. Install and repeat: {steps}.")


def _run(command: list[str], what: str, environment: dict[str, str] | None = None) -> None:
    sys.stderr.write(f"{what}: {' '.join(command)}\n")
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        step = "It needs the network, or the mirror that this machine's settings name. Then repeat."
        raise NotProvisioned(f"{what} could not be had: {command[0]} ended with {done.returncode}. {step}\n{said}")


if __name__ == "__main__":
    try:
        provision_kafka()
        provision_prism()
    except NotProvisioned as failure:
        sys.exit(f"make services: {failure}")
