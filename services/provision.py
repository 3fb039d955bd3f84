"""Whether the jars of Kafka and Flink, Prism, Prometheus and a link to Chromium are in `.services`: gets them, once."""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pipelines.stores.prism import MODULE, SERVICES

ROOT = Path(__file__).resolve().parents[1]
KAFKA = SERVICES / "kafka"
FLINK = SERVICES / "flink-1.19.3"
CHROMIUM = SERVICES / "chromium"
PROMETHEUS = SERVICES / "prometheus"
CHROMIUM_LOCATION = "CODETRAIL_CHROMIUM"
_POM = ROOT / "services" / "kafka" / "pom.xml"
_OF_FLINK = (ROOT / "services" / "flink" / "requirements.txt", ROOT / "services" / "flink" / "pom.xml")
_LAST_LINES = 15
_CHROMIUM_NAMES = ("chromium", "google-chrome")
_PROMETHEUS_NAMES = ("prometheus", "promtool")
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
        if not _is_made_from((_POM,), kafka):
            _need("java", "mvn")
            fresh = _emptied(services / "kafka.partial")
            _copy_jars(_POM, fresh / "libs", "Kafka's jars")
            _put_in_place(fresh, kafka, (_POM,))
    return kafka / "libs"


def provision_flink(services: Path = SERVICES) -> Path:
    """The folder with Flink's jars in `lib` and those of Beam's job server for it in `job-server`, whole or not at all.

    Their versions and hashes stand in services/flink. Raises NotProvisioned.
    """
    flink = services / FLINK.name
    package, pom = _OF_FLINK
    with _alone(services):
        if not _is_made_from(_OF_FLINK, flink):
            _need("java", "mvn")
            fresh = _emptied(services / f"{FLINK.name}.partial")
            download = ["download", "-q", "--no-deps", "--no-binary", ":all:", "--require-hashes", "-r", str(package)]
            _run([sys.executable, "-m", "pip", *download, "-d", str(fresh)], "Flink's jars")
            (archive,) = fresh.glob("*.tar.gz")
            _unpack_jars(archive, fresh / "lib")
            archive.unlink()
            _copy_jars(pom, fresh / "job-server", "the jars of Beam's job server")
            _put_in_place(fresh, flink, _OF_FLINK)
    return flink


def _unpack_jars(archive: Path, folder: Path) -> None:
    """The jars of Flink's own class path; what it needs for Python, and for SQL by itself, is left out."""
    folder.mkdir()
    with tarfile.open(archive) as packed:
        for member in packed:
            where = Path(member.name)
            if where.match("deps/lib/*.jar") and (jar := packed.extractfile(member)) is not None:
                with jar, (folder / where.name).open("wb") as file:
                    shutil.copyfileobj(jar, file)


def _is_made_from(recipes: Sequence[Path], folder: Path) -> bool:
    copies = [(folder / recipe.name, recipe) for recipe in recipes]
    return all(copy.is_file() and copy.read_bytes() == recipe.read_bytes() for copy, recipe in copies)


def _put_in_place(fresh: Path, folder: Path, recipes: Sequence[Path]) -> None:
    for recipe in recipes:
        shutil.copy(recipe, fresh / recipe.name)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _copy_jars(pom: Path, folder: Path, what: str) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    _run(["mvn", "-q", "-B", "-f", str(pom), *goal], what)


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


def provision_prometheus(services: Path = SERVICES) -> Path:
    """A folder in `services` with `prometheus` and `promtool`: links to those on PATH, else those of Debian's package.

    The package is unpacked there and not installed. Raises NotProvisioned.
    """
    folder = services / PROMETHEUS.name
    with _alone(services):
        if not all(os.access(folder / name, os.X_OK) for name in _PROMETHEUS_NAMES):
            fresh = _emptied(services / f"{PROMETHEUS.name}.partial")
            found = {name: shutil.which(name) for name in _PROMETHEUS_NAMES}
            for name, program in found.items():
                (fresh / name).symlink_to(program or _unpacked_prometheus(fresh) / name)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
    return folder


def _unpacked_prometheus(folder: Path) -> Path:
    """Where Debian's programs are, from a link in `folder`."""
    packages = folder / "package"
    if not packages.exists():
        if shutil.which("apt-get") is None:
            raise NotProvisioned("not on PATH: prometheus, promtool. Install Prometheus, then repeat.")
        packages.mkdir()
        if os.geteuid() == 0:
            _run(["apt-get", "update"], "Prometheus")
        _run(["apt-get", "download", "prometheus"], "Prometheus", folder=packages)
        (package,) = packages.glob("*.deb")
        _run(["dpkg-deb", "--extract", str(package), str(packages)], "Prometheus")
        package.unlink()
    return Path("package") / "usr" / "bin"


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


def _run(command: list[str], what: str, environment: dict[str, str] | None = None, folder: Path | None = None) -> None:
    sys.stderr.write(f"{what}: {' '.join(command)}\n")
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        step = "It needs the network, or the mirror that this machine's settings name. Then repeat."
        raise NotProvisioned(f"{what} could not be had: {command[0]} ended with {done.returncode}. {step}\n{said}")
