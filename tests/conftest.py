"""What every test stands on: a home of its own, no skips in CI, the command line, and workspaces for all to read."""

import fcntl
import gc
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipelines.garbage import CONTAINERS
from pipelines.stores.prism import SERVICES, find_prism
from services.broker import Broker
from services.provision import KAFKA

ROOT = Path(__file__).resolve().parents[1]
COMMAND = Path(sys.executable).with_name("codetrail")
MAY_BE_ABSENT = "shared"  # a skip for want of the shared real input, which is no part of a clone
_config_home = tempfile.TemporaryDirectory(prefix="codetrail-tests-")

# No deadline, for the machine may be busy; a failure prints how to repeat it.
settings.register_profile(
    "codetrail", max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("codetrail")


def pytest_configure(config):
    """The user's hash key and settings are not read or written; all of pytest's processes share one key."""
    gc.set_threshold(CONTAINERS)  # as the command itself, whose libraries stay in memory from test to test
    for name in [name for name in os.environ if name.startswith(("CODETRAIL_", "OPENLINEAGE_"))]:
        del os.environ[name]
    os.environ["XDG_CONFIG_HOME"] = _config_home.name
    key = Path(_config_home.name) / "codetrail" / "hash.key"
    key.parent.mkdir(exist_ok=True)
    key.touch(mode=0o600)
    key.write_bytes(b"one key for all of a test session, and no secret")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The files of each folder lie evenly among all others: of those that run at once, some wait while some reckon.

    In the order of their names, all that start processes would run beside each other, and all that want one workspace.
    """
    of_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in dict.fromkeys(item.path for item in items):
        of_folder[file.parent].append(file)
    place = {file: (number + 0.5) / len(files) for files in of_folder.values() for number, file in enumerate(files)}
    items.sort(key=lambda item: (place[item.path], item.path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _no_skip_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _no_skip_in_ci((yield))


def _no_skip_in_ci(report):
    """In CI what did not run did not pass."""
    if os.environ.get("CI") == "true" and report.skipped:
        path, line, reason = report.longrepr
        if MAY_BE_ABSENT not in reason:
            report.outcome = "failed"
            report.longrepr = f"{path}:{line}: skipped, and in CI nothing may be: {reason}"
    return report


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def run_codetrail(*arguments, env=None, cwd=None) -> Ended:
    """Runs the installed command as a user does, in a process with pipes for its output."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def codetrail():
    """The command line: `codetrail("--workspace", folder, "run")` → Ended."""
    return run_codetrail


@pytest.fixture
def codetrail_here(capfd, monkeypatch):
    """The command line within this process, for the many commands that end at once: starting one costs a second."""
    from pipelines.cli import main

    on_interrupt = signal.getsignal(signal.SIGINT)

    def run(*arguments) -> Ended:
        monkeypatch.setattr(sys, "argv", ["codetrail", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        signal.signal(signal.SIGINT, on_interrupt)
        return Ended(ended.value.code, *capfd.readouterr())

    return run


@dataclass(frozen=True)
class Made:
    """A workspace, and how the command ended that made it."""

    root: Path
    ended: Ended


def made_once(tmp_path_factory, name: str, make: Callable[[Path], Ended]) -> tuple[Path, Ended]:
    """A folder that `make` fills, and how it ended: by whichever of pytest's processes asks first, for all of them."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    said = folder.with_suffix(".json")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            ended = make(folder)
            assert ended.code == 0, ended.err
            said.write_text(json.dumps(asdict(ended)), encoding="utf-8")
    return folder, Ended(**json.loads(said.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Made:
    """The demo as `make demo` runs it, once; tests only read it."""
    folder, ended = made_once(
        tmp_path_factory, "of-the-demo", lambda folder: run_codetrail("--workspace", folder / "demo", "demo")
    )
    return Made(folder / "demo", ended)


@pytest.fixture(scope="session")
def new_broker(tmp_path_factory):
    """Starts a broker of the caller's own, to be killed at will: `new_broker(security="SASL_SSL")` → Broker."""
    if shutil.which("java") is None or not KAFKA.is_dir():
        pytest.skip("NO BROKER HERE, so nothing about Kafka was tested: `make services` gets one")
    started: list[Broker] = []

    def start(**options) -> Broker:
        started.append(Broker.start(tmp_path_factory.mktemp("broker"), **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def broker(new_broker) -> Broker:
    """The broker that all tests share, started for the first that asks; `broker.reset()` empties it."""
    return new_broker()


@pytest.fixture(scope="session")
def prism() -> str:
    """The path of Prism's binary."""
    found = find_prism(os.environ, shutil.which, SERVICES)
    if found is None:
        pytest.skip("NO PRISM HERE, so no endless stream was tested: `make services` gets it")
    return found


def sh_blocks() -> list[str]:
    """The README's commands, block by block."""
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="session")
def readme_shop(tmp_path_factory) -> Made:
    """The README's own workspace, made by its commands as they stand there; tests only read it."""
    folder, ended = made_once(tmp_path_factory, "of-the-readme", _run_readme)
    return Made(folder / "shop", ended)


def _run_readme(folder: Path) -> Ended:
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(COMMAND.parent)  # the README is read in a checkout
    done = subprocess.run(
        ["bash", "-eu"],
        input=sh_blocks()[1],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def shop(readme_shop, tmp_path) -> Path:
    """A copy of the README's workspace, with its lake and all, to do with as one likes."""
    return shutil.copytree(readme_shop.root, tmp_path / "shop", symlinks=True)


@pytest.fixture
def inputs(readme_shop, tmp_path) -> Path:
    """The README's workspace before its first run."""
    root = tmp_path / "shop"
    for name in ("reference", "topics"):
        shutil.copytree(readme_shop.root / name, root / name)
    shutil.copy(readme_shop.root / "codetrail.toml", root)
    return root


@pytest.fixture(scope="session")
def listing():
    """Every file below a folder with its bytes: equal before and after if nothing was written."""

    def listed(root: Path) -> dict[str, bytes | str]:
        files = sorted(root.rglob("*"))
        return {
            str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for path in files
            if path.is_symlink() or path.is_file()
        }

    return listed
