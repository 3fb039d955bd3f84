"""Whether Kafka's jars, Prism's binary and a link to Chromium are in `.services/`: gets what is missing, once."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pipelines.stores.prism import MODULE, SERVICES

ROOT = Path(__file__).resolve().parents[1]
KAFKA = SERVICES / "kafka"
CHROMIUM = SERVICES / "chromium"
CHROMIUM_LOCATION = "CODETRAIL_CHROMIUM"
_POM = ROOT / "services" / "kafka" / "pom.xml"
_LAST_LINES = 15
_CHROMIUM_NAMES = ("chromium", "google-chrome")
_CHROMIUM_PACKAGES = ("chromium", "fonts-dejavu-core")  # with the font, so that pictures look the same everywhere
_TO_INSTALL = {
    "java": "a JDK 17 or later (openjdk-17-jdk-headless)",
    "mvn": "Maven 3.8 or later (maven)",
    "go": "Go (golang)",
}


class NotProvisioned(Exception):
    """What could not be had, and what to do next."""


def provision_kafka(services: Path = SERVICES) -> Path:
    """The folder of the jars that services/kafka/pom.xml names, below `services`.

    It is put in place whole, so a killed attempt leaves nothing that looks finished; another pom replaces it.
    Raises NotProvisioned.
    """
    kafka = services / "kafka"
    with _alone(services):
        pom = kafka / "pom.xml"
        if not pom.is_file() or pom.read_bytes() != _POM.read_bytes():
            _need("java", "mvn")
            fresh = _emptied(services / "kafka.partial")
            goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fresh / 'libs'}"]
            _run(["mvn", "-q", "-B", "-f", str(_POM), *goal], "Kafka's jars")
            shutil.copy(_POM, fresh / "pom.xml")
            shutil.rmtree(kafka, ignore_errors=True)
            fresh.rename(kafka)
    return kafka / "libs"


def provision_prism(services: Path = SERVICES) -> Path:
    """Prism's binary, built at the version of the installed Beam, which alone is known to fit it.

    Raises NotProvisioned.
    """
    prism = services / "prism"
    wanted = "v" + version("apache-beam")
    stamp = services / "prism.version"
    with _alone(services):
        if not prism.is_file() or not stamp.is_file() or stamp.read_text() != wanted:
            _need("go")
            fresh = _emptied(services / "prism.partial")
            _run(["go", "install", f"{MODULE}@{wanted}"], f"Prism {wanted}", {"GOBIN": str(fresh)})
            stamp.unlink(missing_ok=True)
            (fresh / "prism").replace(prism)
            fresh.rmdir()
            stamp.write_text(wanted)
    return prism


def provision_chromium(services: Path = SERVICES) -> Path:
    """A link in `services` to the Chromium that CODETRAIL_CHROMIUM names, else to the one on PATH.

    Root on a Debian gets its package where there is none; nobody else's system is changed. Raises NotProvisioned.
    """
    link = services / "chromium"
    with _alone(services):
        found = _named_chromium() or _chromium_on_path() or _installed_chromium()
        link.unlink(missing_ok=True)
        link.symlink_to(found)
    return link


def _named_chromium() -> str | None:
    named = os.environ.get(CHROMIUM_LOCATION)
    if named and shutil.which(named) is None:
        step = "Name Chromium's program by its full path, or unset the variable."
        raise NotProvisioned(f"{CHROMIUM_LOCATION} names {named}, which cannot be run. {step}")
    return named and str(Path(named).absolute())


def _chromium_on_path() -> str | None:
    return next((found for found in map(shutil.which, _CHROMIUM_NAMES) if found), None)


def _installed_chromium() -> str:
    install = ["apt-get", "install", "-y", "--no-install-recommends", *_CHROMIUM_PACKAGES]
    if os.geteuid() or shutil.which("apt-get") is None:
        step = f"On a Debian, as root: `{' '.join(install)}`; elsewhere install it and name it in {CHROMIUM_LOCATION}."
        raise NotProvisioned(f"not on PATH: {' or '.join(_CHROMIUM_NAMES)}. {step} Then repeat.")
    for command in (["apt-get", "update"], install):
        _run(command, "Chromium", {"DEBIAN_FRONTEND": "noninteractive"})
    found = _chromium_on_path()
    if found is None:
        step = f"Name its program in {CHROMIUM_LOCATION} and repeat."
        raise NotProvisioned(f"the package is installed, and on PATH is no {' or '.join(_CHROMIUM_NAMES)}. {step}")
    return found


@contextmanager
def _alone(services: Path) -> Iterator[None]:
    """Two provisionings of one folder wait for each other; the lock ends with its process, however that ends."""
    services.mkdir(exist_ok=True)
    with (services / "lock").open("w") as lock:
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
